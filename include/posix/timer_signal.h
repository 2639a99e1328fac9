/* SPDX-License-Identifier: MIT */
/*
 * What timers and signals tell each other: a timer posts a signal when it expires,
 * and begins its next interval when the signal is accepted. So a timer has one
 * signal at most under way, however short its interval is; what it misses
 * meanwhile is the overrun.
 */
#ifndef POSIX_TIMER_SIGNAL_H
#define POSIX_TIMER_SIGNAL_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * posix/signal_send.c: make @info pending, for the thread @tid or, when that is
 * 0, for the process. False: it is ignored or nobody is there, so it will
 * never be accepted. Context: threads, also the worker's.
 */
bool signal_post(pid_t tid, const siginfo_t *info);

/*
 * Called by the signals, when it is not NULL, with what a handler,
 * sigtimedwait() or a signalfd is about to be told: si_code SI_TIMER, or SIGALRM
 * with SI_KERNEL. Fills in si_overrun. Context: threads, no lock held.
 */
extern void (*timer_signal_accepted)(siginfo_t *info);

#endif /* POSIX_TIMER_SIGNAL_H */
