/* SPDX-License-Identifier: MIT */
/* From paths to files: dots, slashes, links, lengths, directories' descriptors. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "files.h"

static ino_t inode_of(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_ino : 0;
}

TEST(dots_and_slashes_lead_where_they_should)
{
	const ino_t root = inode_of("/");

	CHECK_EQ(mkdir("/a", 0755), 0);
	CHECK_EQ(mkdir("/a/b", 0755), 0);
	CHECK_EQ(inode_of("//a///b//"), inode_of("/a/b"));
	CHECK_EQ(inode_of("/a/./b/../b/."), inode_of("/a/b"));
	CHECK_EQ(inode_of("/a/b/../.."), root);
	CHECK_EQ(inode_of("/../../.."), root);
	CHECK_EQ(inode_of("/.../x"), 0);
	CHECK_EQ(inode_of("a/b"), inode_of("/a/b"));
	CHECK_EQ(inode_of("/a/none/.."), 0);
	CHECK_EQ(rmdir("/a/b"), 0);
	CHECK_EQ(rmdir("/a"), 0);
}

TEST(the_working_directory_is_kept_and_told)
{
	char path[64];
	int fd;

	CHECK_EQ(mkdir("/w", 0755), 0);
	CHECK_EQ(mkdir("/w/x", 0755), 0);
	CHECK_EQ(chdir("/w/x"), 0);
	CHECK(getcwd(path, sizeof(path)) && strcmp(path, "/w/x") == 0);
	CHECK_EQ(rename("/w", "/v"), 0);
	CHECK(getcwd(path, sizeof(path)) && strcmp(path, "/v/x") == 0);
	make_file("f", "here");
	CHECK(holds("/v/x/f", "here") && holds("../x/f", "here"));
	CHECK_EQ(unlink("f"), 0);
	fd = open("/", O_RDONLY);
	CHECK_EQ(fchdir(fd), 0);
	CHECK(getcwd(path, sizeof(path)) && strcmp(path, "/") == 0);
	FAILS(getcwd(path, 1) ? 0 : -1, ERANGE);
	CHECK_EQ(close(fd), 0);
	FAILS(fchdir(fd), EBADF);
	FAILS(fchdir(1), ENOTDIR);
	FAILS(chdir("/none"), ENOENT);
	CHECK_EQ(rmdir("/v/x"), 0);
	CHECK_EQ(rmdir("/v"), 0);
}

TEST(calls_start_at_the_directory_of_a_descriptor)
{
	struct stat status;
	int fd;

	CHECK_EQ(mkdir("/at", 0755), 0);
	fd = open("/at", O_RDONLY | O_DIRECTORY);
	CHECK_EQ(mkdirat(fd, "sub", 0755), 0);
	CHECK_EQ(symlinkat("sub", fd, "link"), 0);
	CHECK_EQ(fstatat(fd, "link", &status, 0), 0);
	CHECK(S_ISDIR(status.st_mode));
	CHECK_EQ(fstatat(fd, "link", &status, AT_SYMLINK_NOFOLLOW), 0);
	CHECK(S_ISLNK(status.st_mode));
	CHECK_EQ(renameat(fd, "link", AT_FDCWD, "/moved"), 0);
	CHECK_EQ(faccessat(fd, "sub", F_OK, 0), 0);
	FAILS(unlinkat(fd, "sub", 0), EISDIR);
	FAILS(unlinkat(fd, "sub", 7), EINVAL);
	CHECK_EQ(unlinkat(fd, "sub", AT_REMOVEDIR), 0);
	CHECK_EQ(unlinkat(fd, "/moved", 0), 0); /* absolute: fd is no matter */
	FAILS(fstatat(fd, "", &status, 0), ENOENT);
	CHECK_EQ(fstatat(fd, "", &status, AT_EMPTY_PATH), 0);
	CHECK(S_ISDIR(status.st_mode));
	CHECK_EQ(fstatat(1, "", &status, AT_EMPTY_PATH), 0);
	CHECK(S_ISCHR(status.st_mode));
	FAILS(fstatat(fd, "x", &status, 0x40000), EINVAL);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(rmdir("/at"), 0);
}

TEST(symbolic_links_are_followed_in_every_place)
{
	char text[16];

	CHECK_EQ(mkdir("/d", 0755), 0);
	make_file("/d/f", "file");
	CHECK_EQ(symlink("/d", "/absolute"), 0);
	CHECK_EQ(symlink("../d/f", "/d/relative"), 0);
	CHECK_EQ(symlink("absolute", "/twice"), 0);
	CHECK_EQ(symlink("nowhere", "/dangling"), 0);
	CHECK(holds("/absolute/f", "file"));
	CHECK(holds("/d/relative", "file"));
	CHECK(holds("/twice/relative", "file"));
	CHECK(holds("/twice/../d/f", "file"));
	CHECK_EQ(readlink("/d/relative", text, sizeof(text)), 6);
	CHECK(memcmp(text, "../d/f", 6) == 0);
	CHECK_EQ(readlink("/d/relative", text, 2), 2);
	FAILS(readlink("/d/f", text, 2), EINVAL);
	FAILS(readlink("/none", text, 2), ENOENT);
	FAILS(syscall(SYS_readlinkat, AT_FDCWD, "/twice", text, 0), EINVAL);
	FAILS(readlink("/twice", (char *)8, 4), EFAULT);
	FAILS(open("/dangling", O_RDONLY), ENOENT);
	FAILS(open("/twice", O_RDONLY | O_NOFOLLOW), ELOOP);
	FAILS(open("/twice", O_RDONLY | O_NOFOLLOW | O_DIRECTORY), ENOTDIR);
	FAILS(rmdir("/twice"), ENOTDIR);
	FAILS(rmdir("/twice/"), ENOTDIR);
	FAILS(mkdir("/dangling", 0755), EEXIST);
	FAILS(symlink("", "/empty"), ENOENT);
	FAILS(symlink("x", "/twice"), EEXIST);
	CHECK_EQ(unlink("/absolute"), 0);
	CHECK_EQ(unlink("/twice"), 0);
	CHECK_EQ(unlink("/d/relative"), 0);
	CHECK_EQ(unlink("/dangling"), 0);
	CHECK_EQ(unlink("/d/f"), 0);
	CHECK_EQ(rmdir("/d"), 0);
}

TEST(a_dangling_link_is_created_through)
{
	CHECK_EQ(mkdir("/there", 0755), 0);
	CHECK_EQ(symlink("there/target", "/to"), 0);
	CHECK_EQ(symlink("/to", "/to2"), 0);
	FAILS(open("/to2", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	FAILS(open("/to2", O_RDWR | O_CREAT | O_NOFOLLOW, 0600), ELOOP);
	CHECK_EQ(close(open("/to2", O_RDWR | O_CREAT, 0600)), 0);
	CHECK_EQ(size_of("/there/target"), 0);
	CHECK_EQ(unlink("/to2"), 0);
	CHECK_EQ(unlink("/to"), 0);
	CHECK_EQ(unlink("/there/target"), 0);
	CHECK_EQ(rmdir("/there"), 0);
}

TEST(endless_links_are_told)
{
	char from[16], to[16];

	CHECK_EQ(symlink("/loop2", "/loop1"), 0);
	CHECK_EQ(symlink("/loop1", "/loop2"), 0);
	FAILS(open("/loop1", O_RDONLY), ELOOP);
	FAILS(open("/loop1", O_RDWR | O_CREAT, 0600), ELOOP);
	FAILS(open("/loop1/x", O_RDONLY), ELOOP);
	CHECK_EQ(unlink("/loop1"), 0);
	CHECK_EQ(unlink("/loop2"), 0);
	/* 40 in a row are good, 41 are not. */
	make_file("/end", "far");
	for (int i = 1; i <= 41; i++) {
		snprintf(to, sizeof(to), i == 1 ? "/end" : "/s%d", i - 1);
		snprintf(from, sizeof(from), "/s%d", i);
		CHECK_EQ(symlink(to, from), 0);
	}
	CHECK(holds("/s40", "far"));
	FAILS(open("/s41", O_RDONLY), ELOOP);
	for (int i = 1; i <= 41; i++) {
		snprintf(from, sizeof(from), "/s%d", i);
		CHECK_EQ(unlink(from), 0);
	}
	CHECK_EQ(unlink("/end"), 0);
}

TEST(names_and_paths_have_limits)
{
	char *path = malloc(2 * PATH_MAX);
	char name[NAME_MAX + 3] = "/";

	memset(name + 1, 'n', NAME_MAX);
	make_file(name, "long");
	CHECK(holds(name, "long"));
	CHECK_EQ(unlink(name), 0);
	name[NAME_MAX + 1] = 'n';
	FAILS(open(name, O_RDWR | O_CREAT, 0600), ENAMETOOLONG);
	FAILS(mkdir(name, 0700), ENAMETOOLONG);
	memset(path, '/', 2 * PATH_MAX);
	path[PATH_MAX - 1] = '\0';
	CHECK_EQ(access(path, F_OK), 0);
	path[PATH_MAX - 1] = '/';
	path[PATH_MAX] = '\0';
	FAILS(access(path, F_OK), ENAMETOOLONG);
	for (int i = 0; i < PATH_MAX - 2; i += 2)
		memcpy(path + i, "./", 2);
	path[PATH_MAX - 2] = '\0';
	CHECK_EQ(access(path, F_OK), 0); /* more names than one breath */
	free(path);
	test_may_keep_areas(8);
}

/* Catches a copy of the path that reads behind its end. */
TEST(paths_at_the_end_of_memory_are_read)
{
	static char string[] = "/";

	for (unsigned int shift = 0; shift < 8; shift++) {
		char text[24] = "xxxxxxxx/tmp/../tmp";

		memmove(text + shift, text + 8, 12);
		CHECK_EQ(access(text + shift, F_OK), 0);
	}
	CHECK_EQ(access(string, F_OK), 0);
	FAILS(access((char *)-2, F_OK), EFAULT);
	FAILS(access(NULL, F_OK), EFAULT);
}

TEST(realpath_of_the_c_library_works)
{
	static char resolved[PATH_MAX];

	CHECK_EQ(mkdir("/real", 0755), 0);
	make_file("/real/f", "");
	CHECK_EQ(symlink("/real/../real", "/alias"), 0);
	CHECK(realpath("/alias/./f", resolved));
	CHECK(strcmp(resolved, "/real/f") == 0);
	FAILS(realpath("/alias/none", resolved) ? 0 : -1, ENOENT);
	CHECK_EQ(unlink("/alias"), 0);
	CHECK_EQ(unlink("/real/f"), 0);
	CHECK_EQ(rmdir("/real"), 0);
}
