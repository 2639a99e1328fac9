/* SPDX-License-Identifier: MIT */
/*
 * timer_create() and its family, setitimer(). SIGEV_THREAD is the C library's: a
 * thread of it waits for a signal of SIGEV_THREAD_ID. The table of ids grows with
 * the timers and goes with the last one. The timer of setitimer() has the id -1,
 * which no call can name.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

#include "core/thread.h"
#include "core/user_access.h"
#include "mm/kmem.h"
#include "posix/clock.h"
#include "posix/syscalls.h"
#include "timer_internal.h"

#define TABLE_STEP 16u
#define SIGNALS    64
#define NS_PER_US  1000l

/* What the C library passes for struct sigevent. */
struct event {
	union sigval value;
	int signal;
	int notify;
	int tid;
};

static struct signal_timer **table; /* signal_timers_lock */
static unsigned int table_size;     /* likewise */
static unsigned int nr_timers;      /* likewise */

static struct signal_timer real_timer = {
	.clock = CLOCK_MONOTONIC,
	.interval.at_ns = INTERVAL_OFF,
	.info = { .si_signo = SIGALRM, .si_code = SI_KERNEL },
};

struct signal_timer *signal_timer_find(int id)
{
	if (id == -1)
		return &real_timer;
	return (unsigned int)id < table_size ? table[id] : NULL;
}

/* The id of an empty place, or -EAGAIN. */
static int find_place(void)
{
	struct signal_timer **larger;
	unsigned int id;

	for (id = 0; id < table_size; id++)
		if (!table[id])
			return (int)id;
	larger = krealloc(table, (table_size + TABLE_STEP) * sizeof(table[0]),
	                  GFP_KERNEL);
	if (!larger)
		return -EAGAIN;
	table = larger;
	for (; table_size < id + TABLE_STEP; table_size++)
		table[table_size] = NULL;
	return (int)id;
}

static int remember(struct signal_timer *timer)
{
	int id;

	mutex_lock(&signal_timers_lock);
	id = find_place();
	if (id >= 0) {
		table[id] = timer;
		nr_timers++;
	}
	mutex_unlock(&signal_timers_lock);
	return id;
}

/* NULL: there is none. */
static struct signal_timer *take(int id)
{
	struct signal_timer *timer = NULL;

	mutex_lock(&signal_timers_lock);
	if (id >= 0)
		timer = signal_timer_find(id);
	if (timer) {
		table[id] = NULL;
		nr_timers--;
	}
	if (nr_timers == 0) {
		kfree(table);
		table = NULL;
		table_size = 0;
	}
	mutex_unlock(&signal_timers_lock);
	return timer;
}

static bool event_is_sane(const struct event *event)
{
	switch (event->notify) {
	case SIGEV_NONE:
		return true;
	case SIGEV_SIGNAL:
		break;
	case SIGEV_THREAD_ID:
		if (event->tid <= 0 || !thread_find(event->tid))
			return false;
		break;
	default:
		return false;
	}
	return event->signal > 0 && event->signal <= SIGNALS;
}

static bool clock_can_wait(clockid_t clock)
{
	const struct timespec zero = { 0 };
	uint64_t unused;

	return clock_absolute_ns(clock, &zero, &unused) == 0;
}

/* With the memory at hand, put it into the table; frees it when that fails. */
static int make_timer(clockid_t clock, const struct event *event)
{
	struct signal_timer *timer = kzalloc(sizeof(*timer), GFP_KERNEL);
	int id;

	if (!timer)
		return -EAGAIN;
	timer->clock = clock;
	timer->silent = event->notify == SIGEV_NONE;
	timer->tid = event->notify == SIGEV_THREAD_ID ? event->tid : 0;
	timer->info.si_signo = event->signal;
	timer->info.si_code = SI_TIMER;
	timer->info.si_value = event->value;
	id = signal_timer_init(timer);
	if (id == 0)
		id = remember(timer);
	if (id < 0)
		kfree(timer);
	else
		timer->info.si_timerid = id;
	return id;
}

static int delete_timer(int id)
{
	struct signal_timer *timer = take(id);

	if (!timer)
		return -EINVAL;
	signal_timer_end(timer);
	kfree(timer);
	return 0;
}

/* Without an event: SIGALRM whose value is the id. */
SYSCALL(timer_create, (clockid_t clock, const struct event *event, int *id_out),
        a, (void *)b, (void *)c)
{
	struct event asked = { .signal = SIGALRM, .notify = SIGEV_SIGNAL };
	int err = 0;
	int id;

	if (event)
		err = copy_from_user(&asked, event, sizeof(asked));
	if (err)
		return err;
	if (!clock_can_wait(clock) || !event_is_sane(&asked))
		return -EINVAL;
	id = make_timer(clock, &asked);
	if (id < 0)
		return id;
	err = put_user(id, id_out);
	if (err)
		delete_timer(id);
	return err;
}

SYSCALL(timer_delete, (int id), a)
{
	return delete_timer(id);
}

static int set_timer(int id, int flags, const struct itimerspec *new,
                     struct itimerspec *old)
{
	struct signal_timer *timer;
	struct interval interval;
	int err = -EINVAL;

	mutex_lock(&signal_timers_lock);
	timer = id >= 0 ? signal_timer_find(id) : NULL;
	if (timer)
		err = interval_from(&interval, new, timer->clock,
		                    flags & TIMER_ABSTIME);
	if (!err)
		signal_timer_set(timer, &interval, old);
	mutex_unlock(&signal_timers_lock);
	return err;
}

SYSCALL(timer_settime,
        (int id, int flags, const struct itimerspec *new,
         struct itimerspec *old),
        a, b, (void *)c, (void *)d)
{
	struct itimerspec asked, before;
	int err;

	if (!new)
		return -EINVAL;
	err = copy_from_user(&asked, new, sizeof(asked));
	if (!err)
		err = set_timer(id, flags, &asked, &before);
	if (!err && old)
		err = copy_to_user(old, &before, sizeof(before));
	return err;
}

SYSCALL(timer_gettime, (int id, struct itimerspec *time), a, (void *)b)
{
	const struct signal_timer *timer;
	struct itimerspec now;

	mutex_lock(&signal_timers_lock);
	timer = id >= 0 ? signal_timer_find(id) : NULL;
	if (timer)
		signal_timer_show(timer, &now);
	mutex_unlock(&signal_timers_lock);
	return timer ? copy_to_user(time, &now, sizeof(now)) : -EINVAL;
}

SYSCALL(timer_getoverrun, (int id), a)
{
	const struct signal_timer *timer;
	int overrun = -EINVAL;

	mutex_lock(&signal_timers_lock);
	timer = id >= 0 ? signal_timer_find(id) : NULL;
	if (timer)
		overrun = timer->overrun;
	mutex_unlock(&signal_timers_lock);
	return overrun;
}

static struct timeval to_timeval(struct timespec time)
{
	/* What is left is not shown as nothing. */
	if (time.tv_sec == 0 && time.tv_nsec > 0 && time.tv_nsec < NS_PER_US)
		time.tv_nsec = NS_PER_US;
	return (struct timeval){ time.tv_sec, time.tv_nsec / NS_PER_US };
}

static int tell_itimer(struct itimerval *to, const struct itimerspec *from)
{
	const struct itimerval value = {
		.it_interval = to_timeval(from->it_interval),
		.it_value = to_timeval(from->it_value),
	};

	return copy_to_user(to, &value, sizeof(value));
}

/* The clocks of the other two, CPU time, have no timers here. */
SYSCALL(getitimer, (int which, struct itimerval *value), a, (void *)b)
{
	struct itimerspec now;

	if (which != ITIMER_REAL)
		return -EINVAL;
	mutex_lock(&signal_timers_lock);
	signal_timer_show(&real_timer, &now);
	mutex_unlock(&signal_timers_lock);
	return tell_itimer(value, &now);
}

/* A wrong number of microseconds stays a wrong number of nanoseconds. */
static struct timespec from_timeval(struct timeval time)
{
	if ((unsigned long)time.tv_usec >= 1000000)
		return (struct timespec){ .tv_nsec = -1 };
	return (struct timespec){ time.tv_sec, time.tv_usec * NS_PER_US };
}

static int set_real_timer(const struct itimerval *new, struct itimerspec *old)
{
	const struct itimerspec time = {
		.it_interval = from_timeval(new->it_interval),
		.it_value = from_timeval(new->it_value),
	};
	struct interval interval;
	int err = interval_from(&interval, &time, CLOCK_MONOTONIC, false);

	if (err)
		return err;
	mutex_lock(&signal_timers_lock);
	if (!real_timer.timer.function)
		err = signal_timer_init(&real_timer);
	if (!err)
		signal_timer_set(&real_timer, &interval, old);
	mutex_unlock(&signal_timers_lock);
	return err;
}

SYSCALL(setitimer,
        (int which, const struct itimerval *new, struct itimerval *old), a,
        (void *)b, (void *)c)
{
	struct itimerval asked = { 0 };
	struct itimerspec before;
	int err = 0;

	if (which != ITIMER_REAL)
		return -EINVAL;
	if (new)
		err = copy_from_user(&asked, new, sizeof(asked));
	if (!err)
		err = set_real_timer(&asked, &before);
	if (!err && old)
		err = tell_itimer(old, &before);
	return err;
}
