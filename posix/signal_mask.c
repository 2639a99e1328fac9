/* SPDX-License-Identifier: MIT */
/* Which signals a thread lets through, and the calls that wait for some. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/lock.h"
#include "core/timer.h"
#include "core/user_access.h"
#include "posix/clock.h"
#include "posix/syscalls.h"
#include "signal_internal.h"

void signal_set_mask(struct task *self, uint64_t mask)
{
	unsigned long flags = spin_lock_irqsave(&tasks_lock);

	self->blocked = mask & ~SIGNAL_UNBLOCKABLE;
	if (self->pending.set | signals_of_process.set ||
	    READ_ONCE(self->thread.interrupted))
		signal_look(self);
	spin_unlock_irqrestore(&tasks_lock, flags);
}

bool signal_mask_swap(uint64_t mask, uint64_t *before_out)
{
	struct task *self = current_task();

	*before_out = self->blocked;
	signal_set_mask(self, mask);
	return READ_ONCE(self->thread.interrupted);
}

long signal_mask_restore(uint64_t before, long result)
{
	struct task *self = current_task();

	if (result == -EINTR && READ_ONCE(self->thread.interrupted)) {
		self->blocked_before = before;
		self->restore_blocked = true;
	} else {
		signal_set_mask(self, before);
	}
	return result;
}

SYSCALL(rt_sigprocmask, (int how, const void *set, void *old, size_t size), a,
        (void *)b, (void *)c, d)
{
	struct task *self = current_task();
	const uint64_t before = self->blocked;
	uint64_t bits;

	if (size != sizeof(bits))
		return -EINVAL;
	if (set) {
		if (copy_from_user(&bits, set, sizeof(bits)) != 0)
			return -EFAULT;
		if (how == SIG_BLOCK)
			bits = before | bits;
		else if (how == SIG_UNBLOCK)
			bits = before & ~bits;
		else if (how != SIG_SETMASK)
			return -EINVAL;
		signal_set_mask(self, bits);
	}
	if (old && copy_to_user(old, &before, sizeof(before)) != 0)
		return -EFAULT;
	return 0;
}

/* Those that are pending and blocked: others have been taken, or will be. */
SYSCALL(rt_sigpending, (void *set, size_t size), (void *)a, b)
{
	const uint64_t pending = signal_pending_set() & current_task()->blocked;

	if (size > sizeof(pending))
		return -EINVAL;
	return copy_to_user(set, &pending, size);
}

SYSCALL_ONCE(rt_sigsuspend, (const void *set, size_t size), (void *)a, b)
{
	uint64_t mask, before;

	if (size != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&mask, set, sizeof(mask)) != 0)
		return -EFAULT;
	signal_mask_swap(mask, &before);
	(void)thread_sleep_until(UINT64_MAX, THREAD_INTERRUPTIBLE);
	return signal_mask_restore(before, -EINTR);
}

static int read_end(const struct timespec *timeout, uint64_t *end_out)
{
	struct timespec time;

	*end_out = UINT64_MAX;
	if (!timeout)
		return 0;
	if (copy_from_user(&time, timeout, sizeof(time)) != 0)
		return -EFAULT;
	if (!timespec_is_sane(&time))
		return -EINVAL;
	if (__builtin_add_overflow(timer_now_ns(), timespec_ns(&time), end_out))
		*end_out = UINT64_MAX;
	return 0;
}

SYSCALL_ONCE(rt_sigtimedwait,
             (const void *set, siginfo_t *info_out,
              const struct timespec *timeout, size_t size),
             (void *)a, (void *)b, (void *)c, d)
{
	siginfo_t info;
	uint64_t bits, end_ns;
	int signal = 0;
	int err;

	if (size != sizeof(bits))
		return -EINVAL;
	if (copy_from_user(&bits, set, sizeof(bits)) != 0)
		return -EFAULT;
	err = read_end(timeout, &end_ns);
	if (err)
		return err;
	bits &= ~SIGNAL_UNBLOCKABLE;
	err = wait_for(&signal_queue,
	               signal || (signal = signal_take(bits, &info)), end_ns,
	               THREAD_INTERRUPTIBLE);
	if (err)
		return err == -ETIMEDOUT ? -EAGAIN : err;
	if (info_out && copy_to_user(info_out, &info, sizeof(info)) != 0)
		return -EFAULT;
	return signal;
}
