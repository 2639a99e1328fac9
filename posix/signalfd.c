/* SPDX-License-Identifier: MIT */
/*
 * Signals that are read. A signalfd holds no signals, only which ones it may take
 * from the reader and the process, so all of them watch the one queue of signals.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/signalfd.h>

#include "core/user_access.h"
#include "core/wait.h"
#include "mm/kmem.h"
#include "posix/file.h"
#include "posix/signal.h"
#include "posix/syscalls.h"

#define NEVER (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

struct signalfd {
	uint64_t set; /* [A] */
};

static uint64_t set_of(const struct signalfd *self)
{
	return __atomic_load_n(&self->set, __ATOMIC_RELAXED);
}

/* Fields that one kind of signal has lie where another has others. */
static struct signalfd_siginfo describe(const siginfo_t *info)
{
	struct signalfd_siginfo out = {
		.ssi_signo = (uint32_t)info->si_signo,
		.ssi_errno = info->si_errno,
		.ssi_code = info->si_code,
	};

	if (info->si_code == SI_TIMER) {
		out.ssi_tid = (uint32_t)info->si_timerid;
		out.ssi_overrun = (uint32_t)info->si_overrun;
	} else {
		out.ssi_pid = (uint32_t)info->si_pid;
		out.ssi_uid = info->si_uid;
	}
	if (info->si_code != SI_USER && info->si_code != SI_TKILL) {
		out.ssi_int = info->si_value.sival_int;
		out.ssi_ptr = (uintptr_t)info->si_value.sival_ptr;
	}
	return out;
}

/* One signal that is pending: 1; 0: none is; -EFAULT: it is taken nevertheless. */
static int take_one(const struct signalfd *self, struct signalfd_siginfo *to)
{
	struct signalfd_siginfo out;
	siginfo_t info;

	if (signal_take(set_of(self), &info) == 0)
		return 0;
	out = describe(&info);
	return copy_to_user(to, &out, sizeof(out)) ? -EFAULT : 1;
}

static long take_some(const struct signalfd *self, struct signalfd_siginfo *to,
                      size_t most)
{
	size_t count = 0;
	int taken = 1;

	while (count < most && taken > 0) {
		taken = take_one(self, to + count);
		if (taken > 0)
			count++;
	}
	return count > 0 ? (long)count : taken;
}

static long read_signals(struct file *file, void *to, size_t bytes,
                         off_t *position)
{
	const struct signalfd *self = file->data;
	const size_t most = bytes / sizeof(struct signalfd_siginfo);
	long count;

	(void)position;
	if (most == 0)
		return -EINVAL;
	while ((count = take_some(self, to, most)) == 0) {
		int err;

		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_for(&signal_queue,
		               signal_pending_set() & set_of(self), UINT64_MAX,
		               THREAD_INTERRUPTIBLE);
		if (err)
			return err;
	}
	return count < 0 ? count
	                 : count * (long)sizeof(struct signalfd_siginfo);
}

static unsigned int signalfd_ready(struct file *file)
{
	return signal_pending_set() & set_of(file->data) ? POLLIN | POLLRDNORM
	                                                 : 0;
}

static void signalfd_release(struct file *file)
{
	kfree(file->data);
}

static const struct file_ops signalfd_ops = {
	.read = read_signals,
	.ready = signalfd_ready,
	.release = signalfd_release,
};

static int make(uint64_t set, unsigned int flags)
{
	struct signalfd *self = kzalloc(sizeof(*self), GFP_KERNEL);
	struct file *file;

	if (!self)
		return -ENOMEM;
	self->set = set;
	file = file_create(&signalfd_ops, O_RDWR | (flags & O_NONBLOCK), self,
	                   &signal_queue);
	if (!file)
		kfree(self);
	return fd_install_new(file, flags & SFD_CLOEXEC);
}

/* What is pending may be asked for from now on. */
static int change(int fd, uint64_t set)
{
	struct file *file = file_get(fd);
	struct signalfd *self;
	int err = -EINVAL;

	if (!file)
		return -EBADF;
	if (file->ops == &signalfd_ops) {
		self = file->data;
		__atomic_store_n(&self->set, set, __ATOMIC_RELAXED);
		wait_queue_wake_all(&signal_queue);
		err = fd;
	}
	file_put(file);
	return err;
}

SYSCALL(signalfd4, (int fd, const void *set, size_t bytes, unsigned int flags),
        a, (void *)b, c, d)
{
	uint64_t bits;
	int err;

	if (flags & ~(unsigned int)(SFD_CLOEXEC | SFD_NONBLOCK) ||
	    bytes != sizeof(bits))
		return -EINVAL;
	err = copy_from_user(&bits, set, sizeof(bits));
	if (err)
		return err;
	bits &= ~NEVER;
	return fd == -1 ? make(bits, flags) : change(fd, bits);
}
