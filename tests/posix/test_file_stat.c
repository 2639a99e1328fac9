/* SPDX-License-Identifier: MIT */
/* What is known of files: modes, owners, times, access, statfs. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>

#include "core/timer.h"
#include "files.h"
#include "mm/types.h"

#define STEP_NS 9000000ul /* more than a step of file times */

static struct stat status_of(const char *path)
{
	struct stat status;

	CHECK_EQ(lstat(path, &status), 0);
	return status;
}

/* Until file times have moved on. */
static void let_time_pass(void)
{
	const uint64_t until = timer_now_ns() + STEP_NS;

	while (timer_now_ns() < until)
		continue;
}

static bool same(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool later(struct timespec a, struct timespec b)
{
	return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec
	                            : a.tv_nsec > b.tv_nsec;
}

TEST(modes_and_owners_are_kept)
{
	int fd = file_with("/m", "x");

	CHECK_EQ(chmod("/m", 04751), 0);
	CHECK_EQ(status_of("/m").st_mode, S_IFREG | 04751);
	CHECK_EQ(fchmod(fd, 0640), 0);
	CHECK_EQ(status_of("/m").st_mode, S_IFREG | 0640);
	CHECK_EQ(chown("/m", 7, 8), 0);
	CHECK_EQ(fchown(fd, -1, 9), 0);
	CHECK_EQ(status_of("/m").st_uid, 7);
	CHECK_EQ(status_of("/m").st_gid, 9);
	CHECK_EQ(chmod("/m", 06755), 0);
	CHECK_EQ(chown("/m", 0, 0), 0); /* takes the set-id bits */
	CHECK_EQ(status_of("/m").st_mode, S_IFREG | 0755);
	CHECK_EQ(symlink("/m", "/l"), 0);
	CHECK_EQ(lchown("/l", 5, 5), 0);
	CHECK_EQ(status_of("/l").st_uid, 5);
	CHECK_EQ(status_of("/m").st_uid, 0);
	CHECK_EQ(chmod("/l", 0600), 0); /* through the link */
	CHECK_EQ(status_of("/m").st_mode, S_IFREG | 0600);
	FAILS(chmod("/none", 0600), ENOENT);
	FAILS(chown("/none", 0, 0), ENOENT);
	FAILS(fchmod(99, 0600), EBADF);
	FAILS(fchown(99, 0, 0), EBADF);
	FAILS(fchownat(AT_FDCWD, "/m", 0, 0, 1), EINVAL);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/l"), 0);
	CHECK_EQ(unlink("/m"), 0);
}

/* As for root on Linux: only what nobody may execute is refused. */
TEST(access_is_answered_as_to_root)
{
	make_file("/a", "");
	CHECK_EQ(chmod("/a", 0), 0);
	CHECK_EQ(access("/a", R_OK | W_OK), 0);
	FAILS(access("/a", X_OK), EACCES);
	CHECK_EQ(close(open("/a", O_RDWR)), 0);
	CHECK_EQ(chmod("/a", 0100), 0);
	CHECK_EQ(access("/a", X_OK), 0);
	CHECK_EQ(access("/", R_OK | W_OK | X_OK), 0);
	FAILS(access("/none", F_OK), ENOENT);
	FAILS(access("/a", 8), EINVAL);
	FAILS(faccessat(AT_FDCWD, "/a", F_OK, 0x4000), EINVAL);
	CHECK_EQ(faccessat(AT_FDCWD, "/a", X_OK, AT_EACCESS), 0);
	CHECK_EQ(unlink("/a"), 0);
}

TEST(times_follow_what_is_done)
{
	struct stat before, now, directory;
	char byte;
	int fd;

	CHECK_EQ(mkdir("/t", 0755), 0);
	directory = status_of("/t");
	let_time_pass();
	fd = file_with("/t/f", "x");
	before = status_of("/t/f");
	CHECK(later(before.st_mtim, directory.st_mtim));
	CHECK(later(status_of("/t").st_mtim, directory.st_mtim));
	CHECK(same(before.st_mtim, before.st_ctim));
	let_time_pass();
	CHECK_EQ(pread(fd, &byte, 1, 0), 1);
	now = status_of("/t/f");
	CHECK(later(now.st_atim, before.st_atim));
	CHECK(same(now.st_mtim, before.st_mtim));
	let_time_pass();
	CHECK_EQ(pread(fd, &byte, 1, 0), 1); /* read already: relatime */
	CHECK(same(status_of("/t/f").st_atim, now.st_atim));
	CHECK_EQ(pwrite(fd, "y", 1, 0), 1);
	now = status_of("/t/f");
	CHECK(later(now.st_mtim, before.st_mtim));
	CHECK(same(now.st_mtim, now.st_ctim));
	before = now;
	let_time_pass();
	CHECK_EQ(fchmod(fd, 0600), 0);
	now = status_of("/t/f");
	CHECK(later(now.st_ctim, before.st_ctim));
	CHECK(same(now.st_mtim, before.st_mtim));
	before = now;
	let_time_pass();
	CHECK_EQ(link("/t/f", "/t/g"), 0);
	now = status_of("/t/f");
	CHECK(later(now.st_ctim, before.st_ctim));
	directory = status_of("/t");
	let_time_pass();
	CHECK_EQ(unlink("/t/g"), 0);
	CHECK(later(status_of("/t").st_mtim, directory.st_mtim));
	CHECK(later(status_of("/t/f").st_ctim, now.st_ctim));
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/t/f"), 0);
	CHECK_EQ(rmdir("/t"), 0);
}

TEST(times_are_set_as_asked)
{
	struct timespec times[2] = { { 1000, 1 }, { 2000, 999999999 } };
	int fd = file_with("/set", "");
	struct stat before;

	CHECK_EQ(futimens(fd, times), 0);
	CHECK(same(status_of("/set").st_atim, times[0]));
	CHECK(same(status_of("/set").st_mtim, times[1]));
	times[0].tv_nsec = UTIME_OMIT;
	times[1].tv_nsec = UTIME_NOW;
	before = status_of("/set");
	CHECK_EQ(utimensat(AT_FDCWD, "/set", times, 0), 0);
	CHECK(same(status_of("/set").st_atim, before.st_atim));
	CHECK(!same(status_of("/set").st_mtim, before.st_mtim));
	CHECK_EQ(write(fd, "x", 1), 1); /* and the clock goes on from there */
	CHECK_EQ(utimensat(AT_FDCWD, "/set", NULL, 0), 0);
	times[1].tv_nsec = 1000000000;
	FAILS(futimens(fd, times), EINVAL);
	times[1].tv_nsec = UTIME_OMIT;
	CHECK_EQ(utimensat(AT_FDCWD, "/none", times, 0), 0); /* nothing to do */
	FAILS(utimensat(AT_FDCWD, "/none", NULL, 0), ENOENT);
	FAILS(syscall(SYS_utimensat, AT_FDCWD, "/set", 8, 0), EFAULT);
	FAILS(utimensat(AT_FDCWD, "/set", NULL, 1), EINVAL);
	FAILS(futimens(99, NULL), EBADF);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/set"), 0);
}

TEST(a_link_has_times_of_its_own)
{
	const struct timespec times[2] = { { 5, 0 }, { 6, 0 } };

	CHECK_EQ(symlink("nowhere", "/own"), 0);
	CHECK_EQ(utimensat(AT_FDCWD, "/own", times, AT_SYMLINK_NOFOLLOW), 0);
	CHECK_EQ(status_of("/own").st_mtim.tv_sec, 6);
	CHECK_EQ(status_of("/own").st_size, 7);
	CHECK_EQ(unlink("/own"), 0);
}

TEST(the_file_system_tells_its_size)
{
	struct statfs before, now;
	int fd;

	CHECK_EQ(statfs("/", &before), 0);
	CHECK_EQ(before.f_type, 0x01021994);
	CHECK(before.f_bsize == PAGE_SIZE && before.f_namelen == 255);
	CHECK(before.f_bfree > 0 && before.f_bfree < before.f_blocks);
	fd = open("/full", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(posix_fallocate(fd, 0, 1 << 20), 0);
	CHECK_EQ(fstatfs(fd, &now), 0);
	CHECK(now.f_bfree + 256 <= before.f_bfree);
	FAILS(statfs("/none", &now), ENOENT);
	FAILS(fstatfs(99, &now), EBADF);
	FAILS(syscall(SYS_statfs, "/", 8), EFAULT);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/full"), 0);
}

/* Linux's struct statx up to where the checks look. */
struct statx_head {
	uint32_t mask, block_bytes;
	uint64_t attributes;
	uint32_t links, uid, gid;
	uint16_t mode, spare;
	uint64_t inode, size, blocks;
	uint64_t rest[32];
};

static int statx_of(const char *path, int flags, unsigned int mask, void *to)
{
	return syscall(SYS_statx, AT_FDCWD, path, flags, mask, to);
}

TEST(statx_says_what_stat_says)
{
	struct statx_head x;
	struct stat status;

	make_file("/x", "12345");
	status = status_of("/x");
	CHECK_EQ(statx_of("/x", 0, 0x7ff, &x), 0);
	CHECK_EQ(x.mask & 0x7ff, 0x7ff);
	CHECK_EQ(x.size, 5);
	CHECK_EQ(x.inode, status.st_ino);
	CHECK_EQ(x.mode, status.st_mode);
	CHECK_EQ(x.links, 1);
	CHECK_EQ(x.blocks, 8);
	FAILS(statx_of("/none", 0, 0x7ff, &x), ENOENT);
	FAILS(statx_of("/x", 0x6000, 0x7ff, &x), EINVAL);
	FAILS(statx_of("/x", 0, 0x80000000u, &x), EINVAL);
	FAILS(statx_of("/x", 0, 0x7ff, (void *)8), EFAULT);
	CHECK_EQ(unlink("/x"), 0);
}

TEST(status_of_bad_memory_is_told)
{
	struct stat status;

	FAILS(fstat(99, &status), EBADF);
	FAILS(syscall(SYS_newfstatat, AT_FDCWD, "/", 8, 0), EFAULT);
	FAILS(syscall(SYS_fstat, 1, 8), EFAULT);
	FAILS(stat("", &status), ENOENT);
}
