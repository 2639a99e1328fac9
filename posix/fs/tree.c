/* SPDX-License-Identifier: MIT */
/*
 * Changes of the tree, each as one step under tree_lock: memory for a new name is
 * there before, what falls out of the tree is put behind. So nobody ever sees
 * half a rename, and two renames cannot make a circle.
 *
 * A directory counts as removed when it has no links: nothing can be made in it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>

#include "mm/kmem.h"
#include "posix/fs/fs_internal.h"

/* A name for @walk's last, which must be one that can be made. */
static struct entry *new_entry(const struct walk *walk, int *error_out)
{
	struct entry *entry =
		entry_create(walk->name, walk->length, walk->hash);

	names_make_room();
	if (!entry)
		*error_out = -ENOSPC;
	return entry;
}

static struct entry *find_last(const struct walk *walk) __must_hold(&tree_lock)
{
	return names_find(walk->at, walk->name, walk->length, walk->hash);
}

/* @inode gets its name; the name takes a reference. */
static void attach(struct entry *entry, struct inode *directory,
                   struct inode *inode, const struct moment *now)
	__must_hold(&tree_lock)
{
	names_insert(entry, directory, inode_hold(inode));
	if (S_ISDIR(inode->mode)) {
		inode->directory.parent = inode_hold(directory);
		inode->links = 2;
		directory->links++;
	} else {
		inode->links++;
	}
	inode_changed(directory, now);
}

/* The entry's memory and the reference of its inode are the caller's. */
static void detach(struct entry *entry, const struct moment *now)
	__must_hold(&tree_lock)
{
	struct inode *inode = entry->inode;

	names_remove(entry);
	if (S_ISDIR(inode->mode)) {
		inode->directory.entry = NULL;
		inode->links = 0;
		entry->directory->links--;
	} else {
		inode->links--;
	}
	inode->may_have_name = inode->links > 0;
	inode_changed(entry->directory, now);
	inode_status_changed(inode, now);
}

/* -EEXIST: there is such a name. The kinds "." and "/" exist always. */
int tree_add(struct walk *walk, struct inode *inode)
{
	struct entry *entry;
	struct moment now;
	unsigned long flags;
	int err = 0;

	if (walk->kind != WALK_NAME)
		return -EEXIST;
	entry = new_entry(walk, &err);
	if (!entry)
		return err;
	moment_now(&now);
	flags = spin_lock_irqsave(&tree_lock);
	if (find_last(walk))
		err = -EEXIST;
	else if ((walk->slash && !S_ISDIR(inode->mode)) ||
	         walk->at->links == 0 || !inode->may_have_name)
		err = -ENOENT;
	else
		attach(entry, walk->at, inode, &now);
	spin_unlock_irqrestore(&tree_lock, flags);
	if (err)
		kfree(entry);
	return err;
}

int tree_link(struct walk *walk, struct inode *inode)
{
	struct moment now;
	int err;

	if (S_ISDIR(inode->mode))
		return -EPERM;
	err = tree_add(walk, inode);
	if (err)
		return err;
	moment_now(&now);
	inode_status_changed(inode, &now);
	return 0;
}

static void drop(struct entry *entry)
{
	struct inode *inode = entry->inode;

	kfree(entry);
	inode_put(inode);
}

int tree_unlink(struct walk *walk)
{
	struct entry *entry;
	struct moment now;
	unsigned long flags;
	int err = 0;

	if (walk->kind != WALK_NAME)
		return -EISDIR;
	moment_now(&now);
	flags = spin_lock_irqsave(&tree_lock);
	entry = find_last(walk);
	if (!entry)
		err = -ENOENT;
	else if (S_ISDIR(entry->inode->mode))
		err = -EISDIR;
	else if (walk->slash)
		err = -ENOTDIR;
	else
		detach(entry, &now);
	spin_unlock_irqrestore(&tree_lock, flags);
	if (!err)
		drop(entry);
	return err;
}

int tree_rmdir(struct walk *walk)
{
	struct entry *entry;
	struct moment now;
	unsigned long flags;
	int err = 0;

	switch (walk->kind) {
	case WALK_DOT:
		return -EINVAL;
	case WALK_DOTDOT:
		return -ENOTEMPTY;
	case WALK_ROOT:
		return -EBUSY;
	case WALK_NAME:
		break;
	}
	moment_now(&now);
	flags = spin_lock_irqsave(&tree_lock);
	entry = find_last(walk);
	if (!entry)
		err = -ENOENT;
	else if (!S_ISDIR(entry->inode->mode))
		err = -ENOTDIR;
	else if (entry->inode->directory.count > 0)
		err = -ENOTEMPTY;
	else
		detach(entry, &now);
	spin_unlock_irqrestore(&tree_lock, flags);
	if (!err)
		drop(entry);
	return err;
}

/* Is @inode @directory, or above it? */
static bool is_above(const struct inode *inode, const struct inode *directory)
	__must_hold(&tree_lock)
{
	for (;;) {
		if (inode == directory)
			return true;
		if (directory->directory.parent == directory)
			return false;
		directory = directory->directory.parent;
	}
}

/* -errno, or 0: @source may take the place of @target (NULL: a free name). */
static int check_rename(const struct walk *from, const struct walk *to,
                        const struct entry *source, const struct entry *target,
                        unsigned int flags) __must_hold(&tree_lock)
{
	const bool directory = source && S_ISDIR(source->inode->mode);
	const bool over = target && S_ISDIR(target->inode->mode);

	if (!source)
		return -ENOENT;
	if (target && flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (!target && flags & RENAME_EXCHANGE)
		return -ENOENT;
	if ((from->slash && !directory) ||
	    (to->slash && !(flags & RENAME_EXCHANGE ? over : directory)))
		return -ENOTDIR;
	if (to->at->links == 0)
		return -ENOENT;
	if (directory && is_above(source->inode, to->at))
		return -EINVAL;
	if (over && is_above(target->inode, from->at))
		return flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	if (!target || flags & RENAME_EXCHANGE ||
	    source->inode == target->inode)
		return 0;
	if (directory && !over)
		return -ENOTDIR;
	if (!directory && over)
		return -EISDIR;
	return over && target->inode->directory.count > 0 ? -ENOTEMPTY : 0;
}

/* @inode, whose name is @entry now, came from @from. Its old parent. */
static struct inode *moved(struct inode *inode, struct entry *entry,
                           struct inode *from, const struct moment *now)
	__must_hold(&tree_lock)
{
	struct inode *to = entry->directory;
	struct inode *parent = NULL;

	inode->name = entry;
	inode_status_changed(inode, now);
	if (!S_ISDIR(inode->mode))
		return NULL;
	inode->directory.entry = entry;
	if (from != to) {
		parent = inode->directory.parent;
		inode->directory.parent = inode_hold(to);
		from->links--;
		to->links++;
	}
	return parent;
}

/* What is to be put when the lock is free again. */
struct leftovers {
	struct entry *entries[2];
	struct inode *inodes[3];
};

static void exchange(struct entry *source, struct entry *target,
                     const struct moment *now, struct leftovers *left)
	__must_hold(&tree_lock)
{
	struct inode *one = source->inode;
	struct inode *other = target->inode;

	tree_generation++;
	source->inode = other;
	target->inode = one;
	left->inodes[0] = moved(one, target, source->directory, now);
	left->inodes[1] = moved(other, source, target->directory, now);
}

/* @fresh is the name for when @target has none yet; else it is left over. */
static void replace(struct entry *source, struct entry *target,
                    struct entry *fresh, struct inode *to,
                    const struct moment *now, struct leftovers *left)
	__must_hold(&tree_lock)
{
	struct inode *inode = source->inode;
	struct inode *from = source->directory;
	struct inode *old = target ? target->inode : NULL;
	struct child *place = source->child.next;

	names_remove(source);
	left->entries[0] = source;
	if (target) {
		target->inode = inode;
		left->entries[1] = fresh;
	} else {
		target = fresh;
		names_insert(fresh, to, inode);
		if (from == to)
			child_take_place(&fresh->child, place,
			                 source->child.cookie);
	}
	left->inodes[0] = moved(inode, target, from, now);
	if (!old)
		return;
	left->inodes[1] = old;
	if (old->name == target)
		old->name = NULL;
	if (S_ISDIR(old->mode)) {
		old->directory.entry = NULL;
		old->links = 0;
		to->links--;
	} else {
		old->links--;
	}
	old->may_have_name = old->links > 0;
	inode_status_changed(old, now);
}

static int rename_locked(struct walk *from, struct walk *to, unsigned int flags,
                         struct entry *fresh, const struct moment *now,
                         struct leftovers *left) __must_hold(&tree_lock)
{
	struct entry *source = find_last(from);
	struct entry *target = find_last(to);
	int err = check_rename(from, to, source, target, flags);

	if (err || source == target ||
	    (target && source->inode == target->inode)) {
		left->entries[0] = fresh;
		return err;
	}
	if (flags & RENAME_EXCHANGE) {
		exchange(source, target, now, left);
		left->entries[0] = fresh;
	} else {
		replace(source, target, fresh, to->at, now, left);
	}
	inode_changed(from->at, now);
	inode_changed(to->at, now);
	return 0;
}

int tree_rename(struct walk *from, struct walk *to, unsigned int flags)
{
	struct leftovers left = { 0 };
	unsigned long irq_flags;
	struct entry *fresh;
	struct moment now;
	unsigned int i;
	int err = 0;

	if (from->kind != WALK_NAME)
		return -EBUSY;
	if (to->kind != WALK_NAME)
		return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	fresh = new_entry(to, &err);
	if (!fresh)
		return err;
	moment_now(&now);
	irq_flags = spin_lock_irqsave(&tree_lock);
	err = rename_locked(from, to, flags, fresh, &now, &left);
	spin_unlock_irqrestore(&tree_lock, irq_flags);
	for (i = 0; i < ARRAY_SIZE(left.entries); i++)
		kfree(left.entries[i]);
	for (i = 0; i < ARRAY_SIZE(left.inodes); i++) {
		if (left.inodes[i])
			inode_put(left.inodes[i]);
	}
	return err;
}
