/* SPDX-License-Identifier: MIT */
/*
 * Open files and their descriptors. A file is what open(), pipe(), epoll_create()
 * ... made; it lives as long as a descriptor or a system call uses it. What kind
 * it is says its table of operations.
 *
 * Context: threads, interrupts on, no spinlock held.
 */
#ifndef POSIX_FILE_H
#define POSIX_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/compiler.h"
#include "core/mutex.h"
#include "core/wait.h"

struct file;
struct inode; /* posix/inode.h: of what has a name in a file system */
struct page;

/* One directory entry for getdents64(); false: no room, stop. */
typedef bool file_entry_function(void *context, const char *name,
                                 size_t name_bytes, ino_t inode,
                                 unsigned char type, off_t next);

/*
 * Every operation may be NULL: then the call fails as Linux fails it (-EINVAL,
 * -ESPIPE, -ENOTTY, ...). @to, @from and @argument are the application's, not yet
 * checked: use core/user_access.h. @position is file->position, locked, or the
 * offset of pread() and pwrite(), and the operation moves it; NULL for files that
 * have none (streams: those without size and entries).
 */
struct file_ops {
	/* Opened by its name (include/posix/fs.h). 0, or -errno and it is not. */
	int (*open)(struct file *file);
	long (*read)(struct file *file, void *to, size_t count,
	             off_t *position);
	long (*write)(struct file *file, const void *from, size_t count,
	              off_t *position);
	/*
	 * For sendfile(): @count bytes at @offset of @page, which it may keep as long
	 * as it needs; @more: others follow at once. NULL: write().
	 */
	long (*write_page)(struct file *file, struct page *page, size_t offset,
	                   size_t count, bool more);
	/* The end of the file for SEEK_END; NULL: it cannot be sought. */
	off_t (*size)(struct file *file);
	long (*ioctl)(struct file *file, unsigned long request, void *argument);
	/* POLLIN | POLLOUT | ... of now. NULL: always both. */
	unsigned int (*ready)(struct file *file);
	int (*stat)(struct file *file, struct stat *stat_out);
	int (*truncate)(struct file *file, off_t size);
	/* fallocate() with its @mode; NULL: -EOPNOTSUPP. */
	int (*allocate)(struct file *file, int mode, off_t offset,
	                off_t length);
	/* Data, or a hole, from @offset on; NULL: all of it is data. */
	off_t (*find)(struct file *file, off_t offset, bool data);
	/* Memory to storage; NULL: there is nothing to do. */
	int (*sync)(struct file *file);
	/* Entries from @*position on; moves it. */
	int (*entries)(struct file *file, off_t *position,
	               file_entry_function *emit, void *context);
	/*
	 * For mmap(): pages [index, index + count) of the file with a reference
	 * each into @pages. @write: they will be written, so they must be the
	 * file's own (holes are filled). NULL: -ENODEV. 0 or -errno and no page;
	 * -ENXIO: part of the range is behind the end of the file. Takes no lock
	 * that is held while memory of an application is copied, so a page fault
	 * may ask.
	 */
	int (*pages)(struct file *file, uint64_t index, size_t count,
	             bool write, struct page **pages);
	/* A descriptor of it was closed; others may be open. */
	void (*closed)(struct file *file);
	/* The last user is gone. file->inode is put behind it. */
	void (*release)(struct file *file);
};

/*
 * Somebody, epoll, who keeps no reference of a file and wants to know when it
 * goes: ->forget(file) of the first one is called when the last reference is
 * gone, before release(), and empties file->watched_by.
 */
struct file_watcher {
	struct file_watcher *next;
	void (*forget)(struct file *file);
};

struct file {
	const struct file_ops *ops; /* [I] */
	unsigned int references;    /* [A] */
	unsigned int flags;         /* [A] O_* of open() and F_SETFL */
	struct inode *inode;        /* [I] a reference, or NULL */
	void *data;                 /* [I] of its kind */
	/*
	 * [I] woken whenever ready() may say something new; NULL: that never
	 * changes. poll() and epoll watch it.
	 */
	struct wait_queue *queue;
	struct file_watcher *watched_by; /* of the watchers' lock, or NULL */
	struct mutex position_lock;
	off_t position; /* [L] */
};

/*
 * A new file with one reference, the caller's. @flags: O_*. NULL: no memory.
 */
struct file *file_create(const struct file_ops *ops, unsigned int flags,
                         void *data, struct wait_queue *queue) __must_check;

/*
 * The open file behind @fd with a reference more; NULL: -EBADF. file_get() does
 * not see what was opened with O_PATH, as most calls must not.
 * cost: <= 20 instructions, no lock that is shared by descriptors
 */
struct file *file_get(int fd);
struct file *file_get_any(int fd);
struct file *file_hold(struct file *file); /* one reference more */
void file_put(struct file *file);

static inline bool file_may_read(const struct file *file)
{
	return (file->flags & 3) != 1; /* O_ACCMODE, O_WRONLY */
}

static inline bool file_may_write(const struct file *file)
{
	return (file->flags & 3) != 0; /* O_RDONLY */
}

/*
 * The lowest free descriptor from @least on for @file, whose reference it takes
 * over. -EMFILE: none, -ENOMEM, and the reference is the caller's still.
 */
int fd_install(struct file *file, int least, bool close_on_exec) __must_check;

/* The same for a file just made: puts it when that fails. NULL: -ENOMEM. */
int fd_install_new(struct file *file, bool close_on_exec) __must_check;

/*
 * In two steps, for who must not begin what would have no descriptor: the number,
 * -EMFILE or -ENOMEM, closed to all others; then its file, or nothing.
 */
int fd_reserve(bool close_on_exec) __must_check;
void fd_fill(int fd, struct file *file); /* takes the reference over */
void fd_unreserve(int fd);

/* Close @fd. -EBADF. */
int fd_close(int fd);

/* Close all: the process ends. */
void fd_close_all(void);

/* 0, 1 and 2 are the console. Before main(). */
void fd_init(void);

bool file_is_open(int fd);

/*
 * What dup2() does: @fd is @file from now on; takes the reference over unless it
 * fails. -EBADF, -ENOMEM, -EBUSY: somebody is about to open @fd.
 */
int fd_replace(int fd, struct file *file, bool close_on_exec) __must_check;

/* FD_CLOEXEC of an open descriptor, or -EBADF. */
int fd_close_on_exec(int fd) __must_check;
int fd_set_close_on_exec(int fd, bool close_on_exec) __must_check;

/* RLIMIT_NOFILE: descriptors are below. setrlimit() sets it, up to FD_MAX. */
#define FD_MAX 16384u
extern unsigned int fd_limit; /* [A] */

/* The status of @file as fstat() has it. 0 or -errno. */
int file_stat(struct file *file, struct stat *stat_out);

/* read() and write() without descriptor; @position NULL: file->position. */
long file_read(struct file *file, void *to, size_t count, off_t *position);
long file_write(struct file *file, const void *from, size_t count,
                off_t *position);

/* fcntl() with record locks, flock(): posix/fs/lock.c */
long file_lock_fcntl(struct file *file, int command, void *argument);

/* What the console is to descriptors 0 to 2: posix/console_file.c */
extern struct file console_files[3];

#endif /* POSIX_FILE_H */
