/* SPDX-License-Identifier: MIT */
/*
 * The root, and what the process has of the file system: working directory, umask,
 * limits. The root is made by the first path that anybody uses, so an image that
 * uses none has no file system.
 */
#include <errno.h>
#include <signal.h>

#include "core/log.h"
#include "core/mutex.h"
#include "mm/page_alloc.h"
#include "posix/fs.h"
#include "posix/fs/fs_internal.h"
#include "posix/signal.h"

#define RESERVE_SHARE 32u /* of all memory */
#define RESERVE_LEAST 64u /* pages */
#define RESERVE_MOST  2048u

uint64_t fs_size_limit = UINT64_MAX;
unsigned int fs_umask = 022;

static struct inode *root; /* [A] */
static struct inode *working __guarded_by(tree_lock);
static struct mutex root_mutex = MUTEX_INIT("root file system");

/*
 * The mutex's owner may resolve paths already: that is fs_populate(). Others do not
 * look at @working before there is a root.
 */
static struct inode *make_root(void) __no_lock_analysis
{
	struct inode *made;

	if (mutex_is_mine(&root_mutex))
		return working;
	mutex_lock(&root_mutex);
	made = root || names_init() ? NULL : directory_create(0755);
	if (made) {
		made->directory.parent = made;
		made->links = 2;
		working = made;
		fs_populate();
		__atomic_store_n(&root, made, __ATOMIC_RELEASE);
	}
	mutex_unlock(&root_mutex);
	return root;
}

struct inode *fs_root(void)
{
	struct inode *made = __atomic_load_n(&root, __ATOMIC_ACQUIRE);

	return likely(made) ? made : make_root();
}

struct inode *fs_working_directory(void)
{
	return working;
}

void fs_set_working_directory(struct inode *directory)
{
	unsigned long flags = spin_lock_irqsave(&tree_lock);
	struct inode *old = working;

	working = directory;
	spin_unlock_irqrestore(&tree_lock, flags);
	inode_put(old);
}

unsigned long fs_reserve(void)
{
	unsigned long pages = nr_total_pages() / RESERVE_SHARE;

	if (pages < RESERVE_LEAST)
		return RESERVE_LEAST;
	return pages < RESERVE_MOST ? pages : RESERVE_MOST;
}

bool fs_has_room(unsigned long pages)
{
	return has_free_pages(pages + fs_reserve());
}

int fs_check_size(uint64_t end)
{
	if (end <= READ_ONCE(fs_size_limit) && (int64_t)end >= 0)
		return 0;
	if (end > READ_ONCE(fs_size_limit))
		(void)signal_send(SIGXFSZ);
	return -EFBIG;
}
