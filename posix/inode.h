/* SPDX-License-Identifier: MIT */
/*
 * What has a name in the file system: regular files, directories, symbolic
 * links, FIFOs, devices and synthetic files. All of it is memory. docs/files.md
 * draws how names, inodes and pages hang together and says which lock is whose.
 *
 * Marks: [T] tree_lock, [L] inode->lock, [W] inode->regular.content held for
 * writing to change, for reading to look, [A] atomic, [I] never changes.
 */
#ifndef POSIX_INODE_H
#define POSIX_INODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "core/lock.h"
#include "core/rwsem.h"
#include "posix/file.h"

/* Pages by their number: posix/fs/page_index.h */
struct page_index {
	uintptr_t root; /* [A] */
};

struct regular {
	struct rwsem content;
	struct page_index index; /* [L] to change, [W] to remove from */
	off_t size;              /* [A] changes under [W] */
	unsigned long pages;     /* [L] */
	unsigned int seals;      /* [A] F_SEAL_* of memfd_create() */
};

/* A place in the list of a directory: of an entry, or where a reader stands. */
struct child {
	struct child *next, *previous; /* [T] */
	uint64_t cookie;               /* [I] ascending; 0: a reader's */
};

struct directory {
	struct inode *parent;  /* [T] a reference; itself at the root */
	struct entry *entry;   /* [T] its name; NULL at the root or removed */
	struct child children; /* [T] ends of the ring */
	void (*refresh)(void); /* [I] of fs_live_folder(), or NULL */
	uint64_t next_cookie;  /* [T] */
	unsigned long count;   /* [T] */
};

struct symlink {
	char *target; /* [I] */
	size_t length;
};

/* A device or synthetic file. */
struct node {
	const struct file_ops *ops; /* [I] NULL: nobody serves it */
	void *data;                 /* [I] */
	void *fifo;                 /* of who serves FIFOs */
};

struct inode {
	unsigned int references; /* [A] names, files, walks */
	unsigned int links;      /* [T] */
	struct entry *name; /* [T] its newest, while that is there, or NULL */
	bool may_have_name; /* [T] without links: it may get one */
	void (*destroy)(struct inode *inode); /* [I] the last reference went */
	struct spinlock lock;
	mode_t mode;                         /* [L] its type: [I] */
	uid_t uid;                           /* [L] */
	gid_t gid;                           /* [L] */
	ino_t number;                        /* [I] */
	dev_t device;                        /* [I] of device nodes */
	struct timespec atime, mtime, ctime; /* [L] */
	uint64_t changed_tick;   /* [A] when mtime and ctime were set */
	uint64_t read_tick;      /* [A] when atime was */
	struct file_lock *locks; /* posix/fs/lock.c */
	union {
		struct regular regular;
		struct directory directory;
		struct symlink symlink;
		struct node node;
	};
};

static inline struct inode *inode_hold(struct inode *inode)
{
	__atomic_fetch_add(&inode->references, 1, __ATOMIC_RELAXED);
	return inode;
}

/* What ends an inode with pages. */
void regular_destroy(struct inode *inode);

/* Context: threads, no lock held. Acquire, release as file_put(). */
static inline void inode_put(struct inode *inode)
{
	if (__atomic_fetch_sub(&inode->references, 1, __ATOMIC_ACQ_REL) == 1)
		inode->destroy(inode);
}

/* With pages of its own; a synthetic file is none. */
static inline bool inode_is_regular(const struct inode *inode)
{
	return inode->destroy == regular_destroy;
}

/*
 * The path of its newest name, which may be none any more when it is returned: into
 * [@buffer, + @size), at its end. NULL: it has none that is known, or it does not
 * fit. Context: threads.
 */
const char *inode_path(const struct inode *inode, char *buffer, size_t size);

/* Its status, one moment of it. */
void inode_stat(struct inode *inode, struct stat *to);

/*
 * posix/fs/socket_name.c: a new socket's name, -EEXIST; and what @path leads to.
 * Both from the working directory on, with a reference. Errors as open() has them.
 */
int inode_make_socket(const char *path, struct inode **inode_out) __must_check;
int inode_find(const char *path, struct inode **inode_out) __must_check;

/* posix/fs/lock.c: locks go with the descriptor, or with the file. */
void inode_file_closed(struct file *file);
void inode_file_released(struct file *file);

/* posix/fs/memfd.c: F_ADD_SEALS, F_GET_SEALS */
long file_seals(struct file *file, int command, unsigned long argument);

/*
 * A FIFO is opened: sets file->ops, ->data and ->queue. -ENOMEM; -ENXIO: nobody
 * reads, and it is not to be waited for; -EINTR.
 */
int fifo_open(struct file *file, struct inode *inode);

#endif /* POSIX_INODE_H */
