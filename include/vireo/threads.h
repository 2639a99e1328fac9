/* SPDX-License-Identifier: MIT */
/*
 * The threads of the image, for applications that show them: threads_visit(),
 * thread_run_ns() and what is at a struct thread; which locks were waited for.
 */
#ifndef VIREO_THREADS_H
#define VIREO_THREADS_H

#include "core/lock.h"
#include "core/mutex.h"
#include "core/thread.h"
#include "core/timer.h"

#endif /* VIREO_THREADS_H */
