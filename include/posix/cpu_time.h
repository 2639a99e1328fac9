/* SPDX-License-Identifier: MIT */
/*
 * CPU time: what threads ran, as the scheduler counts it. Context: any in which
 * tasks_lock may be taken. cost: the process' grows with its threads
 */
#ifndef POSIX_CPU_TIME_H
#define POSIX_CPU_TIME_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "core/thread.h"

uint64_t cpu_time_of_process_ns(void);

/*
 * Of CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID and what
 * clock_getcpuclockid() and pthread_getcpuclockid() make of numbers. False: it is
 * no such clock, or nobody has that number.
 */
bool cpu_time_of_clock_ns(clockid_t clock, uint64_t *ns_out);

/* A thread of the process ends; tasks_lock is held. */
void cpu_time_leave(const struct thread *thread);

#endif /* POSIX_CPU_TIME_H */
