/* SPDX-License-Identifier: MIT */
/* Files that never had a name, and seals: promises about a file that are kept. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "core/user_access.h"
#include "posix/fs/fs_internal.h"
#include "posix/syscalls.h"

#define NAME_BYTES 250
#define SEALS                                                       \
	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | \
	 F_SEAL_FUTURE_WRITE)

/* The name is for people who debug; it need not be good for much. */
static int check_name(const char *name)
{
	char copy[NAME_BYTES];
	const long length = strncpy_from_user(copy, name, sizeof(copy));

	if (length == -ENAMETOOLONG)
		return -EINVAL;
	return length < 0 ? (int)length : 0;
}

SYSCALL(memfd_create, (const char *name, unsigned int flags), (void *)a, b)
{
	struct inode *inode;
	struct file *file;
	int err;

	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	err = check_name(name);
	if (err)
		return err;
	inode = regular_create(S_IFREG | 0777);
	if (!inode)
		return -ENOMEM;
	inode->may_have_name = false;
	inode->regular.seals = flags & MFD_ALLOW_SEALING ? 0 : F_SEAL_SEAL;
	file = file_create(&regular_ops, O_RDWR, NULL, NULL);
	if (file)
		file->inode = inode;
	else
		inode_put(inode);
	return fd_install_new(file, flags & MFD_CLOEXEC);
}

static long add_seals(struct file *file, unsigned int seals)
{
	struct regular *regular = &file->inode->regular;
	long err = -EPERM;

	if (seals & ~SEALS)
		return -EINVAL;
	if (!file_may_write(file))
		return -EPERM;
	down_write(&regular->content);
	if (!(regular->seals & F_SEAL_SEAL)) {
		WRITE_ONCE(regular->seals, regular->seals | seals);
		err = 0;
	}
	up_write(&regular->content);
	return err;
}

long file_seals(struct file *file, int command, unsigned long argument)
{
	if (file->ops != &regular_ops)
		return -EINVAL;
	if (command == F_GET_SEALS)
		return READ_ONCE(file->inode->regular.seals);
	return add_seals(file, argument);
}
