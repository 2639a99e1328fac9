/* SPDX-License-Identifier: MIT */
/* A timer that signals: those of timer_create(), and the one of setitimer(). */
#ifndef POSIX_TIMER_INTERNAL_H
#define POSIX_TIMER_INTERNAL_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "core/compiler.h"
#include "core/mutex.h"
#include "core/timer.h"
#include "core/work.h"
#include "posix/interval.h"

struct signal_timer {
	struct timer timer;       /* runs while a signal is to come */
	struct work work;         /* posts it */
	struct interval interval; /* [L] */
	bool silent;              /* [I] SIGEV_NONE */
	pid_t tid;                /* [I] 0: the process */
	clockid_t clock;          /* [I] */
	int overrun;              /* [L] of the signal accepted last */
	siginfo_t info;           /* [I] what is posted */
};

/* Guards all of them: which there are, and fields marked [L]. */
extern struct mutex signal_timers_lock;

/* After the fields marked [I] are set. -EAGAIN: there is no worker. */
int signal_timer_init(struct signal_timer *timer) __must_check;

/* Nothing of it is under way any more. Context: the lock is not held. */
void signal_timer_end(struct signal_timer *timer);

/* From now on @new, what it was until now in *@old. The lock is held. */
void signal_timer_set(struct signal_timer *timer, const struct interval *new,
                      struct itimerspec *old);
void signal_timer_show(const struct signal_timer *timer,
                       struct itimerspec *now);

/* NULL: there is none. The lock is held. */
struct signal_timer *signal_timer_find(int id);

#endif /* POSIX_TIMER_INTERNAL_H */
