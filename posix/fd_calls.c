/* SPDX-License-Identifier: MIT */
/* Descriptors and their flags: dup, dup3, fcntl, and what ioctl does to all. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "core/user_access.h"
#include "posix/file.h"
#include "posix/syscalls.h"

#define CHANGEABLE (O_NONBLOCK | O_APPEND | O_NOATIME | O_DIRECT | O_ASYNC)

/* The reference goes with it; @least: not below. */
static long install(struct file *file, int least, bool close_on_exec)
{
	const int fd = fd_install(file, least, close_on_exec);

	if (fd < 0)
		file_put(file);
	return fd;
}

SYSCALL(dup, (int fd), a)
{
	struct file *file = file_get_any(fd);

	return file ? install(file, 0, false) : -EBADF;
}

SYSCALL(dup3, (int fd, int new_fd, int flags), a, b, c)
{
	struct file *file;
	int done;

	if (flags & ~O_CLOEXEC || fd == new_fd)
		return -EINVAL;
	if (new_fd < 0 || (unsigned int)new_fd >= READ_ONCE(fd_limit))
		return -EBADF;
	file = file_get_any(fd);
	if (!file)
		return -EBADF;
	done = fd_replace(new_fd, file, flags & O_CLOEXEC);
	if (done < 0)
		file_put(file);
	return done;
}

static void change_flags(struct file *file, unsigned int mask,
                         unsigned int flags)
{
	unsigned int old = READ_ONCE(file->flags);

	while (!__atomic_compare_exchange_n(
		&file->flags, &old, (old & ~mask) | (flags & mask), false,
		__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		continue;
}

static long duplicate(int fd, long least, bool close_on_exec)
{
	struct file *file;

	if (least < 0 || least >= (long)READ_ONCE(fd_limit))
		return -EINVAL;
	file = file_get_any(fd);
	return file ? install(file, least, close_on_exec) : -EBADF;
}

/* Commands that O_PATH does not allow. */
static long fcntl_file(struct file *file, int command, long argument)
{
	switch (command) {
	case F_SETFL:
		change_flags(file, CHANGEABLE, argument);
		return 0;
	case F_GETOWN:
	case F_GETSIG:
	case F_SETOWN:
	case F_SETSIG:
		return 0; /* nobody is ever signalled */
	case F_GETPIPE_SZ:
	case F_SETPIPE_SZ:
		if (!file->ops->ioctl)
			return -EBADF;
		return file->ops->ioctl(file, command, (void *)argument);
	default:
		return file_lock_fcntl(file, command, (void *)argument);
	}
}

static long fcntl_flags(int fd)
{
	struct file *file = file_get_any(fd);
	long flags;

	if (!file)
		return -EBADF;
	flags = READ_ONCE(file->flags);
	file_put(file);
	return flags;
}

SYSCALL(fcntl, (int fd, int command, long argument), a, b, c)
{
	struct file *file;
	long result;

	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return duplicate(fd, argument, command == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return fd_close_on_exec(fd);
	case F_SETFD:
		return fd_set_close_on_exec(fd, argument & FD_CLOEXEC);
	case F_GETFL:
		return fcntl_flags(fd);
	default:
		file = file_get(fd);
		if (!file)
			return -EBADF;
		result = fcntl_file(file, command, argument);
		file_put(file);
		return result;
	}
}

static long set_flag(struct file *file, unsigned int flag, const int *on)
{
	int value;

	if (get_user(value, on))
		return -EFAULT;
	change_flags(file, flag, value ? flag : 0);
	return 0;
}

/* Bytes that are left to be read. */
static long readable(struct file *file, int *to)
{
	const off_t left = file->ops->size(file) - READ_ONCE(file->position);

	return put_user((int)left, to);
}

static long ioctl_file(struct file *file, int fd, unsigned long request,
                       void *argument)
{
	switch (request) {
	case FIOCLEX:
	case FIONCLEX:
		return fd_set_close_on_exec(fd, request == FIOCLEX);
	case FIONBIO:
		return set_flag(file, O_NONBLOCK, argument);
	case FIOASYNC:
		return set_flag(file, O_ASYNC, argument);
	case FIONREAD:
		if (file->ops->size && file->ops->pages)
			return readable(file, argument);
		break;
	default:
		break;
	}
	if (!file->ops->ioctl)
		return -ENOTTY;
	return file->ops->ioctl(file, request, argument);
}

SYSCALL(ioctl, (int fd, unsigned long request, void *argument), a,
        (unsigned int)b, (void *)c)
{
	struct file *file = file_get(fd);
	long result;

	if (!file)
		return -EBADF;
	result = ioctl_file(file, fd, request, argument);
	file_put(file);
	return result;
}
