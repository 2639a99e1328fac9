/* SPDX-License-Identifier: MIT */
/* Directories read: each name once, whatever happens to the others meanwhile. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "files.h"

#define NAMES 200

static unsigned char seen[NAMES];

static void name_of(char *name, int number)
{
	sprintf(name, "/dir/%d", number);
}

static void make_names(void)
{
	char name[16];

	memset(seen, 0, sizeof(seen));
	CHECK_EQ(mkdir("/dir", 0755), 0);
	for (int i = 0; i < NAMES; i++) {
		name_of(name, i);
		CHECK_EQ(symlink("x", name), 0);
	}
}

static void remove_names(void)
{
	char name[16];

	for (int i = 0; i < NAMES; i++) {
		name_of(name, i);
		if (exists(name))
			CHECK_EQ(unlink(name), 0);
	}
	CHECK_EQ(rmdir("/dir"), 0);
}

/* One batch of records. Returns how many; the last one's position in *@next. */
static int read_batch(int fd, size_t size, long *next)
{
	static char buffer[4096] __aligned(8);
	const long bytes = syscall(SYS_getdents64, fd, buffer, size);
	int count = 0;

	CHECK(bytes >= 0);
	for (long at = 0; at < bytes; count++) {
		const struct dirent *entry = (void *)(buffer + at);

		CHECK(entry->d_reclen % 8 == 0 && entry->d_ino != 0);
		if (entry->d_name[0] >= '0') {
			CHECK_EQ(entry->d_type, DT_LNK);
			if (entry->d_name[0] <= '9')
				seen[atoi(entry->d_name)]++;
		} else {
			CHECK_EQ(entry->d_type, DT_DIR);
		}
		*next = entry->d_off;
		at += entry->d_reclen;
	}
	return count;
}

TEST(every_name_is_given_once_in_batches_of_any_size)
{
	long next;

	make_names();
	for (size_t size = 32; size <= 4096; size *= 2) {
		int fd = open("/dir", O_RDONLY | O_DIRECTORY), count = 0, part;

		memset(seen, 0, sizeof(seen));
		while ((part = read_batch(fd, size, &next)) > 0)
			count += part;
		CHECK_EQ(count, NAMES + 2);
		for (int i = 0; i < NAMES; i++)
			CHECK_EQ(seen[i], 1);
		CHECK_EQ(close(fd), 0);
	}
	remove_names();
}

TEST(names_that_come_and_go_disturb_no_others)
{
	int fd, other;
	char name[16];
	long next;

	make_names();
	fd = open("/dir", O_RDONLY | O_DIRECTORY);
	other = open("/dir", O_RDONLY | O_DIRECTORY);
	CHECK(read_batch(fd, 1024, &next) > 20);
	CHECK(read_batch(other, 512, &next) > 0); /* a second cursor */
	memset(seen, 0, sizeof(seen));
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK(read_batch(fd, 1024, &next) > 20);
	/* Odd names go, those that are read and those to come. */
	for (int i = 1; i < NAMES; i += 2) {
		name_of(name, i);
		CHECK_EQ(unlink(name), 0);
	}
	CHECK_EQ(symlink("x", "/dir/new"), 0);
	while (read_batch(fd, 256, &next) > 0)
		continue;
	for (int i = 0; i < NAMES; i += 2)
		CHECK_EQ(seen[i], 1);
	for (int i = 1; i < NAMES; i += 2)
		CHECK(seen[i] <= 1);
	CHECK_EQ(close(other), 0);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/dir/new"), 0);
	remove_names();
}

TEST(positions_can_be_returned_to)
{
	DIR *directory;
	char third[16];
	long place = 0;

	make_names();
	directory = opendir("/dir");
	CHECK(directory);
	for (int i = 0; i < 60; i++) {
		const struct dirent *entry;

		if (i == 50)
			place = telldir(directory);
		entry = readdir(directory);
		CHECK(entry);
		if (i == 50)
			strlcpy(third, entry->d_name, sizeof(third));
	}
	seekdir(directory, place);
	CHECK(strcmp(readdir(directory)->d_name, third) == 0);
	rewinddir(directory);
	CHECK(strcmp(readdir(directory)->d_name, ".") == 0);
	CHECK_EQ(closedir(directory), 0);
	test_may_keep_areas(8);
	remove_names();
}

/* A program that removes what it reads, as rm -r does, meets every name. */
TEST(a_directory_is_emptied_while_it_is_read)
{
	struct dirent *entry;
	DIR *directory;
	char name[300];
	int count = 0;

	make_names();
	directory = opendir("/dir");
	while ((entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "/dir/%s", entry->d_name);
		CHECK_EQ(unlink(name), 0);
		count++;
	}
	CHECK_EQ(count, NAMES);
	CHECK_EQ(closedir(directory), 0);
	test_may_keep_areas(8);
	CHECK_EQ(rmdir("/dir"), 0);
}

/* Catches a name that a rename moves behind a reader, so that none gives it. */
TEST(a_name_that_changes_in_place_is_met_once)
{
	long next;
	int fd, count, part;

	make_names();
	fd = open("/dir", O_RDONLY | O_DIRECTORY);
	count = read_batch(fd, 256, &next);
	CHECK_EQ(rename("/dir/1", "/dir/read"), 0); /* met already */
	CHECK_EQ(rename("/dir/150", "/dir/renamed"), 0);
	while ((part = read_batch(fd, 512, &next)) > 0)
		count += part;
	CHECK_EQ(count, NAMES + 2);
	CHECK_EQ(seen[150], 0);
	CHECK_EQ(seen[149], 1);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	for (count = 0; (part = read_batch(fd, 512, &next)) > 0;)
		count += part;
	CHECK_EQ(count, NAMES + 2);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/dir/renamed"), 0);
	CHECK_EQ(unlink("/dir/read"), 0);
	remove_names();
}

TEST(what_cannot_be_read_is_told)
{
	char buffer[64], byte;
	int fd = open("/", O_RDONLY);

	FAILS(syscall(SYS_getdents64, fd, buffer, 8), EINVAL);
	FAILS(syscall(SYS_getdents64, fd, (void *)8, 64), EFAULT);
	FAILS(syscall(SYS_getdents64, 99, buffer, 64), EBADF);
	FAILS(syscall(SYS_getdents64, 1, buffer, 64), ENOTDIR);
	FAILS(read(fd, &byte, 1), EISDIR);
	FAILS(write(fd, &byte, 1), EBADF);
	FAILS(lseek(fd, 0, SEEK_END), EINVAL);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(mkdir("/dead", 0755), 0);
	fd = open("/dead", O_RDONLY);
	CHECK_EQ(rmdir("/dead"), 0);
	FAILS(syscall(SYS_getdents64, fd, buffer, 64), ENOENT);
	CHECK_EQ(close(fd), 0);
}
