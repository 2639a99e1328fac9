/* SPDX-License-Identifier: MIT */
/*
 * Time and instructions for applications that measure: timer_now_ns(),
 * read_time() and read_instret(). What POSIX offers is in <time.h>.
 */
#ifndef VIREO_CLOCK_H
#define VIREO_CLOCK_H

#include "arch/csr.h"
#include "core/timer.h"

#endif /* VIREO_CLOCK_H */
