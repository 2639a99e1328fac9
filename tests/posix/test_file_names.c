/* SPDX-License-Identifier: MIT */
/* Names: made, removed, moved, linked; and what must not be. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "files.h"

#define NOREPLACE 1u
#define EXCHANGE  2u

static int rename2(const char *from, const char *to, unsigned int flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static nlink_t links_of(const char *path)
{
	struct stat status;

	CHECK_EQ(lstat(path, &status), 0);
	return status.st_nlink;
}

TEST(directories_are_made_and_removed)
{
	struct stat status;

	CHECK_EQ(mkdir("/d", 0755), 0);
	CHECK_EQ(mkdir("/d/e/", 0700), 0);
	CHECK_EQ(stat("/d/e", &status), 0);
	CHECK_EQ(status.st_mode, S_IFDIR | 0700);
	CHECK_EQ(links_of("/d"), 3);
	CHECK_EQ(links_of("/d/e"), 2);
	FAILS(mkdir("/d", 0755), EEXIST);
	FAILS(mkdir("/", 0755), EEXIST);
	FAILS(mkdir("/d/.", 0755), EEXIST);
	FAILS(mkdir("/d/..", 0755), EEXIST);
	FAILS(mkdir("/none/x", 0755), ENOENT);
	FAILS(rmdir("/d"), ENOTEMPTY);
	FAILS(rmdir("/"), EBUSY);
	FAILS(rmdir("/d/."), EINVAL);
	FAILS(rmdir("/d/e/.."), ENOTEMPTY);
	FAILS(rmdir("/none"), ENOENT);
	FAILS(unlink("/d"), EISDIR);
	FAILS(unlink("/"), EISDIR);
	CHECK_EQ(rmdir("/d/e/"), 0);
	CHECK_EQ(links_of("/d"), 2);
	CHECK_EQ(rmdir("/d"), 0);
	CHECK(!exists("/d"));
}

TEST(files_are_no_directories)
{
	make_file("/f", "");
	FAILS(mkdir("/f/x", 0755), ENOTDIR);
	FAILS(open("/f/x", O_RDONLY), ENOTDIR);
	FAILS(open("/f/", O_RDONLY), ENOTDIR);
	FAILS(open("/f", O_RDONLY | O_DIRECTORY), ENOTDIR);
	FAILS(rmdir("/f"), ENOTDIR);
	FAILS(unlink("/f/"), ENOTDIR);
	FAILS(chdir("/f"), ENOTDIR);
	FAILS(open("/", O_RDWR), EISDIR);
	FAILS(open("/", O_RDONLY | O_TRUNC), EISDIR);
	FAILS(open("/", O_RDONLY | O_CREAT, 0600), EISDIR);
	FAILS(open("/new/", O_RDWR | O_CREAT, 0600), EISDIR);
	CHECK(!exists("/new"));
	CHECK_EQ(unlink("/f"), 0);
	FAILS(unlink("/f"), ENOENT);
}

TEST(open_creates_as_it_is_told)
{
	int fd = open("/c", O_RDWR | O_CREAT, 0666);
	struct stat status;

	CHECK(fd >= 0);
	CHECK_EQ(fstat(fd, &status), 0);
	CHECK_EQ(status.st_mode, S_IFREG | 0644); /* the usual umask */
	CHECK_EQ(write(fd, "text", 4), 4);
	CHECK_EQ(close(fd), 0);
	FAILS(open("/c", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	fd = open("/c", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(size_of("/c"), 4);
	CHECK_EQ(close(fd), 0);
	fd = open("/c", O_WRONLY | O_TRUNC);
	CHECK_EQ(size_of("/c"), 0);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(umask(0), 022);
	fd = open("/c2", O_RDWR | O_CREAT, 0666);
	CHECK_EQ(fstat(fd, &status), 0);
	CHECK_EQ(status.st_mode, S_IFREG | 0666);
	CHECK_EQ(umask(022), 0);
	CHECK_EQ(close(fd), 0);
	FAILS(open("/none", O_RDWR), ENOENT);
	FAILS(open("", O_RDWR | O_CREAT, 0600), ENOENT);
	FAILS(open((char *)8, O_RDWR), EFAULT);
	FAILS(openat(99, "x", O_RDWR), EBADF);
	FAILS(openat(1, "x", O_RDWR), ENOTDIR);
	FAILS(open("/x", O_RDWR | O_CREAT | O_DIRECTORY, 0600), EINVAL);
	CHECK_EQ(unlink("/c"), 0);
	CHECK_EQ(unlink("/c2"), 0);
}

TEST(a_nameless_file_may_get_a_name)
{
	int fd = open("/", O_TMPFILE | O_RDWR, 0600);
	struct stat status;

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, "named", 5), 5);
	CHECK_EQ(fstat(fd, &status), 0);
	CHECK_EQ(status.st_nlink, 0);
	CHECK_EQ(linkat(fd, "", AT_FDCWD, "/named", AT_EMPTY_PATH), 0);
	CHECK_EQ(close(fd), 0);
	CHECK(holds("/named", "named"));
	fd = open("/", O_TMPFILE | O_RDWR | O_EXCL, 0600);
	FAILS(linkat(fd, "", AT_FDCWD, "/x", AT_EMPTY_PATH), ENOENT);
	CHECK_EQ(close(fd), 0);
	FAILS(open("/named", O_TMPFILE | O_RDWR, 0600), ENOTDIR);
	FAILS(open("/", O_TMPFILE | O_RDONLY, 0600), EINVAL);
	FAILS(open("/none", O_TMPFILE | O_RDWR, 0600), ENOENT);
	CHECK_EQ(unlink("/named"), 0);
}

TEST(hard_links_are_one_file)
{
	struct stat a, b;
	int fd;

	make_file("/a", "same");
	CHECK_EQ(mkdir("/dir", 0755), 0);
	CHECK_EQ(link("/a", "/dir/b"), 0);
	CHECK_EQ(stat("/a", &a), 0);
	CHECK_EQ(stat("/dir/b", &b), 0);
	CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	CHECK_EQ(a.st_nlink, 2);
	CHECK_EQ(unlink("/a"), 0);
	CHECK(holds("/dir/b", "same"));
	CHECK_EQ(links_of("/dir/b"), 1);
	FAILS(link("/dir", "/dir2"), EPERM);
	FAILS(link("/none", "/x"), ENOENT);
	FAILS(link("/dir/b", "/dir/b"), EEXIST);
	FAILS(link("/dir/b", "/none/x"), ENOENT);
	FAILS(linkat(AT_FDCWD, "/dir/b", AT_FDCWD, "/x", 1), EINVAL);
	CHECK_EQ(symlink("/dir/b", "/soft"), 0);
	CHECK_EQ(link("/soft", "/soft2"), 0); /* the link itself */
	CHECK_EQ(links_of("/soft"), 2);
	CHECK_EQ(
		linkat(AT_FDCWD, "/soft", AT_FDCWD, "/hard", AT_SYMLINK_FOLLOW),
		0);
	CHECK_EQ(links_of("/dir/b"), 2);
	fd = open("/dir/b", O_RDONLY);
	CHECK_EQ(unlink("/dir/b"), 0);
	CHECK_EQ(unlink("/hard"), 0);
	FAILS(linkat(fd, "", AT_FDCWD, "/again", AT_EMPTY_PATH), ENOENT);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/soft"), 0);
	CHECK_EQ(unlink("/soft2"), 0);
	CHECK_EQ(rmdir("/dir"), 0);
}

TEST(rename_replaces_in_one_step)
{
	int fd;
	char text[4];

	make_file("/old", "old");
	make_file("/new", "new");
	fd = open("/old", O_RDONLY);
	CHECK_EQ(rename("/new", "/old"), 0);
	CHECK(holds("/old", "new") && !exists("/new"));
	CHECK_EQ(read(fd, text, 4), 3); /* who has it open keeps it */
	CHECK(memcmp(text, "old", 3) == 0);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(rename("/old", "/old"), 0);
	CHECK_EQ(link("/old", "/same"), 0);
	CHECK_EQ(rename("/old", "/same"), 0); /* one file: nothing happens */
	CHECK(exists("/old") && exists("/same"));
	CHECK_EQ(unlink("/same"), 0);
	FAILS(rename("/none", "/old"), ENOENT);
	FAILS(rename("/old", "/none/x"), ENOENT);
	FAILS(rename("/old", "/x/"), ENOTDIR);
	FAILS(rename("/old/", "/x"), ENOTDIR);
	FAILS(rename("/", "/x"), EBUSY);
	FAILS(rename("/.", "/x"), EBUSY);
	FAILS(rename("/old", "/"), EBUSY);
	CHECK_EQ(unlink("/old"), 0);
}

TEST(directories_move_with_all_that_is_in_them)
{
	CHECK_EQ(mkdir("/a", 0755), 0);
	CHECK_EQ(mkdir("/a/b", 0755), 0);
	CHECK_EQ(mkdir("/c", 0755), 0);
	make_file("/a/b/f", "in");
	CHECK_EQ(rename("/a/b", "/c/d/"), 0);
	CHECK(holds("/c/d/f", "in"));
	CHECK(exists("/c/d/../d/f"));
	CHECK_EQ(links_of("/a"), 2);
	CHECK_EQ(links_of("/c"), 3);
	FAILS(rename("/c", "/c/d/e"), EINVAL);
	FAILS(rename("/c", "/c/x"), EINVAL);
	FAILS(rename("/c/d", "/c"), ENOTEMPTY);
	make_file("/f", "");
	FAILS(rename("/c", "/f"), ENOTDIR);
	FAILS(rename("/f", "/c"), EISDIR);
	FAILS(rename("/a", "/c"), ENOTEMPTY);
	CHECK_EQ(rename("/c", "/a"), 0); /* over an empty one */
	CHECK(holds("/a/d/f", "in") && !exists("/c"));
	CHECK_EQ(links_of("/a"), 3);
	CHECK_EQ(unlink("/f"), 0);
	CHECK_EQ(unlink("/a/d/f"), 0);
	CHECK_EQ(rmdir("/a/d"), 0);
	CHECK_EQ(rmdir("/a"), 0);
}

TEST(rename_flags_are_kept)
{
	make_file("/a", "A");
	CHECK_EQ(mkdir("/d", 0755), 0);
	make_file("/d/b", "B");
	FAILS(rename2("/a", "/d/b", NOREPLACE), EEXIST);
	FAILS(rename2("/a", "/none", EXCHANGE), ENOENT);
	FAILS(rename2("/a", "/d/b", NOREPLACE | EXCHANGE), EINVAL);
	FAILS(rename2("/a", "/d/b", 8), EINVAL);
	CHECK_EQ(rename2("/a", "/d/b", EXCHANGE), 0);
	CHECK(holds("/a", "B") && holds("/d/b", "A"));
	CHECK_EQ(rename2("/a", "/d/c", NOREPLACE), 0);
	CHECK_EQ(mkdir("/e", 0755), 0);
	CHECK_EQ(rename2("/e", "/d/b", EXCHANGE), 0); /* of two kinds */
	CHECK(holds("/e", "A"));
	CHECK_EQ(links_of("/d"), 3);
	CHECK(exists("/d/b/../c"));
	FAILS(rename2("/d", "/d/b", EXCHANGE), EINVAL);
	CHECK_EQ(unlink("/d/c"), 0);
	CHECK_EQ(unlink("/e"), 0);
	CHECK_EQ(rmdir("/d/b"), 0);
	CHECK_EQ(rmdir("/d"), 0);
}

TEST(a_removed_directory_takes_nothing_in)
{
	char path[8];
	int fd;

	CHECK_EQ(mkdir("/gone", 0755), 0);
	CHECK_EQ(mkdir("/gone/deep", 0755), 0);
	CHECK_EQ(chdir("/gone/deep"), 0);
	fd = open(".", O_RDONLY | O_DIRECTORY);
	CHECK_EQ(rmdir("/gone/deep"), 0);
	FAILS(open("x", O_RDWR | O_CREAT, 0600), ENOENT);
	FAILS(mkdirat(fd, "x", 0755), ENOENT);
	FAILS(getcwd(path, sizeof(path)) ? 0 : -1, ENOENT);
	CHECK(exists("../deep/..") == false && exists(".."));
	CHECK_EQ(rmdir("/gone"), 0);
	CHECK_EQ(chdir(".."), 0);
	FAILS(open("x", O_RDWR | O_CREAT, 0600), ENOENT);
	CHECK_EQ(chdir("/"), 0);
	CHECK_EQ(close(fd), 0);
}

TEST(nodes_are_kept_and_reported)
{
	struct stat status;

	CHECK_EQ(mknod("/fifo", S_IFIFO | 0640, 0), 0);
	CHECK_EQ(stat("/fifo", &status), 0);
	CHECK_EQ(status.st_mode, S_IFIFO | 0640);
	CHECK_EQ(mknod("/disk", S_IFBLK | 0600, makedev(8, 1)), 0);
	CHECK_EQ(stat("/disk", &status), 0);
	CHECK_EQ(status.st_rdev, makedev(8, 1));
	CHECK(S_ISBLK(status.st_mode));
	FAILS(open("/disk", O_RDWR), ENXIO);
	CHECK_EQ(mknod("/char", S_IFCHR | 0600, makedev(200, 1)), 0);
	FAILS(open("/char", O_RDWR), ENXIO);
	CHECK_EQ(mknod("/plain", 0644, 0), 0);
	CHECK_EQ(size_of("/plain"), 0);
	CHECK_EQ(mknod("/socket", S_IFSOCK | 0600, 0), 0);
	FAILS(open("/socket", O_RDWR), ENXIO);
	FAILS(mknod("/d", S_IFDIR | 0600, 0), EPERM);
	FAILS(mknod("/l", S_IFLNK | 0600, 0), EINVAL);
	FAILS(mknod("/fifo", S_IFIFO | 0600, 0), EEXIST);
	FAILS(mknod("/x/", S_IFIFO | 0600, 0), ENOENT);
	CHECK_EQ(unlink("/fifo"), 0);
	CHECK_EQ(unlink("/disk"), 0);
	CHECK_EQ(unlink("/char"), 0);
	CHECK_EQ(unlink("/plain"), 0);
	CHECK_EQ(unlink("/socket"), 0);
}

/* Catches buckets that are split or merged wrongly, and pages that stay. */
TEST(many_names_are_all_found_and_leave_nothing)
{
	enum { NAMES = 3000 };
	char name[32];

	CHECK_EQ(mkdir("/many", 0755), 0);
	for (int i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "/many/%d", i);
		CHECK_EQ(symlink("x", name), 0);
	}
	for (int i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "/many/%d", i);
		CHECK(exists(name));
	}
	CHECK(!exists("/many/3000"));
	for (int i = NAMES - 1; i >= 0; i -= 2) {
		snprintf(name, sizeof(name), "/many/%d", i);
		CHECK_EQ(unlink(name), 0);
	}
	for (int i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "/many/%d", i);
		CHECK_EQ(exists(name), i % 2 == 0);
		if (i % 2 == 0)
			CHECK_EQ(unlink(name), 0);
	}
	CHECK_EQ(rmdir("/many"), 0);
}
