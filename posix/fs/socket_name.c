/* SPDX-License-Identifier: MIT */
/*
 * Names of Unix-domain sockets in the file system. Such an inode holds nothing:
 * who listens there is known to posix/socket/unix_name.c, by the inode.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>

#include "posix/fs.h"
#include "posix/fs/fs_internal.h"

int inode_make_socket(const char *path, struct inode **inode_out)
{
	struct inode *inode = node_create(
		S_IFSOCK | (0777 & ~READ_ONCE(fs_umask)), 0, NULL, NULL);
	struct walk walk;
	int err;

	if (!inode)
		return -ENOMEM;
	err = walk_parent(&walk, AT_FDCWD, path);
	if (!err) {
		err = tree_add(&walk, inode);
		walk_end(&walk);
	}
	if (err)
		inode_put(inode);
	else
		*inode_out = inode;
	return err;
}

int inode_find(const char *path, struct inode **inode_out)
{
	return walk_path(AT_FDCWD, path, WALK_FOLLOW, inode_out);
}
