/* SPDX-License-Identifier: MIT */
/*
 * From an archive into the file system, by the calls that an application has too:
 * nothing here knows what a directory looks like. An entry that finds its name
 * taken unlinks it and tries again, so that nothing is ever written through a link
 * that an earlier entry made.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/slab.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/log.h"
#include "lib/cpio.h"
#include "posix/fs.h"
#include "posix/root.h"
#include "posix/syscalls.h"

#define BUCKETS 64u

/* The first name of a file that has several. */
struct linked {
	struct linked *next;
	struct cpio_entry entry;
};

struct unpacking {
	char path[CPIO_PATH_BYTES + 1];   /* of the entry, from / on */
	char target[CPIO_PATH_BYTES + 1]; /* of its link */
	struct linked *linked[BUCKETS];
	bool left_out; /* something was, and that was said */
};

/* How one kind of entry is made; -EEXIST: its name is taken. */
typedef int make_function(struct unpacking *un, const struct cpio_entry *entry);

static int unlink_path(const char *path)
{
	return (int)sys_unlinkat(AT_FDCWD, (long)path, 0, 0, 0, 0);
}

static int write_all(struct file *file, const char *data, size_t bytes)
{
	off_t position = 0;

	while (bytes > 0) {
		const long part =
			file->ops->write(file, data, bytes, &position);

		if (part <= 0)
			return part < 0 ? (int)part : -EIO;
		data += part;
		bytes -= (size_t)part;
	}
	return 0;
}

/* A part of a file is worse than none. */
static int fill_file(const struct unpacking *un, int flags,
                     const struct cpio_entry *entry)
{
	struct file *file;
	int err = 0;

	file = fs_open(un->path, flags | O_WRONLY | O_NOFOLLOW,
	               entry->mode & 07777, &err);
	if (!file)
		return err;
	err = write_all(file, entry->data, entry->bytes);
	file_put(file);
	if (err)
		(void)unlink_path(un->path);
	return err;
}

static int make_file(struct unpacking *un, const struct cpio_entry *entry)
{
	return fill_file(un, O_CREAT | O_EXCL, entry);
}

static int make_folder(struct unpacking *un, const struct cpio_entry *entry)
{
	return fs_mkdir(un->path, entry->mode & 07777);
}

static int make_symlink(struct unpacking *un, const struct cpio_entry *entry)
{
	memcpy(un->target, entry->data, entry->bytes);
	un->target[entry->bytes] = '\0';
	return fs_symlink(un->target, un->path);
}

static int make_device(struct unpacking *un, const struct cpio_entry *entry)
{
	return dev_node(un->path, entry->mode,
	                makedev(entry->node_major, entry->node_minor));
}

static int make_fifo(struct unpacking *un, const struct cpio_entry *entry)
{
	return (int)sys_mknodat(AT_FDCWD, (long)un->path, entry->mode, 0, 0, 0);
}

/* To the file that is at ->target already. */
static int make_link(struct unpacking *un, const struct cpio_entry *entry)
{
	(void)entry;
	return fs_link(un->target, un->path);
}

static void set_path(char *path, const char *name)
{
	path[0] = '/';
	memcpy(path + 1, name, strlen(name) + 1);
}

/* Folders above an entry that the archive does not have. */
static int make_parents(struct unpacking *un)
{
	char *slash = un->path;
	int err = 0;

	while (!err && (slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		err = fs_mkdir(un->path, 0755);
		*slash = '/';
		if (err == -EEXIST)
			err = 0;
	}
	return err;
}

/* Of a folder that was there. */
static int set_mode(const struct unpacking *un, const struct cpio_entry *entry)
{
	return (int)sys_fchmodat(AT_FDCWD, (long)un->path, entry->mode & 07777,
	                         0, 0, 0);
}

static int make(struct unpacking *un, const struct cpio_entry *entry,
                make_function *make_kind)
{
	int err = make_kind(un, entry);

	if (err == -ENOENT) {
		err = make_parents(un);
		if (!err)
			err = make_kind(un, entry);
	}
	if (err == -EEXIST) {
		err = unlink_path(un->path);
		if (err == -EISDIR && S_ISDIR(entry->mode))
			return set_mode(un, entry);
		if (!err)
			err = make_kind(un, entry);
	}
	return err;
}

static struct linked **bucket_of(struct unpacking *un,
                                 const struct cpio_entry *entry)
{
	return &un->linked[entry->inode % BUCKETS];
}

static const struct linked *find_linked(struct unpacking *un,
                                        const struct cpio_entry *entry)
{
	const struct linked *linked = *bucket_of(un, entry);

	while (linked && (linked->entry.inode != entry->inode ||
	                  linked->entry.device_major != entry->device_major ||
	                  linked->entry.device_minor != entry->device_minor))
		linked = linked->next;
	return linked;
}

static int remember_linked(struct unpacking *un, const struct cpio_entry *entry)
{
	struct linked *linked = kmalloc(sizeof(*linked), GFP_KERNEL);

	if (!linked)
		return -ENOMEM;
	linked->entry = *entry;
	linked->next = *bucket_of(un, entry);
	*bucket_of(un, entry) = linked;
	return 0;
}

/* A file with several names: its contents come with one of them, often the last. */
static int make_linked(struct unpacking *un, const struct cpio_entry *entry)
{
	const struct linked *first = find_linked(un, entry);
	int err;

	if (!first) {
		err = make(un, entry, make_file);
		return err ? err : remember_linked(un, entry);
	}
	set_path(un->target, first->entry.name);
	if (strcmp(un->target, un->path) != 0) {
		err = make(un, entry, make_link);
		if (err)
			return err;
	}
	return entry->bytes > 0 ? fill_file(un, O_TRUNC, entry) : 0;
}

static int make_of_kind(struct unpacking *un, const struct cpio_entry *entry)
{
	switch (entry->mode & S_IFMT) {
	case S_IFDIR:
		return make(un, entry, make_folder);
	case S_IFLNK:
		return make(un, entry, make_symlink);
	case S_IFREG:
		return entry->links > 1 ? make_linked(un, entry)
		                        : make(un, entry, make_file);
	case S_IFIFO:
		return make(un, entry, make_fifo);
	default:
		return make(un, entry, make_device);
	}
}

/* Of what is no link: fs_set_times() would follow it. */
static int set_time(const struct unpacking *un, const struct cpio_entry *entry)
{
	const struct timespec both[2] = { { .tv_sec = entry->mtime },
		                          { .tv_sec = entry->mtime } };

	return S_ISLNK(entry->mode) ? 0 : fs_set_times(un->path, both);
}

static int make_entry(struct unpacking *un, const struct cpio_entry *entry)
{
	const int err = make_of_kind(un, entry);

	return err ? err : set_time(un, entry);
}

/* Device nodes of hardware that is not here are in many an archive. */
static void leave_out(struct unpacking *un, const char *what)
{
	if (!un->left_out) {
		log_warn("%s: %s is a device that this system has not: left "
		         "out, as all others are",
		         what, un->path);
	}
	un->left_out = true;
}

static void say_error(const struct unpacking *un, const char *what, int err)
{
	log_error("%s: %s cannot be made (error %d%s)", what, un->path, -err,
	          err == -ENOSPC || err == -ENOMEM ? ": out of memory" : "");
}

/* Every entry up to the first that fails; returns how many those are. */
static unsigned long make_entries(struct unpacking *un, const char *what,
                                  struct cpio *cpio)
{
	struct cpio_entry entry;
	unsigned long count = 0;

	for (; cpio_next(cpio, &entry); count++) {
		int err;

		if (entry.name[0] == '\0')
			continue;
		set_path(un->path, entry.name);
		err = make_entry(un, &entry);
		if (err == -ENXIO) {
			leave_out(un, what);
		} else if (err) {
			say_error(un, what, err);
			return count;
		}
	}
	if (cpio->problem) {
		log_error("%s: at byte %zu it %s; what is read is a plain cpio "
		          "archive of the kind newc",
		          what, cpio->at, cpio->problem);
	}
	return count;
}

/* Again, now that nothing is put into them any more. */
static void set_folder_times(struct unpacking *un, const char *what,
                             struct cpio *cpio, unsigned long count)
{
	struct cpio_entry entry;
	int err = 0;

	for (; !err && count > 0 && cpio_next(cpio, &entry); count--) {
		if (!S_ISDIR(entry.mode) || entry.name[0] == '\0')
			continue;
		set_path(un->path, entry.name);
		err = set_time(un, &entry);
	}
	if (err)
		say_error(un, what, err);
}

static void free_linked(struct unpacking *un)
{
	unsigned int i;

	for (i = 0; i < BUCKETS; i++) {
		while (un->linked[i]) {
			struct linked *linked = un->linked[i];

			un->linked[i] = linked->next;
			kfree(linked);
		}
	}
}

unsigned long unpack_archive(const char *what, const void *bytes, size_t size)
{
	struct unpacking *un;
	unsigned long count;
	struct cpio cpio;

	if (size == 0)
		return 0;
	un = kzalloc(sizeof(*un), GFP_KERNEL);
	if (!un) {
		log_error("%s: no memory to read it", what);
		return 0;
	}
	cpio_start(&cpio, bytes, size);
	count = make_entries(un, what, &cpio);
	cpio_start(&cpio, bytes, size);
	set_folder_times(un, what, &cpio, count);
	free_linked(un);
	kfree(un);
	return count;
}
