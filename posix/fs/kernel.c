/* SPDX-License-Identifier: MIT */
/*
 * The file system for the kernel: what fs_populate() and its kin make. Devices are
 * remembered by number, so that a node that mknod() makes is the same device.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "posix/fs.h"
#include "posix/fs/fs_internal.h"

/* Takes the reference of @inode over. */
static int add(const char *path, struct inode *inode)
{
	struct walk walk;
	int err;

	if (!inode)
		return -ENOMEM;
	err = walk_parent(&walk, AT_FDCWD, path);
	if (!err) {
		err = tree_add(&walk, inode);
		walk_end(&walk);
	}
	inode_put(inode);
	return err;
}

int fs_mkdir(const char *path, mode_t mode)
{
	return add(path, directory_create(mode & 07777));
}

int fs_live_folder(const char *path, mode_t mode, void (*refresh)(void))
{
	struct inode *inode = directory_create(mode & 07777);

	if (inode)
		inode->directory.refresh = refresh;
	return add(path, inode);
}

int fs_symlink(const char *target, const char *path)
{
	return add(path, symlink_create(target, strlen(target)));
}

int fs_link(const char *existing, const char *path)
{
	struct inode *inode;
	struct walk walk;
	int err = walk_path(AT_FDCWD, existing, 0, &inode);

	if (err)
		return err;
	err = walk_parent(&walk, AT_FDCWD, path);
	if (!err) {
		err = tree_link(&walk, inode);
		walk_end(&walk);
	}
	inode_put(inode);
	return err;
}

int fs_node(const char *path, mode_t mode, dev_t device,
            const struct file_ops *ops, void *data)
{
	struct inode *inode;

	if (!fs_root())
		return -ENOMEM;
	inode = node_create(mode, device, ops, data);
	if (inode && S_ISCHR(mode))
		node_publish(inode);
	return add(path, inode);
}

struct file *fs_open(const char *path, int flags, mode_t mode, int *error_out)
{
	struct file *file = fs_open_at(AT_FDCWD, path, flags, mode, error_out);

	if (file)
		*error_out = 0;
	return file;
}
