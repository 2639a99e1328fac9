/* SPDX-License-Identifier: MIT */
/*
 * A timer that is read. Its interrupt only notes that the first expiry has come
 * and wakes; how many came since is counted when somebody asks, and the timer
 * is started again then. So an interval of a nanosecond costs no more interrupts
 * than there are reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/timerfd.h>

#include "core/mutex.h"
#include "core/timer.h"
#include "core/user_access.h"
#include "core/wait.h"
#include "mm/kmem.h"
#include "posix/clock.h"
#include "posix/file.h"
#include "posix/interval.h"
#include "posix/syscalls.h"

/* Of Linux's TFD_SETTIME_FLAGS; setting the clock moves and cancels none here. */
#define SETTIME_FLAGS (TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)

struct timerfd {
	struct timer timer;
	struct mutex lock;        /* settime, gettime, read */
	struct interval interval; /* [L] */
	clockid_t clock;          /* [I] */
	unsigned int expired;     /* [A] since it was started */
	struct wait_queue queue;
};

static void expire(struct timer *timer)
{
	struct timerfd *self = container_of(timer, struct timerfd, timer);

	__atomic_store_n(&self->expired, 1, __ATOMIC_RELEASE);
	wait_queue_wake_all(&self->queue);
}

static void start_locked(struct timerfd *self)
{
	if (self->interval.at_ns != INTERVAL_OFF)
		timer_start(&self->timer, self->interval.at_ns);
}

/* Expiries since it was last asked; 0: none yet. */
static uint64_t take_expiries_locked(struct timerfd *self)
{
	uint64_t count;

	if (!__atomic_load_n(&self->expired, __ATOMIC_ACQUIRE))
		return 0;
	/* expire() may still be waking. */
	timer_stop(&self->timer);
	self->expired = 0;
	count = interval_advance(&self->interval, timer_now_ns());
	start_locked(self);
	return count;
}

static uint64_t take_expiries(struct timerfd *self)
{
	uint64_t count;

	mutex_lock(&self->lock);
	count = take_expiries_locked(self);
	mutex_unlock(&self->lock);
	return count;
}

static bool has_expired(const struct timerfd *self)
{
	return __atomic_load_n(&self->expired, __ATOMIC_ACQUIRE);
}

static long timerfd_read(struct file *file, void *to, size_t count,
                         off_t *position)
{
	struct timerfd *self = file->data;
	uint64_t expiries;
	int err;

	(void)position;
	if (count < sizeof(expiries))
		return -EINVAL;
	while ((expiries = take_expiries(self)) == 0) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_for(&self->queue, has_expired(self), UINT64_MAX,
		               THREAD_INTERRUPTIBLE);
		if (err)
			return err;
	}
	err = copy_to_user(to, &expiries, sizeof(expiries));
	return err ? err : (long)sizeof(expiries);
}

static unsigned int timerfd_ready(struct file *file)
{
	return has_expired(file->data) ? POLLIN | POLLRDNORM : 0;
}

static void timerfd_release(struct file *file)
{
	struct timerfd *self = file->data;

	timer_stop(&self->timer);
	kfree(self);
}

static const struct file_ops timerfd_ops = {
	.read = timerfd_read,
	.ready = timerfd_ready,
	.release = timerfd_release,
};

static bool clock_is_known(clockid_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC ||
	       clock == CLOCK_BOOTTIME || clock == CLOCK_REALTIME_ALARM ||
	       clock == CLOCK_BOOTTIME_ALARM;
}

/* The machine never sleeps: an alarm clock is the clock itself. */
static clockid_t without_alarm(clockid_t clock)
{
	if (clock == CLOCK_REALTIME_ALARM)
		return CLOCK_REALTIME;
	return clock == CLOCK_BOOTTIME_ALARM ? CLOCK_BOOTTIME : clock;
}

SYSCALL(timerfd_create, (clockid_t clock, unsigned int flags), a, b)
{
	struct timerfd *self;
	struct file *file;

	if (flags & ~(unsigned int)(TFD_CLOEXEC | TFD_NONBLOCK) ||
	    !clock_is_known(clock))
		return -EINVAL;
	self = kzalloc(sizeof(*self), GFP_KERNEL);
	if (!self)
		return -ENOMEM;
	self->timer.function = expire;
	self->clock = without_alarm(clock);
	self->interval.at_ns = INTERVAL_OFF;
	mutex_init(&self->lock, "timerfd");
	wait_queue_init(&self->queue, "timerfd");
	file = file_create(&timerfd_ops, O_RDWR | (flags & O_NONBLOCK), self,
	                   &self->queue);
	if (!file)
		kfree(self);
	return fd_install_new(file, flags & TFD_CLOEXEC);
}

/* Takes a reference. -EBADF, or -EINVAL for a file of another kind. */
static int timerfd_get(int fd, struct file **file_out)
{
	struct file *file = file_get(fd);

	if (!file)
		return -EBADF;
	if (file->ops != &timerfd_ops) {
		file_put(file);
		return -EINVAL;
	}
	*file_out = file;
	return 0;
}

static void replace(struct timerfd *self, const struct interval *new,
                    struct itimerspec *old)
{
	mutex_lock(&self->lock);
	timer_stop(&self->timer);
	if (self->expired)
		interval_advance(&self->interval, timer_now_ns());
	interval_show(&self->interval, timer_now_ns(), old);
	self->expired = 0;
	self->interval = *new;
	start_locked(self);
	mutex_unlock(&self->lock);
}

SYSCALL(timerfd_settime,
        (int fd, int flags, const struct itimerspec *new,
         struct itimerspec *old),
        a, b, (void *)c, (void *)d)
{
	struct itimerspec asked, before;
	struct interval interval;
	struct timerfd *self;
	struct file *file;
	int err = copy_from_user(&asked, new, sizeof(asked));

	if (err)
		return err;
	if (flags & ~SETTIME_FLAGS)
		return -EINVAL;
	err = timerfd_get(fd, &file);
	if (err)
		return err;
	self = file->data;
	err = interval_from(&interval, &asked, self->clock,
	                    flags & TFD_TIMER_ABSTIME);
	if (!err)
		replace(self, &interval, &before);
	file_put(file);
	if (!err && old)
		err = copy_to_user(old, &before, sizeof(before));
	return err;
}

/* Expiries that nobody has read yet stay to be read. */
static void show(struct timerfd *self, struct itimerspec *now)
{
	struct interval interval;

	mutex_lock(&self->lock);
	interval = self->interval;
	mutex_unlock(&self->lock);
	if (interval.at_ns != INTERVAL_OFF && interval.at_ns <= timer_now_ns())
		interval_advance(&interval, timer_now_ns());
	interval_show(&interval, timer_now_ns(), now);
}

SYSCALL(timerfd_gettime, (int fd, struct itimerspec *time), a, (void *)b)
{
	struct itimerspec now;
	struct file *file;
	int err = timerfd_get(fd, &file);

	if (err)
		return err;
	show(file->data, &now);
	file_put(file);
	return copy_to_user(time, &now, sizeof(now));
}
