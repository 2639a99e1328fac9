/* SPDX-License-Identifier: MIT */
/*
 * Each descriptor is open or not and has its own flags; all three lead to the
 * console. What can be read and written is checked before a byte moves, so a
 * bad pointer in the middle of a vector is told as on Linux, with a short count.
 */
#include "posix/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "core/console.h"
#include "core/hart.h"
#include "core/timer.h"
#include "posix/clock.h"
#include "posix/syscalls.h"
#include "posix/terminal.h"
#include "posix/user_memory.h"

#define FILES         3
#define POLL_PAUSE_NS 1000000u
#define CONSOLE_RDEV  makedev(5, 1) /* as Linux numbers /dev/console */

struct file {
	bool closed;
	bool close_on_exec;
	int status; /* O_* */
};

static struct file files[FILES] = {
	{ .status = O_RDWR },
	{ .status = O_RDWR },
	{ .status = O_RDWR },
};

bool file_is_open(int fd)
{
	return fd >= 0 && fd < FILES && !files[fd].closed;
}

static long read_into(int fd, void *to, size_t count, bool first)
{
	if (!user_can_write(to, count))
		return -EFAULT;
	return terminal_read(to, count,
	                     !first || files[fd].status & O_NONBLOCK);
}

static long write_from(const void *from, size_t count)
{
	if (!user_can_read(from, count))
		return -EFAULT;
	console_write(from, count);
	return count;
}

SYSCALL(read, (int fd, void *to, size_t count), a, (void *)b, c)
{
	if (!file_is_open(fd))
		return -EBADF;
	return read_into(fd, to, count, true);
}

SYSCALL(write, (int fd, const void *from, size_t count), a, (void *)b, c)
{
	if (!file_is_open(fd))
		return -EBADF;
	return write_from(from, count);
}

/* -EBADF, -EINVAL or -EFAULT for the vector itself; 0 when it is good. */
static int check_vector(int fd, const struct iovec *vector, int count)
{
	size_t total = 0;
	int i;

	if (!file_is_open(fd))
		return -EBADF;
	if (count < 0 || count > IOV_MAX)
		return -EINVAL;
	if (!user_can_read(vector, count * sizeof(*vector)))
		return -EFAULT;
	for (i = 0; i < count; i++) {
		if (vector[i].iov_len > SSIZE_MAX - total)
			return -EINVAL;
		total += vector[i].iov_len;
	}
	return 0;
}

/* A part that falls short ends the vector; an error counts if it is the first. */
SYSCALL(readv, (int fd, const struct iovec *vector, int count), a, (void *)b, c)
{
	long total = check_vector(fd, vector, count);
	int i;

	if (total < 0)
		return total;
	for (i = 0; i < count; i++) {
		const long part = read_into(fd, vector[i].iov_base,
		                            vector[i].iov_len, total == 0);

		if (part < 0)
			return total > 0 ? total : part;
		total += part;
		if ((size_t)part < vector[i].iov_len)
			break;
	}
	return total;
}

SYSCALL(writev, (int fd, const struct iovec *vector, int count), a, (void *)b,
        c)
{
	long total = check_vector(fd, vector, count);
	int i;

	if (total < 0)
		return total;
	for (i = 0; i < count; i++) {
		const long part =
			write_from(vector[i].iov_base, vector[i].iov_len);

		if (part < 0)
			return total > 0 ? total : part;
		total += part;
	}
	return total;
}

SYSCALL(close, (int fd), a)
{
	if (!file_is_open(fd))
		return -EBADF;
	files[fd].closed = true;
	return 0;
}

SYSCALL(lseek, (int fd), a)
{
	return file_is_open(fd) ? -ESPIPE : -EBADF;
}

SYSCALL(fcntl, (int fd, int command, long argument), a, b, c)
{
	const int changeable = O_NONBLOCK | O_APPEND;
	struct file *file;

	if (!file_is_open(fd))
		return -EBADF;
	file = &files[fd];
	switch (command) {
	case F_GETFD:
		return file->close_on_exec ? FD_CLOEXEC : 0;
	case F_SETFD:
		file->close_on_exec = argument & FD_CLOEXEC;
		return 0;
	case F_GETFL:
		return file->status;
	case F_SETFL:
		file->status &= ~changeable;
		file->status |= argument & changeable;
		return 0;
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return -EMFILE;
	default:
		return -EINVAL;
	}
}

/* Standard input from a pipe is no terminal; output always looks like one. */
SYSCALL(ioctl, (int fd, unsigned long request, void *argument), a, b, (void *)c)
{
	if (!file_is_open(fd))
		return -EBADF;
	if (request == FIONBIO) {
		if (!user_can_read(argument, sizeof(int)))
			return -EFAULT;
		files[fd].status &= ~O_NONBLOCK;
		if (*(const int *)argument)
			files[fd].status |= O_NONBLOCK;
		return 0;
	}
	if (fd == STDIN_FILENO && !terminal_input_is_tty() &&
	    request != FIONREAD)
		return -ENOTTY;
	return terminal_ioctl(request, argument);
}

static long stat_console(struct stat *to)
{
	if (!user_can_write(to, sizeof(*to)))
		return -EFAULT;

	*to = (struct stat){
		.st_ino = 1,
		.st_mode = S_IFCHR | 0600,
		.st_nlink = 1,
		.st_rdev = CONSOLE_RDEV,
		.st_blksize = 1024,
	};
	return 0;
}

SYSCALL(fstat, (int fd, struct stat *to), a, (void *)b)
{
	return file_is_open(fd) ? stat_console(to) : -EBADF;
}

/* No path exists, but the empty one may stand for the descriptor. */
SYSCALL(newfstatat, (int fd, const char *path, struct stat *to, int flags), a,
        (void *)b, (void *)c, d)
{
	if (!user_can_read_string(path, PATH_MAX))
		return -EFAULT;
	if (path[0] != '\0' || !(flags & AT_EMPTY_PATH))
		return -ENOENT;
	return file_is_open(fd) ? stat_console(to) : -EBADF;
}

/* Fill in revents; returns how many entries have some. */
static int poll_once(struct pollfd *entries, nfds_t count)
{
	int ready = 0;
	nfds_t i;

	for (i = 0; i < count; i++) {
		struct pollfd *entry = &entries[i];

		entry->revents = 0;
		if (entry->fd < 0)
			continue;
		if (!file_is_open(entry->fd))
			entry->revents = POLLNVAL;
		else if (entry->events & POLLIN && terminal_can_read())
			entry->revents = POLLIN;
		if (file_is_open(entry->fd))
			entry->revents |= entry->events & POLLOUT;
		ready += entry->revents != 0;
	}
	return ready;
}

/* The mask would hold back signals that arrive meanwhile: none can. */
SYSCALL(ppoll, (void *list, nfds_t count, const struct timespec *timeout),
        (void *)a, b, (void *)c)
{
	const uint64_t since_ns = timer_now_ns();
	struct pollfd *entries = list;
	uint64_t end_ns = UINT64_MAX;
	int ready;

	if (count > IOV_MAX)
		return -EINVAL;
	if (!user_can_write(entries, count * sizeof(*entries)) ||
	    (timeout && !user_can_read(timeout, sizeof(*timeout))))
		return -EFAULT;
	if (timeout && !timespec_is_sane(timeout))
		return -EINVAL;
	if (timeout &&
	    __builtin_add_overflow(since_ns, timespec_ns(timeout), &end_ns))
		end_ns = UINT64_MAX;

	while ((ready = poll_once(entries, count)) == 0 &&
	       timer_now_ns() < end_ns)
		hart_idle(timer_now_ns() + POLL_PAUSE_NS);
	clock_account_wait(since_ns);
	return ready;
}
