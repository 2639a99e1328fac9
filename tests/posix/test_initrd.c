/* SPDX-License-Identifier: MIT */
/*
 * From an archive into the file system: every kind of entry, what is in the way,
 * and what goes wrong. Boots with -initrd are in tests/plan.py.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "archive.h"
#include "core/log.h"
#include "mm/fault_inject.h"
#include "posix/root.h"
#include "test.h"

#define FILE_MODE   (S_IFREG | 0644)
#define FOLDER_MODE (S_IFDIR | 0755)
#define LINK_MODE   (S_IFLNK | 0777)

static struct archive made;

static unsigned long unpack(void)
{
	archive_end(&made);
	return unpack_archive("test", made.bytes, made.size);
}

static void check_file(const char *path, const char *want)
{
	char bytes[64] = "";
	const int fd = open(path, O_RDONLY);
	ssize_t count;

	if (fd < 0)
		test_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
	count = read(fd, bytes, sizeof(bytes) - 1);
	close(fd);
	CHECK_EQ(count, strlen(want));
	if (strcmp(bytes, want) != 0)
		test_fail(__FILE__, __LINE__, "%s: \"%s\"", path, bytes);
}

static void keep_line(const char *line, void *context)
{
	snprintf(context, 256, "%s", line);
}

/* The newest line of the log has @part in it. */
static void check_log(const char *part)
{
	char line[256] = "";

	log_tail(1, keep_line, line);
	if (!strstr(line, part))
		test_fail(__FILE__, __LINE__, "the log ends with: %s", line);
}

TEST(every_kind_of_entry_is_made)
{
	struct stat status;
	char target[16];

	archive_start(&made);
	archive_put(&made, S_IFDIR | 0751, "i", "");
	archive_put(&made, S_IFREG | 0640, "i/file", "contents");
	archive_put(&made, FILE_MODE, "./i/empty", "");
	archive_put(&made, LINK_MODE, "i/link", "file");
	made.major = 1;
	made.minor = 3;
	archive_put(&made, S_IFCHR | 0600, "i/null", "");
	CHECK_EQ(unpack(), 5);

	check_file("/i/file", "contents");
	check_file("/i/empty", "");
	check_file("/i/link", "contents");
	check_file("/i/null", "");
	CHECK_EQ(readlink("/i/link", target, sizeof(target)), 4);
	CHECK_EQ(stat("/i/file", &status), 0);
	CHECK_EQ(status.st_mode, S_IFREG | 0640);
	CHECK_EQ(status.st_mtime, 94);
	/* Also of a folder, though files were put into it after it was made. */
	CHECK_EQ(stat("/i", &status), 0);
	CHECK_EQ(status.st_mode, S_IFDIR | 0751);
	CHECK_EQ(status.st_mtime, 94);
	CHECK_EQ(stat("/i/null", &status), 0);
	CHECK_EQ(status.st_rdev, makedev(1, 3));

	CHECK_EQ(unlink("/i/file") | unlink("/i/empty") | unlink("/i/link") |
	                 unlink("/i/null") | rmdir("/i"),
	         0);
}

TEST(folders_that_are_missing_are_made)
{
	archive_start(&made);
	archive_put(&made, FILE_MODE, "i/j/k/file", "deep");
	CHECK_EQ(unpack(), 1);
	check_file("/i/j/k/file", "deep");
	CHECK_EQ(unlink("/i/j/k/file") | rmdir("/i/j/k") | rmdir("/i/j") |
	                 rmdir("/i"),
	         0);
}

TEST(a_later_entry_replaces_an_earlier_one)
{
	struct stat status;

	archive_start(&made);
	archive_put(&made, FILE_MODE, "i/a", "a longer text");
	archive_put(&made, LINK_MODE, "i/b", "a");
	archive_put(&made, FILE_MODE, "i/keep", "kept");
	CHECK_EQ(unpack(), 3);
	archive_start(&made);
	archive_put(&made, S_IFDIR | 0700, "i", "");
	archive_put(&made, S_IFREG | 0600, "i/a", "short");
	archive_put(&made, FILE_MODE, "i/b", "no link");
	CHECK_EQ(unpack(), 3);

	check_file("/i/a", "short");
	check_file("/i/b", "no link");
	check_file("/i/keep", "kept");
	CHECK_EQ(stat("/i/a", &status), 0);
	CHECK_EQ(status.st_mode, S_IFREG | 0600);
	CHECK_EQ(stat("/i", &status), 0);
	CHECK_EQ(status.st_mode, S_IFDIR | 0700);
	CHECK_EQ(unlink("/i/a") | unlink("/i/b") | unlink("/i/keep") |
	                 rmdir("/i"),
	         0);
}

/* As cpio writes them: the contents come with the last name. */
TEST(hard_links_are_one_file)
{
	struct stat a, b, c;

	archive_start(&made);
	made.links = 3;
	archive_put(&made, FILE_MODE, "i/a", "");
	archive_put(&made, FILE_MODE, "i/b", "");
	archive_put(&made, FILE_MODE, "i/c", "shared");
	CHECK_EQ(unpack(), 3);
	check_file("/i/a", "shared");
	CHECK_EQ(stat("/i/a", &a) | stat("/i/b", &b) | stat("/i/c", &c), 0);
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_EQ(a.st_ino, c.st_ino);
	CHECK_EQ(a.st_nlink, 3);
	CHECK_EQ(a.st_mtime, 94);
	CHECK_EQ(unlink("/i/a") | unlink("/i/b") | unlink("/i/c") | rmdir("/i"),
	         0);
}

TEST(a_name_that_stands_twice_is_one_name)
{
	struct stat status;

	archive_start(&made);
	made.links = 2;
	archive_put(&made, FILE_MODE, "i/a", "first");
	archive_put(&made, FILE_MODE, "i/a", "second");
	CHECK_EQ(unpack(), 2);
	check_file("/i/a", "second");
	CHECK_EQ(stat("/i/a", &status), 0);
	CHECK_EQ(status.st_nlink, 1);
	CHECK_EQ(unlink("/i/a") | rmdir("/i"), 0);
}

/* What an archive links to, it does not write to by that link. */
TEST(nothing_is_written_through_a_link_of_the_archive)
{
	archive_start(&made);
	archive_put(&made, FILE_MODE, "i/victim", "safe");
	archive_put(&made, LINK_MODE, "i/link", "victim");
	archive_put(&made, FILE_MODE, "i/link", "other");
	CHECK_EQ(unpack(), 3);
	check_file("/i/victim", "safe");
	check_file("/i/link", "other");
	CHECK_EQ(unlink("/i/victim") | unlink("/i/link") | rmdir("/i"), 0);
}

TEST(a_file_below_a_file_ends_it_with_a_line)
{
	archive_start(&made);
	archive_put(&made, FILE_MODE, "i/a", "file");
	archive_put(&made, FILE_MODE, "i/a/b", "below it");
	archive_put(&made, FILE_MODE, "i/c", "never made");
	CHECK_EQ(unpack(), 1);
	check_log("test: /i/a/b cannot be made (error 20");
	CHECK_EQ(access("/i/c", F_OK), -1);
	CHECK_EQ(unlink("/i/a") | rmdir("/i"), 0);
}

TEST(a_file_in_the_place_of_a_full_folder_ends_it_with_a_line)
{
	archive_start(&made);
	archive_put(&made, FILE_MODE, "i/a/b", "in it");
	archive_put(&made, FILE_MODE, "i/a", "instead");
	CHECK_EQ(unpack(), 1);
	check_log("test: /i/a cannot be made (error 21");
	CHECK_EQ(unlink("/i/a/b") | rmdir("/i/a") | rmdir("/i"), 0);
}

TEST(devices_that_are_not_here_are_left_out)
{
	archive_start(&made);
	made.major = 8;
	archive_put(&made, S_IFBLK | 0600, "i/sda", "");
	made.minor = 1;
	archive_put(&made, S_IFCHR | 0600, "i/sda1", "");
	archive_put(&made, FILE_MODE, "i/file", "made");
	CHECK_EQ(unpack(), 3);
	check_log("test: /i/sda is a device that this system has not");
	check_file("/i/file", "made");
	CHECK_EQ(access("/i/sda1", F_OK), -1);
	CHECK_EQ(unlink("/i/file") | rmdir("/i"), 0);
}

/* Before the bad entry all is there, behind it nothing. */
TEST(a_damaged_archive_ends_with_a_line)
{
	archive_start(&made);
	archive_put(&made, FILE_MODE, "i/good", "there");
	archive_claim(&made, FILE_MODE, "i/huge", 7, "little", 0x7fffffff);
	archive_put(&made, FILE_MODE, "i/behind", "not");
	CHECK_EQ(unpack(), 1);
	check_log("it is cut off in a file");
	check_file("/i/good", "there");
	CHECK_EQ(access("/i/huge", F_OK), -1);
	CHECK_EQ(unlink("/i/good") | rmdir("/i"), 0);
}

/* Whatever fails: one line, and everything that was taken is given back. */
TEST(memory_that_runs_out_ends_it_with_a_line)
{
	unsigned long nth;

	for (nth = 1; nth < 64; nth++) {
		unsigned long count;

		archive_start(&made);
		made.links = 2;
		archive_put(&made, FILE_MODE, "i/a", "");
		archive_put(&made, FILE_MODE, "i/b", "shared");
		archive_end(&made);
		fault_inject_repeat(FAULT_SLAB, nth, 1);
		count = unpack_archive("test", made.bytes, made.size);
		fault_inject_set(FAULT_SLAB, 0);
		unlink("/i/a");
		unlink("/i/b");
		rmdir("/i");
		if (count == 2)
			break;
		check_log("test: ");
	}
	CHECK(nth > 1 && nth < 64);
}
