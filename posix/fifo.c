/* SPDX-License-Identifier: MIT */
/*
 * Pipes with a name. The first open() of a FIFO makes a pipe, the last close()
 * ends it and what is in it; in between the inode knows it. open() waits for the
 * other end, and it suffices that somebody was there for a moment.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

#include "core/mutex.h"
#include "pipe_internal.h"
#include "posix/inode.h"

#define NO_OPEN (-1l) /* what ->writes_opened never was */

/* [F] which pipe an inode has, and how many files that has */
static struct mutex fifo_lock = MUTEX_INIT("fifo_lock");

static struct pipe *pipe_of(struct inode *inode)
{
	struct pipe *pipe;

	mutex_lock(&fifo_lock);
	pipe = inode->node.fifo;
	if (!pipe)
		pipe = inode->node.fifo = pipe_create();
	if (pipe)
		pipe->ends++;
	mutex_unlock(&fifo_lock);
	return pipe;
}

static void put_pipe_of(struct inode *inode)
{
	struct pipe *pipe = inode->node.fifo;

	mutex_lock(&fifo_lock);
	if (--pipe->ends == 0) {
		inode->node.fifo = NULL;
		pipe_destroy(pipe);
	}
	mutex_unlock(&fifo_lock);
}

static void fifo_release(struct file *file)
{
	pipe_end_close(file->data, file);
	put_pipe_of(file->inode);
}

/* stat() is the inode's. */
static const struct file_ops fifo_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.ioctl = pipe_ioctl,
	.ready = pipe_ready,
	.release = fifo_release,
};

/* Somebody at the other end: now, or for a moment since @before was taken. */
static int wait_for_other_end(struct pipe *pipe, const struct file *file,
                              unsigned int before)
{
	if (file_may_read(file)) {
		return wait_for(&pipe->readable,
		                READ_ONCE(pipe->writers) > 0 ||
		                        READ_ONCE(pipe->writes_opened) !=
		                                before,
		                UINT64_MAX, THREAD_INTERRUPTIBLE);
	}
	return wait_for(&pipe->writable,
	                READ_ONCE(pipe->readers) > 0 ||
	                        READ_ONCE(pipe->reads_opened) != before,
	                UINT64_MAX, THREAD_INTERRUPTIBLE);
}

static int open_end(struct pipe *pipe, struct file *file)
{
	const unsigned int access = file->flags & O_ACCMODE;
	const unsigned int others = access == O_WRONLY
	                                    ? READ_ONCE(pipe->reads_opened)
	                                    : READ_ONCE(pipe->writes_opened);
	const bool had_writers = READ_ONCE(pipe->writers) > 0;
	int err = 0;

	if (access == O_WRONLY && file->flags & O_NONBLOCK &&
	    READ_ONCE(pipe->readers) == 0)
		return -ENXIO;
	file->position = had_writers ? NO_OPEN : (off_t)others;
	pipe_end_open(pipe, file);
	if (file_may_read(file))
		wait_queue_wake_all(&pipe->writable);
	if (file_may_write(file))
		wait_queue_wake_all(&pipe->readable);

	if (access != O_RDWR && !(file->flags & O_NONBLOCK))
		err = wait_for_other_end(pipe, file, others);
	if (err)
		pipe_end_close(pipe, file);
	return err;
}

int fifo_open(struct file *file, struct inode *inode)
{
	struct pipe *pipe = pipe_of(inode);
	int err;

	if (!pipe)
		return -ENOMEM;
	err = open_end(pipe, file);
	if (err)
		put_pipe_of(inode);
	else
		file->ops = &fifo_ops;
	return err;
}
