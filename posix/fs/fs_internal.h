/* SPDX-License-Identifier: MIT */
/*
 * What the files of the file system share: inodes, names, walks of paths.
 *
 * Locking: tree_lock guards every name and directory; it is held for a few
 * names at a time and never while memory of an application is touched.
 */
#ifndef POSIX_FS_FS_INTERNAL_H
#define POSIX_FS_FS_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "core/compiler.h"
#include "core/lock.h"
#include "posix/inode.h"

#define NAME_LENGTH_MAX 255u
#define LINKS_MAX       40u /* symbolic links in one path */
#define DEVICE_NUMBER   1u  /* st_dev of everything here */

extern struct spinlock tree_lock;

/*
 * posix/fs/root.c: the root, made at the first call; NULL: no memory. The working
 * directory is the root until chdir().
 */
struct inode *fs_root(void);
struct inode *fs_working_directory(void) __must_hold(&tree_lock);
void fs_set_working_directory(struct inode *directory); /* takes a reference */
unsigned int fs_use_umask(unsigned int mode);

/*
 * posix/fs/inode.c. inode_create() makes any kind but regular, with one
 * reference and no link. -errno by NULL: -ENOMEM.
 */
struct inode *inode_create(mode_t mode, size_t size,
                           void (*destroy)(struct inode *inode));
/* Room for an inode whose last member used is @member. */
#define INODE_BYTES(member) \
	(offsetof(struct inode, member) + sizeof(((struct inode *)0)->member))

struct inode *regular_create(mode_t mode);
struct inode *directory_create(mode_t mode);
struct inode *symlink_create(const char *target, size_t length);
struct inode *node_create(mode_t mode, dev_t device, const struct file_ops *ops,
                          void *data);
/* @inode, a device, serves its number for good; who serves @inode's number. */
void node_publish(struct inode *inode);
const struct node *node_served(const struct inode *inode);

extern const struct file_ops regular_ops, directory_ops;

/* File times move in steps of 4 ms; within one nothing is written. */
struct moment {
	uint64_t tick;
	struct timespec time;
};

void moment_now(struct moment *now);
/* mtime and ctime, or ctime alone, are @now. */
void inode_changed(struct inode *inode, const struct moment *now);
void inode_status_changed(struct inode *inode, const struct moment *now);
/* The contents were changed, or read, now. <= 20 instructions mostly */
void inode_written(struct inode *inode);
void inode_read(struct inode *inode);

int regular_truncate(struct inode *inode, off_t size) __must_check;
/* May memory for @pages pages be taken? The rest of the system needs some. */
bool fs_has_room(unsigned long pages);
unsigned long fs_reserve(void);
/* -EFBIG, with SIGXFSZ, when a file must not reach @end. */
int fs_check_size(uint64_t end) __must_check;

/*
 * posix/fs/names.c: an entry is a name in a directory. The table of all names
 * finds them by directory and name.
 */
struct entry {
	struct child child;      /* first: the list of the directory */
	struct entry *next;      /* [T] in the table */
	struct inode *directory; /* [T] */
	struct inode *inode;     /* [T] a reference */
	uint32_t hash;           /* [I] of name and directory */
	uint8_t length;          /* [I] */
	char name[];             /* [I] ends with NUL */
};

static inline uint32_t name_hash_step(uint32_t hash, unsigned char byte)
{
	return (hash ^ byte) * 0x01000193u; /* FNV-1a */
}

#define NAME_HASH_START 0x811c9dc5u

int names_init(void) __must_check;
/* Room for one more name, as far as memory permits. Context: no lock held. */
void names_make_room(void);
struct entry *names_find(const struct inode *directory, const char *name,
                         unsigned int length, uint32_t hash)
	__must_hold(&tree_lock);
struct entry *entry_create(const char *name, unsigned int length,
                           uint32_t hash);
/* Makes @inode's name; takes its reference over. Links are the caller's. */
void names_insert(struct entry *entry, struct inode *directory,
                  struct inode *inode) __must_hold(&tree_lock);
/* The entry's memory and its reference are then the caller's. */
void names_remove(struct entry *entry) __must_hold(&tree_lock);
void child_append(struct directory *directory, struct child *child)
	__must_hold(&tree_lock);
void child_remove(struct child *child) __must_hold(&tree_lock);
/* Before @next, as if it had come there with @cookie. */
void child_take_place(struct child *child, struct child *next, uint64_t cookie)
	__must_hold(&tree_lock);

/* posix/fs/walk.c: from a path to an inode. */
enum walk_flags {
	WALK_FOLLOW = 1, /* a symbolic link at the end, too */
	WALK_PARENT = 2, /* stop before the last name */
	WALK_EMPTY = 4,  /* "" is the descriptor itself */
};

enum walk_kind { WALK_NAME, WALK_DOT, WALK_DOTDOT, WALK_ROOT };

#define WALK_SHORT_BYTES 96u
#define WALK_SHORT_WORDS (WALK_SHORT_BYTES / 8)

struct walk {
	struct inode *at;    /* a reference: where it stands */
	struct inode *link;  /* a reference: a link to be followed, or NULL */
	const char *rest;    /* of the path */
	const char *name;    /* WALK_PARENT: the last name */
	unsigned int length; /* of it */
	uint32_t hash;
	enum walk_kind kind;
	bool slash;                /* behind it */
	unsigned int links;        /* followed so far */
	const struct inode *fresh; /* the live folder refreshed last */
	char *memory;              /* that holds the path; NULL: text */
	/* A short path as given, zeros behind it. */
	union {
		char text[WALK_SHORT_BYTES];
		uint64_t words[WALK_SHORT_WORDS];
	};
	/* posix/fs/known_paths.c */
	int nr_words;              /* of it; -errno: it is not all there */
	bool may_be_known;         /* remember where it leads */
	uint32_t known_hash;       /* of words */
	uint64_t generation;       /* of the tree when the walk began */
	const struct inode *start; /* of a relative path, else NULL */
};

/*
 * Where a path leads, with a reference. -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG,
 * -EFAULT, -EBADF, -ENOMEM.
 */
int walk_path(int fd, const char *path, unsigned int wanted,
              struct inode **inode_out) __must_check;

/*
 * The directory of the last name, which need not be there. walk_end() after
 * success.
 */
int walk_parent(struct walk *walk, int fd, const char *path) __must_check;
void walk_end(struct walk *walk);

/* The last name is a symbolic link (@link): go on to its target's last name. */
int walk_parent_of_link(struct walk *walk, struct inode *link) __must_check;

/*
 * posix/fs/known_paths.c has walk_path(): where short paths led is known as long
 * as no name changes. walk_slowly() is for the others.
 */
#define KNOWN_WORDS 5u
void known_path_keep(const struct walk *walk, unsigned int wanted,
                     struct inode *inode) __must_hold(&tree_lock);
int walk_slowly(struct walk *walk, int fd, const char *path,
                unsigned int wanted, struct inode **found);
/* The copy alone. */
void walk_copy_path(struct walk *walk, const char *path);
extern uint64_t tree_generation; /* [T] changes with every name; never 0 */

/* posix/fs/tree.c: changes of the tree. The parent is @walk->at. */
int tree_add(struct walk *walk, struct inode *inode) __must_check;
int tree_make(struct walk *walk, struct inode *inode, bool directory);
int tree_unlink(struct walk *walk) __must_check;
int tree_rmdir(struct walk *walk) __must_check;
int tree_link(struct walk *walk, struct inode *inode) __must_check;
/* Linux's flags of renameat2(), which the C library does not declare. */
#define RENAME_NOREPLACE 1u
#define RENAME_EXCHANGE  2u
int tree_rename(struct walk *from, struct walk *to,
                unsigned int flags) __must_check;

/* posix/fs/open.c */
struct file *fs_open_at(int fd, const char *path, int flags, mode_t mode,
                        int *err);

#endif /* POSIX_FS_FS_INTERNAL_H */
