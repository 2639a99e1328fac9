/* SPDX-License-Identifier: MIT */
/*
 * From an expiry to a signal: the interrupt queues work, the worker posts. The
 * lock is not held while a work is waited for, because the work takes it.
 */
#include "posix/timer_signal.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "core/compiler.h"
#include "mm/kthread.h"
#include "timer_internal.h"

struct mutex signal_timers_lock = MUTEX_INIT("signal timers");

/*
 * What is posted to nobody is tried again no sooner than this: else an ignored
 * signal of a short interval would leave the worker no time for others.
 */
#define IGNORED_PAUSE_NS 1000000u

static void start_locked(struct signal_timer *timer, uint64_t earliest_ns)
{
	const uint64_t at_ns = timer->interval.at_ns;

	if (!timer->silent && at_ns != INTERVAL_OFF)
		timer_start(&timer->timer,
		            at_ns > earliest_ns ? at_ns : earliest_ns);
}

/* Count what has passed and begin the next interval. */
static void accept_locked(struct signal_timer *timer, uint64_t earliest_ns)
{
	uint64_t expiries;

	timer_stop(&timer->timer);
	expiries = interval_advance(&timer->interval, timer_now_ns());
	if (expiries > 0)
		timer->overrun =
			expiries - 1 < INT_MAX ? (int)(expiries - 1) : INT_MAX;
	start_locked(timer, earliest_ns);
}

/* An info of a timer that was deleted meanwhile finds none, or another one. */
static void accept(siginfo_t *info)
{
	const int id = info->si_code == SI_TIMER ? info->si_timerid : -1;
	struct signal_timer *timer;

	mutex_lock(&signal_timers_lock);
	timer = signal_timer_find(id);
	if (timer && timer->info.si_signo == info->si_signo) {
		accept_locked(timer, 0);
		if (info->si_code == SI_TIMER)
			info->si_overrun = timer->overrun;
	}
	mutex_unlock(&signal_timers_lock);
}

static void expire(struct timer *expired)
{
	work_queue(&container_of(expired, struct signal_timer, timer)->work);
}

/* It may have been set anew since: then there is nothing to post yet. */
static void post(struct work *work)
{
	struct signal_timer *timer =
		container_of(work, struct signal_timer, work);

	mutex_lock(&signal_timers_lock);
	if (timer->interval.at_ns <= timer_now_ns() &&
	    !signal_post(timer->tid, &timer->info))
		accept_locked(timer, timer_now_ns() + IGNORED_PAUSE_NS);
	mutex_unlock(&signal_timers_lock);
}

int signal_timer_init(struct signal_timer *timer)
{
	if (kthread_work_init() != 0)
		return -EAGAIN;
	timer->timer.function = expire;
	timer->work.function = post;
	timer->interval.at_ns = INTERVAL_OFF;
	timer_signal_accepted = accept;
	return 0;
}

void signal_timer_end(struct signal_timer *timer)
{
	/* From here on a work that is under way does not start it again. */
	mutex_lock(&signal_timers_lock);
	timer->interval.at_ns = INTERVAL_OFF;
	mutex_unlock(&signal_timers_lock);
	timer_stop(&timer->timer);
	work_flush();
}

void signal_timer_show(const struct signal_timer *timer, struct itimerspec *now)
{
	const uint64_t now_ns = timer_now_ns();
	struct interval interval = timer->interval;

	interval_advance(&interval, now_ns);
	interval_show(&interval, now_ns, now);
}

void signal_timer_set(struct signal_timer *timer, const struct interval *new,
                      struct itimerspec *old)
{
	timer_stop(&timer->timer);
	signal_timer_show(timer, old);
	timer->interval = *new;
	timer->overrun = 0;
	start_locked(timer, 0);
}
