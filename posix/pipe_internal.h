/* SPDX-License-Identifier: MIT */
/*
 * What a pipe is: a ring of pages, taken when bytes come and given back when
 * they are gone. Bytes lie in [start, start + bytes), modulo the capacity.
 *
 *      page 0       page 1       page 2       page 3
 *      |....|       |  ##|       |####|       |#   |      # bytes, . no page
 *                      start ---------------->|
 *
 * An empty pipe begins at the beginning of a page again and keeps that one.
 */
#ifndef POSIX_PIPE_INTERNAL_H
#define POSIX_PIPE_INTERNAL_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "core/compiler.h"
#include "core/mutex.h"
#include "core/wait.h"
#include "mm/types.h"
#include "posix/file.h"

#define PIPE_PAGES     16u  /* 64 KiB, as on Linux */
#define PIPE_MAX_PAGES 256u /* what F_SETPIPE_SZ permits without privileges */

struct pipe {
	struct mutex lock;
	unsigned int bytes;    /* [A] written under the lock */
	unsigned int start;    /* [L] < capacity */
	unsigned int capacity; /* [A] a power of two, written under the lock */
	unsigned int readers;  /* [A] open files, written under the lock */
	unsigned int writers;  /* [A] likewise */
	unsigned int reads_opened;  /* [A] how often, for open() that waits */
	unsigned int writes_opened; /* [A] likewise */
	unsigned int both_opened;   /* [A] files that do both */
	unsigned int ends; /* [A] files; the last one frees it. [F] of a FIFO */
	struct wait_queue readable; /* readers wait here */
	struct wait_queue writable; /* writers wait here */
	unsigned char **pages;      /* [L] capacity / PAGE_SIZE; NULL: none */
};

/* Bytes that fit still. */
static inline unsigned int pipe_room(const struct pipe *pipe)
{
	return READ_ONCE(pipe->capacity) - READ_ONCE(pipe->bytes);
}

/* An empty pipe; NULL: no memory. */
struct pipe *pipe_create(void) __must_check;
/* No file is open. */
void pipe_destroy(struct pipe *pipe);

/* @file, whose flags say what for, is an end of @pipe from now on, and no more. */
void pipe_end_open(struct pipe *pipe, struct file *file);
void pipe_end_close(struct pipe *pipe, const struct file *file);

/* Operations of a file whose data is a pipe. */
long pipe_read(struct file *file, void *to, size_t count, off_t *position);
long pipe_write(struct file *file, const void *from, size_t count,
                off_t *position);
long pipe_ioctl(struct file *file, unsigned long request, void *argument);
unsigned int pipe_ready(struct file *file);

/*
 * Move bytes between the application and the ring; @count is not more than
 * there are, or than fit. Returns how many, or -EFAULT or -ENOMEM when none did.
 * Context: the pipe's lock is held.
 */
long pipe_ring_put(struct pipe *pipe, const char *from, size_t count);
long pipe_ring_take(struct pipe *pipe, char *to, size_t count);

/* 0, -ENOMEM, or -EBUSY: that is less than the bytes it holds. */
int pipe_ring_resize(struct pipe *pipe, unsigned int pages);

/* Forget all bytes and give the pages back. */
void pipe_ring_clear(struct pipe *pipe);

#endif /* POSIX_PIPE_INTERNAL_H */
