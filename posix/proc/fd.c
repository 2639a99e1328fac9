/* SPDX-License-Identifier: MIT */
/*
 * /proc/self/fd: a symbolic link for each open descriptor. The links are real ones,
 * made and removed when somebody looks, so that every call that takes a path finds
 * them. They lead to the name that the file has now: to follow one opens that file
 * anew.
 */
#include <fcntl.h>
#include <linux/slab.h>
#include <string.h>

#include "core/mutex.h"
#include "lib/printf.h"
#include "posix/fs.h"
#include "posix/inode.h"
#include "posix/proc/proc.h"
#include "posix/root.h"
#include "posix/syscalls.h"
#include "posix/terminal.h"

#define FOLDER     "/proc/1/fd"
#define LINK_BYTES 24u
#define PATH_BYTES 2048u

struct refreshing {
	char link[LINK_BYTES];
	char path[PATH_BYTES];   /* of the file, at its end */
	char target[PATH_BYTES]; /* of the link that is there */
};

static struct mutex refresh_mutex = MUTEX_INIT(FOLDER);
/* No link is there from this descriptor on. */
static unsigned int links_end __guarded_by(refresh_mutex);

/* socket:[NUMBER] and pipe:[NUMBER]; NULL: it is neither. */
static const char *kind_of(struct file *file, struct refreshing *work)
{
	struct stat status;
	const char *kind;

	if (file_stat(file, &status))
		return NULL;
	switch (status.st_mode & S_IFMT) {
	case S_IFSOCK:
		kind = "socket";
		break;
	case S_IFIFO:
		kind = "pipe";
		break;
	default:
		return NULL;
	}
	ksnprintf(work->path, PATH_BYTES, "%s:[%lu]", kind, status.st_ino);
	return work->path;
}

/* Where the link is to lead to; without a name what Linux says of such. */
static const char *target_of(struct file *file, struct refreshing *work)
{
	const char *path = NULL;

	if (file->inode)
		path = inode_path(file->inode, work->path, PATH_BYTES);
	else if (file->ops == &console_ops)
		path = "/dev/console";
	else
		path = kind_of(file, work);
	return path ? path : "anon_inode:[file]";
}

/* False: there is no link. */
static bool read_link(struct refreshing *work)
{
	const long length =
		sys_readlinkat(AT_FDCWD, (long)work->link, (long)work->target,
	                       PATH_BYTES - 1, 0, 0);

	work->target[length > 0 ? length : 0] = '\0';
	return length > 0;
}

static void remove_link(struct refreshing *work)
{
	(void)sys_unlinkat(AT_FDCWD, (long)work->link, 0, 0, 0, 0);
}

/* The link of @fd is as it should be, as far as memory permits. */
static void refresh_link(unsigned int fd, struct refreshing *work)
{
	struct file *file = file_get_any((int)fd);
	const char *target;
	bool is_there;

	ksnprintf(work->link, LINK_BYTES, FOLDER "/%u", fd);
	is_there = read_link(work);
	if (!file) {
		if (is_there)
			remove_link(work);
		return;
	}
	target = target_of(file, work);
	if (!is_there || strcmp(target, work->target) != 0) {
		if (is_there)
			remove_link(work);
		root_made(work->link, fs_symlink(target, work->link));
	}
	file_put(file);
}

static void refresh_all(struct refreshing *work) __must_hold(refresh_mutex)
{
	unsigned int end = READ_ONCE(fd_limit);
	unsigned int new_end = 0;
	unsigned int fd;

	if (end < links_end)
		end = links_end;
	for (fd = 0; fd < end; fd++) {
		const bool is_open = file_is_open((int)fd);

		if (is_open || fd < links_end)
			refresh_link(fd, work);
		if (is_open)
			new_end = fd + 1;
	}
	links_end = new_end;
}

static void refresh(void)
{
	struct refreshing *work;

	if (mutex_is_mine(&refresh_mutex))
		return;
	mutex_lock(&refresh_mutex);
	work = kmalloc(sizeof(*work), GFP_KERNEL);
	if (work)
		refresh_all(work);
	mutex_unlock(&refresh_mutex);
	kfree(work);
}

void proc_populate_fd(void)
{
	root_made(FOLDER, fs_live_folder(FOLDER, 0500, refresh));
}
