/* SPDX-License-Identifier: MIT */
/*
 * Directories as open files. Whoever reads one stands in its ring of names with a
 * cursor, so that names may come and go meanwhile and each name that stays is
 * given once. Positions are cookies: they ascend along the ring. A directory ends
 * where it ended when its reader began: names that come later are not waited for.
 *
 *       ends <-> a (3) <-> b (4) <-> [cursor] <-> d (6) <-> ends
 */
#include <errno.h>
#include <string.h>

#include "mm/kmem.h"
#include "posix/fs/fs_internal.h"

#define COOKIE_FIRST 3u /* "." is 0 and ".." 1; the first name begins at 2 */
#define BATCH_NAMES  8u

struct cursor {
	struct child child; /* in the ring while ->in_ring */
	bool in_ring;
	uint64_t position; /* [L] of the file: where the cursor stands */
	uint64_t end;      /* the first cookie that is not read */
};

static void directory_destroy(struct inode *inode)
{
	while (inode) {
		struct inode *parent = inode->directory.parent;

		kfree(inode);
		if (!parent || __atomic_fetch_sub(&parent->references, 1,
		                                  __ATOMIC_ACQ_REL) != 1)
			return;
		inode = parent; /* a removed one, too */
	}
}

struct inode *directory_create(mode_t mode)
{
	struct inode *inode = inode_create(
		S_IFDIR | mode, INODE_BYTES(directory), directory_destroy);
	struct child *ends;

	if (!inode)
		return NULL;
	ends = &inode->directory.children;
	ends->next = ends;
	ends->previous = ends;
	inode->directory.next_cookie = COOKIE_FIRST;
	return inode;
}

static int directory_open(struct file *file)
{
	file->data = kzalloc(sizeof(struct cursor), GFP_KERNEL);
	return file->data ? 0 : -ENOMEM;
}

static void directory_release(struct file *file)
{
	struct cursor *cursor = file->data;
	unsigned long flags;

	inode_file_released(file);
	flags = spin_lock_irqsave(&tree_lock);
	if (cursor->in_ring)
		child_remove(&cursor->child);
	spin_unlock_irqrestore(&tree_lock, flags);
	kfree(cursor);
}

static void place_before(struct cursor *cursor, struct child *next)
	__must_hold(&tree_lock)
{
	struct child *child = &cursor->child;

	if (child->next != next)
		child_take_place(child, next, 0);
}

/* The cursor before the first name from @position on. */
static void seek(struct cursor *cursor, struct directory *directory,
                 uint64_t position) __must_hold(&tree_lock)
{
	struct child *next;

	if (!cursor->in_ring) {
		child_append(directory, &cursor->child);
		cursor->in_ring = true;
		cursor->end = directory->next_cookie;
	} else if (position == cursor->position) {
		return;
	}
	next = directory->children.next;
	while (next != &directory->children &&
	       (next->cookie == 0 || next->cookie < position))
		next = next->next;
	if (next != &cursor->child)
		place_before(cursor, next);
	if (position <= COOKIE_FIRST)
		cursor->end = directory->next_cookie;
}

/* One name, copied out of the tree. */
struct copied {
	uint64_t cookie;
	ino_t number;
	unsigned char type, length;
	char name[NAME_LENGTH_MAX + 1];
};

static unsigned char type_of(const struct inode *inode)
{
	return (inode->mode & S_IFMT) >> 12; /* DT_* */
}

/* The next name; false: there is none. The cursor stays before it. */
static bool copy_next(struct inode *inode, struct cursor *cursor,
                      uint64_t position, struct copied *copied)
{
	struct directory *directory = &inode->directory;
	unsigned long flags = spin_lock_irqsave(&tree_lock);
	const struct entry *entry;
	struct child *next;
	bool found;

	seek(cursor, directory, position);
	next = cursor->child.next;
	while (next != &directory->children && next->cookie == 0)
		next = next->next;
	found = next != &directory->children && next->cookie < cursor->end;
	if (found) {
		place_before(cursor, next);
		entry = (const struct entry *)next;
		copied->cookie = next->cookie;
		copied->number = entry->inode->number;
		copied->type = type_of(entry->inode);
		copied->length = entry->length;
		memcpy(copied->name, entry->name, entry->length + 1u);
	}
	cursor->position = found ? next->cookie : position;
	spin_unlock_irqrestore(&tree_lock, flags);
	return found;
}

/* "." and "..", positions 0 and 1. */
static bool emit_dots(struct inode *inode, off_t *position,
                      file_entry_function *emit, void *context)
{
	if (*position == 0) {
		if (!emit(context, ".", 1, inode->number, S_IFDIR >> 12, 1))
			return false;
		*position = 1;
	}
	if (*position == 1) {
		unsigned long flags = spin_lock_irqsave(&tree_lock);
		ino_t number = inode->directory.parent
		                       ? inode->directory.parent->number
		                       : inode->number;

		spin_unlock_irqrestore(&tree_lock, flags);
		if (!emit(context, "..", 2, number, S_IFDIR >> 12, 2))
			return false;
		*position = 2;
	}
	return true;
}

static int directory_entries(struct file *file, off_t *position,
                             file_entry_function *emit, void *context)
{
	struct cursor *cursor = file->data;
	struct inode *inode = file->inode;
	struct copied copied;

	if (READ_ONCE(inode->links) == 0)
		return -ENOENT;
	if (!emit_dots(inode, position, emit, context))
		return 0;
	while (copy_next(inode, cursor, *position, &copied)) {
		if (!emit(context, copied.name, copied.length, copied.number,
		          copied.type, copied.cookie + 1))
			break;
		*position = copied.cookie + 1;
	}
	inode_read(inode);
	return 0;
}

static long directory_read(struct file *file, void *to, size_t count,
                           off_t *position)
{
	(void)file, (void)to, (void)count, (void)position;
	return -EISDIR;
}

const struct file_ops directory_ops = {
	.open = directory_open,
	.read = directory_read,
	.entries = directory_entries,
	.release = directory_release,
};
