/* SPDX-License-Identifier: MIT */
/*
 * From a path to an inode. The path is copied first; then tree_lock is held for
 * the whole walk, but for three reasons to let it go:
 *
 *   WALK_LINK    a symbolic link: its target and the rest of the path become the
 *                path, in new memory
 *   WALK_BREATH  many names: others, and interrupts, have their turn
 *   WALK_FRESH   a folder whose names are brought up to date first
 *
 * With the lock held, what is reached needs no reference. Where the walk stands
 * when it lets go, and what it found, gets one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "core/user_access.h"
#include "mm/kmem.h"
#include "posix/fs/fs_internal.h"

#define BREATH_NAMES 32u

enum { WALK_DONE, WALK_LINK, WALK_BREATH, WALK_FRESH };

struct spinlock tree_lock = SPINLOCK_INIT(LOCK_TREE, "tree");

/* The directory that a descriptor is, with a reference. */
static __noinline int start_at(struct walk *walk, int fd)
{
	struct file *file = file_get_any(fd);
	int err = 0;

	if (!file)
		return -EBADF;
	if (file->inode && S_ISDIR(file->inode->mode))
		walk->at = inode_hold(file->inode);
	else
		err = -ENOTDIR;
	file_put(file);
	return err;
}

/* Long paths have memory of their own. */
static __noinline int copy_long(struct walk *walk, const char *path)
{
	long length;

	walk->memory = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!walk->memory)
		return -ENOMEM;
	length = strncpy_from_user(walk->memory, path, PATH_MAX);
	walk->rest = walk->memory;
	return length < 0 ? (int)length : 0;
}

/* The path is copied. 0 and a reference in walk->at; -errno. */
static int walk_begin(struct walk *walk, int fd, const char *path)
{
	struct inode *start = fs_root();
	unsigned long flags;

	walk->at = NULL;
	walk->link = NULL;
	walk->memory = NULL;
	walk->links = 0;
	walk->fresh = NULL;
	walk->rest = walk->text;
	if (unlikely(!start))
		return -ENOMEM;
	if (unlikely(walk->nr_words < 0)) {
		int err = walk->nr_words;

		if (err == -ENAMETOOLONG)
			err = copy_long(walk, path);
		if (err)
			return err;
	} else if (unlikely(!walk->text[0])) {
		return -ENOENT;
	}
	if (unlikely(walk->rest[0] != '/' && fd != AT_FDCWD))
		return start_at(walk, fd);

	flags = spin_lock_irqsave(&tree_lock);
	walk->start = NULL;
	if (walk->rest[0] != '/') {
		start = fs_working_directory();
		walk->start = start;
	}
	walk->at = inode_hold(start);
	walk->generation = tree_generation;
	spin_unlock_irqrestore(&tree_lock, flags);
	return 0;
}

void walk_end(struct walk *walk)
{
	if (walk->at)
		inode_put(walk->at);
	if (unlikely(walk->link))
		inode_put(walk->link);
	if (unlikely(walk->memory))
		kfree(walk->memory);
}

/* One name of the path: where it ends and what it hashes to. */
static const char *scan_name(const char *name, uint32_t *hash_out)
{
	uint32_t hash = NAME_HASH_START;

	for (; *name && *name != '/'; name++)
		hash = name_hash_step(hash, *name);
	*hash_out = hash;
	return name;
}

static const char *skip_slashes(const char *path)
{
	while (*path == '/')
		path++;
	return path;
}

static enum walk_kind kind_of(const char *name, unsigned int length)
{
	if (likely(name[0] != '.') || length > 2)
		return WALK_NAME;
	if (length == 1)
		return WALK_DOT;
	return name[1] == '.' ? WALK_DOTDOT : WALK_NAME;
}

/* NULL: there is no such name. */
static struct inode *step(struct inode *at, const char *name,
                          unsigned int length, uint32_t hash)
	__must_hold(&tree_lock)
{
	const struct entry *entry;

	switch (kind_of(name, length)) {
	case WALK_DOT:
		return at;
	case WALK_DOTDOT:
		return at->directory.parent;
	default:
		entry = names_find(at, name, length, hash);
		return entry ? entry->inode : NULL;
	}
}

/* Lets go of the lock soon: @at is where to go on. The old one is put later. */
static int stop_at(struct walk *walk, struct inode *at, struct inode **old)
	__must_hold(&tree_lock)
{
	if (walk->at != at) {
		*old = walk->at;
		walk->at = inode_hold(at);
	}
	return WALK_DONE;
}

/* @rest may hold slashes. The last name, or "" for the root. */
static int found_parent(struct walk *walk, const char *name,
                        unsigned int length, const char *rest)
{
	walk->name = name;
	walk->length = length;
	walk->slash = *rest != '\0';
	walk->kind = length > 0 ? kind_of(name, length) : WALK_ROOT;
	return WALK_DONE;
}

/* Once in a walk. */
static bool needs_refresh(const struct walk *walk, const struct inode *inode)
{
	return S_ISDIR(inode->mode) && inode->directory.refresh &&
	       walk->fresh != inode;
}

/*
 * As far as the lock may be held. WALK_DONE with a reference in *@found, or with
 * WALK_PARENT in walk->at.
 */
static int walk_locked(struct walk *walk, unsigned int wanted,
                       struct inode **found, struct inode **old)
	__must_hold(&tree_lock)
{
	struct inode *at = walk->at;
	const char *name = skip_slashes(walk->rest);
	unsigned int names = 0;

	while (*name) {
		uint32_t hash;
		const char *end = scan_name(name, &hash);
		const unsigned long length = end - name;
		const char *next_name = skip_slashes(end);
		const bool last = !*next_name;
		struct inode *next;

		if (unlikely(length > NAME_LENGTH_MAX))
			return -ENAMETOOLONG;
		if (last && wanted & WALK_PARENT) {
			walk->hash = hash;
			stop_at(walk, at, old);
			return found_parent(walk, name, length, end);
		}
		next = step(at, name, length, hash);
		if (!next)
			return -ENOENT;
		if (unlikely(S_ISLNK(next->mode)) &&
		    (*end || wanted & WALK_FOLLOW)) {
			walk->link = inode_hold(next);
			walk->rest = end;
			stop_at(walk, at, old);
			return WALK_LINK;
		}
		if (*end && !S_ISDIR(next->mode))
			return -ENOTDIR;
		at = next;
		name = next_name;
		if (unlikely(needs_refresh(walk, at))) {
			walk->fresh = at;
			walk->rest = name;
			stop_at(walk, at, old);
			return WALK_FRESH;
		}
		if (unlikely(++names == BREATH_NAMES) && !last) {
			walk->rest = name;
			stop_at(walk, at, old);
			return WALK_BREATH;
		}
	}
	if (wanted & WALK_PARENT) {
		stop_at(walk, at, old);
		return found_parent(walk, name, 0, name);
	}
	if (walk->may_be_known)
		known_path_keep(walk, wanted, at);
	*found = inode_hold(at);
	return WALK_DONE;
}

/* The target of walk->link takes the link's place in the path. */
static int follow(struct walk *walk)
{
	const struct symlink *link = &walk->link->symlink;
	const size_t rest_bytes = strlen(walk->rest) + 1;
	char *path;

	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	path = kmalloc(link->length + rest_bytes, GFP_KERNEL);
	if (!path)
		return -ENOMEM;
	memcpy(path, link->target, link->length);
	memcpy(path + link->length, walk->rest, rest_bytes);
	kfree(walk->memory);
	walk->memory = path;
	walk->rest = path;
	if (path[0] == '/') {
		inode_put(walk->at);
		walk->at = inode_hold(fs_root());
	}
	inode_put(walk->link);
	walk->link = NULL;
	return 0;
}

static int walk_on(struct walk *walk, unsigned int wanted, struct inode **found)
{
	int result;

	do {
		struct inode *old = NULL;
		unsigned long flags = spin_lock_irqsave(&tree_lock);

		result = walk_locked(walk, wanted, found, &old);
		spin_unlock_irqrestore(&tree_lock, flags);
		if (old)
			inode_put(old);
		if (result == WALK_FRESH) {
			walk->at->directory.refresh();
			walk->may_be_known = false;
		}
		if (result == WALK_LINK) {
			result = follow(walk);
			if (!result)
				result = WALK_LINK;
		}
	} while (result > WALK_DONE);
	return result;
}

/* "" with WALK_EMPTY: what @fd is. */
static __noinline int walk_empty(int fd, struct inode **inode_out)
{
	struct file *file;
	int err = 0;

	if (!fs_root())
		return -ENOMEM;
	if (fd == AT_FDCWD) {
		unsigned long flags = spin_lock_irqsave(&tree_lock);

		*inode_out = inode_hold(fs_working_directory());
		spin_unlock_irqrestore(&tree_lock, flags);
		return 0;
	}
	file = file_get_any(fd);
	if (!file)
		return -EBADF;
	if (file->inode)
		*inode_out = inode_hold(file->inode);
	else
		err = -EINVAL;
	file_put(file);
	return err;
}

int walk_slowly(struct walk *walk, int fd, const char *path,
                unsigned int wanted, struct inode **found)
{
	int err;

	if (wanted & WALK_EMPTY) {
		char first;

		if (get_user(first, path))
			return -EFAULT;
		if (!first)
			return walk_empty(fd, found);
	}
	err = walk_begin(walk, fd, path);
	if (!err)
		err = walk_on(walk, wanted, found);
	walk_end(walk);
	return err;
}

int walk_parent(struct walk *walk, int fd, const char *path)
{
	struct inode *none;
	int err;

	walk_copy_path(walk, path);
	err = walk_begin(walk, fd, path);
	if (!err)
		err = walk_on(walk, WALK_PARENT, &none);
	if (err)
		walk_end(walk);
	return err;
}

int walk_parent_of_link(struct walk *walk, struct inode *link)
{
	struct inode *none;
	int err;

	walk->rest = walk->slash ? "/" : "";
	walk->link = inode_hold(link);
	err = follow(walk);
	return err ? err : walk_on(walk, WALK_PARENT, &none);
}
