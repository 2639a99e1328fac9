/* SPDX-License-Identifier: MIT */
/*
 * The devices that every Unix has, with Linux's numbers. Most have no state at
 * all; the console's is posix/terminal.c.
 */
#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/user_access.h"
#include "posix/file.h"
#include "posix/fs.h"
#include "posix/random.h"
#include "posix/root.h"
#include "posix/terminal.h"

#define MAJOR_MEMORY   1
#define MAJOR_TERMINAL 5

static off_t no_size(struct file *file)
{
	(void)file;
	return 0;
}

static long read_nothing(struct file *file, void *to, size_t count,
                         off_t *position)
{
	(void)file, (void)to, (void)count, (void)position;
	return 0;
}

/* Nothing looks at it, so a bad pointer is none. */
static long write_away(struct file *file, const void *from, size_t count,
                       off_t *position)
{
	(void)file, (void)from, (void)position;
	return (long)count;
}

static long write_full(struct file *file, const void *from, size_t count,
                       off_t *position)
{
	(void)file, (void)from, (void)count, (void)position;
	return -ENOSPC;
}

static long read_zeros(struct file *file, void *to, size_t count,
                       off_t *position)
{
	int err = clear_user(to, count);

	(void)file, (void)position;
	return err ? err : (long)count;
}

static long read_random(struct file *file, void *to, size_t count,
                        off_t *position)
{
	(void)file, (void)position;
	return random_fill_user(to, count);
}

static const struct file_ops null_ops = {
	.read = read_nothing,
	.write = write_away,
	.size = no_size,
};

static const struct file_ops zero_ops = {
	.read = read_zeros,
	.write = write_away,
	.size = no_size,
};

static const struct file_ops full_ops = {
	.read = read_zeros,
	.write = write_full,
	.size = no_size,
};

static const struct file_ops random_ops = {
	.read = read_random,
	.write = write_away,
	.size = no_size,
};

static const struct device {
	const char *path;
	unsigned char major;
	unsigned char minor;
	unsigned short mode;
	const struct file_ops *ops;
} devices[] = {
	{ "/dev/null", MAJOR_MEMORY, 3, 0666, &null_ops },
	{ "/dev/zero", MAJOR_MEMORY, 5, 0666, &zero_ops },
	{ "/dev/full", MAJOR_MEMORY, 7, 0666, &full_ops },
	{ "/dev/random", MAJOR_MEMORY, 8, 0666, &random_ops },
	{ "/dev/urandom", MAJOR_MEMORY, 9, 0666, &random_ops },
	{ "/dev/tty", MAJOR_TERMINAL, 0, 0666, &console_ops },
	{ "/dev/console", MAJOR_TERMINAL, 1, 0600, &console_ops },
};

int dev_node(const char *path, mode_t mode, dev_t device)
{
	unsigned int i;

	for (i = 0; S_ISCHR(mode) && i < ARRAY_SIZE(devices); i++) {
		if (makedev(devices[i].major, devices[i].minor) == device)
			return fs_node(path, mode, device, devices[i].ops,
			               NULL);
	}
	return -ENXIO;
}

void dev_populate(void)
{
	unsigned int i;

	root_made("/dev", fs_mkdir("/dev", 0755));
	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		const struct device *device = &devices[i];

		root_made(device->path,
		          fs_node(device->path, S_IFCHR | device->mode,
		                  makedev(device->major, device->minor),
		                  device->ops, NULL));
	}
	root_made("/dev/fd", fs_symlink("/proc/self/fd", "/dev/fd"));
	root_made("/dev/stdin", fs_symlink("/proc/self/fd/0", "/dev/stdin"));
	root_made("/dev/stdout", fs_symlink("/proc/self/fd/1", "/dev/stdout"));
	root_made("/dev/stderr", fs_symlink("/proc/self/fd/2", "/dev/stderr"));
}
