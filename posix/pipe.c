/* SPDX-License-Identifier: MIT */
/*
 * The two ends of a pipe. A mutex guards the ring, because the application's
 * memory may be backed while it is copied; who waits does so without it. One
 * sleeper is woken at a time: a reader who leaves bytes behind, or a writer who
 * leaves room, wakes the next. Nobody sleeps on an end that is ready, so most
 * calls find an empty queue and wake nobody.
 *
 * Room for PIPE_BUF bytes is what POLLOUT says and what wakes a writer: that many
 * are then written at once. A writer sleeps only while there is less, and one that
 * needs less than what came is woken no sooner, so that a slow reader does not
 * wake it for each byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/assert.h"
#include "core/user_access.h"
#include "mm/kmem.h"
#include "pipe_internal.h"
#include "posix/signal.h"
#include "posix/syscalls.h"

struct pipe *pipe_create(void)
{
	struct pipe *pipe = kzalloc(sizeof(*pipe), GFP_KERNEL);

	if (!pipe)
		return NULL;
	pipe->pages = kcalloc(PIPE_PAGES, sizeof(pipe->pages[0]), GFP_KERNEL);
	if (!pipe->pages) {
		kfree(pipe);
		return NULL;
	}
	pipe->capacity = PIPE_PAGES * PAGE_SIZE;
	mutex_init(&pipe->lock, "pipe");
	wait_queue_init(&pipe->readable, "pipe read");
	wait_queue_init(&pipe->writable, "pipe write");
	return pipe;
}

void pipe_destroy(struct pipe *pipe)
{
	ASSERT(pipe->readers == 0 && pipe->writers == 0);
	pipe_ring_clear(pipe);
	kfree(pipe->pages);
	kfree(pipe);
}

/* A file for both ends watches the readers' queue. */
static void wake_writers(struct pipe *pipe, unsigned int count)
{
	wait_queue_wake(&pipe->writable, count);
	if (unlikely(READ_ONCE(pipe->both_opened)))
		wait_queue_wake(&pipe->readable, count);
}

static bool has_sleepers(const struct wait_queue *queue)
{
	return READ_ONCE(queue->first);
}

/* Are there bytes, or will there be none? */
static bool may_read(const struct pipe *pipe)
{
	return READ_ONCE(pipe->bytes) > 0 || READ_ONCE(pipe->writers) == 0;
}

static __always_inline long take_bytes(struct pipe *pipe, char *to,
                                       size_t count)
{
	unsigned int bytes;
	bool had_room, has_room;
	long taken;

	mutex_lock(&pipe->lock);
	had_room = pipe_room(pipe) >= PIPE_BUF;
	bytes = pipe->bytes;
	taken = pipe_ring_take(pipe, to, count < bytes ? count : bytes);
	bytes = pipe->bytes;
	has_room = pipe_room(pipe) >= PIPE_BUF;
	mutex_unlock(&pipe->lock);

	if (has_room && !had_room)
		wake_writers(pipe, 1);
	if (unlikely(bytes > 0 && has_sleepers(&pipe->readable)))
		wait_queue_wake(&pipe->readable, 1);
	return taken;
}

/* 1: there may be something to read now; 0: there never will be; -errno. */
static __noinline int wait_for_bytes(struct file *file)
{
	struct pipe *pipe = file->data;
	int err;

	/* In this order: the last writer's bytes came before it went. */
	if (__atomic_load_n(&pipe->writers, __ATOMIC_ACQUIRE) == 0)
		return READ_ONCE(pipe->bytes) > 0;
	if (file->flags & O_NONBLOCK)
		return READ_ONCE(pipe->bytes) > 0 ? 1 : -EAGAIN;
	err = wait_for(&pipe->readable, may_read(pipe), UINT64_MAX,
	               THREAD_INTERRUPTIBLE);
	return err ? err : 1;
}

long pipe_read(struct file *file, void *to, size_t count, off_t *position)
{
	struct pipe *pipe = file->data;
	long taken = 0;
	int more = 1;

	(void)position;
	if (unlikely(count == 0))
		return 0;
	while (taken == 0 && more > 0) {
		if (READ_ONCE(pipe->bytes) > 0)
			taken = take_bytes(pipe, to, count);
		else
			more = wait_for_bytes(file);
	}
	return taken != 0 ? taken : more;
}

/* What a write of @count bytes waits for: up to PIPE_BUF it is not divided. */
static bool may_write(const struct pipe *pipe, size_t count)
{
	return READ_ONCE(pipe->readers) == 0 ||
	       pipe_room(pipe) >= (count <= PIPE_BUF ? count : 1);
}

/* 0: no room. */
static __always_inline long put_bytes(struct pipe *pipe, const char *from,
                                      size_t count)
{
	unsigned int room;
	long put = 0;

	mutex_lock(&pipe->lock);
	room = pipe_room(pipe);
	if (unlikely(pipe->readers == 0))
		put = -EPIPE;
	else if (likely(room >= count))
		put = pipe_ring_put(pipe, from, count);
	else if (count > PIPE_BUF)
		put = pipe_ring_put(pipe, from, room);
	room = pipe_room(pipe);
	mutex_unlock(&pipe->lock);

	if (put > 0)
		wait_queue_wake(&pipe->readable, 1);
	if (unlikely(room >= PIPE_BUF && has_sleepers(&pipe->writable)))
		wait_queue_wake(&pipe->writable, 1);
	return put;
}

/* It did not fit at once, or nobody reads: @done bytes are written, or @err. */
static __noinline long wait_and_write(struct file *file, const char *from,
                                      size_t count, size_t done, long err)
{
	struct pipe *pipe = file->data;

	while (done < count && !err) {
		const size_t left = count - done;
		long put;

		if (!may_write(pipe, left) && file->flags & O_NONBLOCK)
			err = -EAGAIN;
		else
			err = wait_for(&pipe->writable, may_write(pipe, left),
			               UINT64_MAX, THREAD_INTERRUPTIBLE);
		if (err)
			break;
		put = put_bytes(pipe, from + done, left);
		if (put < 0)
			err = put;
		else
			done += put;
	}
	if (err == -EPIPE)
		signal_send(SIGPIPE);
	return done > 0 ? (long)done : err;
}

long pipe_write(struct file *file, const void *from, size_t count,
                off_t *position)
{
	long put;

	(void)position;
	if (unlikely(count == 0))
		return 0;
	put = put_bytes(file->data, from, count);
	if (likely(put == (long)count))
		return put;
	if (put < 0)
		return wait_and_write(file, from, count, 0, put);
	return wait_and_write(file, from, count, put, 0);
}

/*
 * A FIFO opened without waiting may have had no writer yet, which is not the end:
 * ->position, which a pipe has no other use for, is ->writes_opened of then.
 */
static bool saw_writers(const struct file *file, const struct pipe *pipe)
{
	return READ_ONCE(pipe->writes_opened) != file->position;
}

unsigned int pipe_ready(struct file *file)
{
	const struct pipe *pipe = file->data;
	unsigned int ready = 0;

	if (file_may_read(file)) {
		if (READ_ONCE(pipe->writers) == 0 && saw_writers(file, pipe))
			ready |= POLLHUP;
		if (READ_ONCE(pipe->bytes) > 0)
			ready |= POLLIN | POLLRDNORM;
	}
	if (file_may_write(file)) {
		if (pipe_room(pipe) >= PIPE_BUF)
			ready |= POLLOUT | POLLWRNORM;
		if (READ_ONCE(pipe->readers) == 0)
			ready |= POLLERR;
	}
	return ready;
}

/* Up to a power of two of pages. Also fcntl() comes by ioctl(). */
static long set_capacity(struct pipe *pipe, size_t bytes)
{
	unsigned int pages = 1;
	int err;

	if (bytes > INT_MAX)
		return -EINVAL;
	while (pages * PAGE_SIZE < bytes)
		pages *= 2;
	if (pages > PIPE_MAX_PAGES)
		return -EPERM;

	mutex_lock(&pipe->lock);
	err = pipe_ring_resize(pipe, pages);
	mutex_unlock(&pipe->lock);
	wake_writers(pipe, ~0u);
	return err ? err : (long)(pages * PAGE_SIZE);
}

long pipe_ioctl(struct file *file, unsigned long request, void *argument)
{
	struct pipe *pipe = file->data;

	switch (request) {
	case FIONREAD:
		return put_user((int)READ_ONCE(pipe->bytes), (int *)argument);
	case F_GETPIPE_SZ:
		return READ_ONCE(pipe->capacity);
	case F_SETPIPE_SZ:
		return set_capacity(pipe, (size_t)argument);
	default:
		return -ENOTTY;
	}
}

static int pipe_stat(struct file *file, struct stat *stat_out)
{
	*stat_out = (struct stat){
		.st_ino = (uintptr_t)file->data >> 4,
		.st_mode = S_IFIFO | 0600,
		.st_nlink = 1,
		.st_blksize = PAGE_SIZE,
	};
	return 0;
}

void pipe_end_open(struct pipe *pipe, struct file *file)
{
	file->data = pipe;
	file->queue = (file->flags & O_ACCMODE) == O_WRONLY ? &pipe->writable
	                                                    : &pipe->readable;
	mutex_lock(&pipe->lock);
	if (file_may_read(file)) {
		WRITE_ONCE(pipe->readers, pipe->readers + 1);
		WRITE_ONCE(pipe->reads_opened, pipe->reads_opened + 1);
	}
	if (file_may_write(file)) {
		WRITE_ONCE(pipe->writers, pipe->writers + 1);
		WRITE_ONCE(pipe->writes_opened, pipe->writes_opened + 1);
	}
	if (file_may_read(file) && file_may_write(file))
		WRITE_ONCE(pipe->both_opened, pipe->both_opened + 1);
	mutex_unlock(&pipe->lock);
}

/* The last one of both gone: nobody can ever read what is left. */
void pipe_end_close(struct pipe *pipe, const struct file *file)
{
	bool unused;

	mutex_lock(&pipe->lock);
	if (file_may_read(file) && file_may_write(file))
		WRITE_ONCE(pipe->both_opened, pipe->both_opened - 1);
	if (file_may_read(file))
		WRITE_ONCE(pipe->readers, pipe->readers - 1);
	if (file_may_write(file))
		WRITE_ONCE(pipe->writers, pipe->writers - 1);
	unused = pipe->readers == 0 && pipe->writers == 0;
	if (unused)
		pipe_ring_clear(pipe);
	mutex_unlock(&pipe->lock);

	if (!unused) {
		wait_queue_wake_all(&pipe->readable);
		wake_writers(pipe, ~0u);
	}
}

/* The other end's file may be freed meanwhile, not the pipe. */
static void pipe_release(struct file *file)
{
	struct pipe *pipe = file->data;

	pipe_end_close(pipe, file);
	if (__atomic_sub_fetch(&pipe->ends, 1, __ATOMIC_ACQ_REL) == 0)
		pipe_destroy(pipe);
}

static const struct file_ops pipe_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.ioctl = pipe_ioctl,
	.ready = pipe_ready,
	.stat = pipe_stat,
	.release = pipe_release,
};

static struct file *make_file(struct pipe *pipe, unsigned int flags)
{
	struct file *file = file_create(&pipe_ops, flags, pipe, NULL);

	if (file)
		pipe_end_open(pipe, file);
	return file;
}

static int make_files(struct file *files[2], unsigned int flags)
{
	struct pipe *pipe = pipe_create();

	if (!pipe)
		return -ENFILE;
	pipe->ends = 2;
	files[0] = make_file(pipe, O_RDONLY | flags);
	if (!files[0]) {
		pipe_destroy(pipe);
		return -ENFILE;
	}
	files[1] = make_file(pipe, O_WRONLY | flags);
	if (!files[1]) {
		pipe->ends = 1;
		file_put(files[0]);
		return -ENFILE;
	}
	return 0;
}

SYSCALL(pipe2, (int *fds, unsigned int flags), (int *)a, b)
{
	struct file *files[2];
	int read_fd, write_fd;
	int err;

	if (flags & ~(unsigned int)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	err = make_files(files, flags & O_NONBLOCK);
	if (err)
		return err;
	read_fd = fd_install_new(files[0], flags & O_CLOEXEC);
	if (read_fd < 0) {
		file_put(files[1]);
		return read_fd;
	}
	write_fd = fd_install_new(files[1], flags & O_CLOEXEC);
	if (write_fd < 0) {
		fd_close(read_fd);
		return write_fd;
	}
	if (put_user(read_fd, &fds[0]) || put_user(write_fd, &fds[1])) {
		fd_close(read_fd);
		fd_close(write_fd);
		return -EFAULT;
	}
	return 0;
}
