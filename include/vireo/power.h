/* SPDX-License-Identifier: MIT */
/*
 * The end, for applications: power_off() with an exit status, panic() with a
 * message, registers and backtrace. exit() from <stdlib.h> does the first too,
 * after flushing.
 */
#ifndef VIREO_POWER_H
#define VIREO_POWER_H

#include "core/panic.h"
#include "core/power.h"

#endif /* VIREO_POWER_H */
