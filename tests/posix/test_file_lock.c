/* SPDX-License-Identifier: MIT */
/* Locks on files: of ranges by process and by open file, and flock(). */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <sys/file.h>

#include "files.h"

static int lock(int fd, int command, short type, off_t start, off_t length)
{
	struct flock range = { .l_type = type,
		               .l_whence = SEEK_SET,
		               .l_start = start,
		               .l_len = length };

	return fcntl(fd, command, &range);
}

/* What keeps a lock of [start, start + length) for @type from being had. */
static struct flock held(int fd, int command, short type, off_t start,
                         off_t length)
{
	struct flock range = { .l_type = type,
		               .l_whence = SEEK_SET,
		               .l_start = start,
		               .l_len = length };

	CHECK_EQ(fcntl(fd, command, &range), 0);
	return range;
}

static int two_files(int *other)
{
	int fd = file_with("/locked", "0123456789");

	*other = open("/locked", O_RDWR);
	CHECK(*other >= 0);
	return fd;
}

static void close_files(int fd, int other)
{
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(close(other), 0);
	CHECK_EQ(unlink("/locked"), 0);
}

TEST(the_process_never_conflicts_with_itself)
{
	int other, fd = two_files(&other);

	CHECK_EQ(lock(fd, F_SETLK, F_WRLCK, 0, 0), 0);
	CHECK_EQ(lock(other, F_SETLK, F_WRLCK, 5, 1), 0);
	CHECK_EQ(lock(other, F_SETLKW, F_RDLCK, 0, 0), 0);
	CHECK_EQ(held(other, F_GETLK, F_WRLCK, 0, 0).l_type, F_UNLCK);
	CHECK_EQ(lock(fd, F_SETLK, F_UNLCK, 0, 0), 0);
	close_files(fd, other);
}

TEST(open_files_conflict_by_range_and_type)
{
	int other, fd = two_files(&other);
	struct flock who;

	CHECK_EQ(lock(fd, F_OFD_SETLK, F_RDLCK, 0, 10), 0);
	CHECK_EQ(lock(other, F_OFD_SETLK, F_RDLCK, 5, 10), 0);
	FAILS(lock(other, F_OFD_SETLK, F_WRLCK, 9, 1), EAGAIN);
	CHECK_EQ(lock(other, F_OFD_SETLK, F_WRLCK, 10, 1), 0);
	FAILS(lock(fd, F_OFD_SETLK, F_RDLCK, 10, 1), EAGAIN);
	who = held(fd, F_OFD_GETLK, F_RDLCK, 0, 0);
	CHECK_EQ(who.l_type, F_WRLCK);
	CHECK_EQ(who.l_start, 10);
	CHECK_EQ(who.l_len, 1);
	CHECK_EQ(who.l_pid, -1);
	/* The other's range is cut in two, and joined again. */
	CHECK_EQ(lock(other, F_OFD_SETLK, F_UNLCK, 7, 2), 0);
	CHECK_EQ(lock(fd, F_OFD_SETLK, F_WRLCK, 7, 2), 0);
	FAILS(lock(fd, F_OFD_SETLK, F_WRLCK, 6, 1), EAGAIN);
	FAILS(lock(fd, F_OFD_SETLK, F_WRLCK, 9, 1), EAGAIN);
	CHECK_EQ(lock(fd, F_OFD_SETLK, F_UNLCK, 0, 0), 0);
	CHECK_EQ(lock(other, F_OFD_SETLK, F_WRLCK, 0, 0), 0);
	who = held(fd, F_OFD_GETLK, F_RDLCK, 3, 1);
	CHECK(who.l_start == 0 && who.l_len == 0);
	close_files(fd, other);
}

TEST(process_and_open_files_conflict)
{
	int other, fd = two_files(&other);
	struct flock who;

	CHECK_EQ(lock(fd, F_SETLK, F_WRLCK, 2, 2), 0);
	FAILS(lock(other, F_OFD_SETLK, F_RDLCK, 0, 0), EAGAIN);
	who = held(other, F_OFD_GETLK, F_RDLCK, 0, 0);
	CHECK(who.l_start == 2 && who.l_len == 2 && who.l_pid == 1);
	/* POSIX: closing any descriptor of the file drops them all. */
	CHECK_EQ(close(open("/locked", O_RDONLY)), 0);
	CHECK_EQ(lock(other, F_OFD_SETLK, F_WRLCK, 0, 0), 0);
	FAILS(lock(fd, F_SETLK, F_RDLCK, 9, 1), EAGAIN);
	CHECK_EQ(held(fd, F_GETLK, F_RDLCK, 9, 1).l_type, F_WRLCK);
	close_files(fd, other);
}

TEST(locks_go_with_the_last_descriptor_of_their_file)
{
	int other, fd = two_files(&other), copy = dup(other);

	CHECK_EQ(lock(other, F_OFD_SETLK, F_WRLCK, 0, 0), 0);
	CHECK_EQ(flock(other, LOCK_EX), 0);
	CHECK_EQ(close(other), 0);
	FAILS(lock(fd, F_OFD_SETLK, F_WRLCK, 0, 0), EAGAIN);
	FAILS(flock(fd, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	CHECK_EQ(close(copy), 0);
	CHECK_EQ(lock(fd, F_OFD_SETLK, F_WRLCK, 0, 0), 0);
	CHECK_EQ(flock(fd, LOCK_SH | LOCK_NB), 0);
	close_files(fd, dup(fd));
}

TEST(flock_is_shared_or_exclusive_and_changes)
{
	int other, fd = two_files(&other);

	CHECK_EQ(flock(fd, LOCK_SH), 0);
	CHECK_EQ(flock(other, LOCK_SH), 0);
	FAILS(flock(fd, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	CHECK_EQ(flock(other, LOCK_UN), 0);
	CHECK_EQ(flock(fd, LOCK_EX | LOCK_NB), 0);
	FAILS(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	CHECK_EQ(lock(other, F_OFD_SETLK, F_WRLCK, 0, 0), 0); /* another kind */
	FAILS(flock(fd, 0), EINVAL);
	FAILS(flock(99, LOCK_SH), EBADF);
	close_files(fd, other);
}

TEST(bad_ranges_are_told)
{
	int other, fd = two_files(&other);
	int reader = open("/locked", O_RDONLY);
	struct flock range = { .l_type = F_WRLCK, .l_pid = 5 };

	FAILS(lock(fd, F_SETLK, 77, 0, 0), EINVAL);
	FAILS(lock(fd, F_SETLK, F_RDLCK, -1, 0), EINVAL);
	FAILS(lock(fd, F_SETLK, F_RDLCK, 3, -4), EINVAL);
	CHECK_EQ(lock(fd, F_OFD_SETLK, F_WRLCK, 3, -2), 0);
	FAILS(lock(other, F_OFD_SETLK, F_RDLCK, 1, 1), EAGAIN);
	CHECK_EQ(lock(other, F_OFD_SETLK, F_RDLCK, 3, 1), 0);
	FAILS(lock(fd, F_SETLK, F_RDLCK, INT64_MAX, 2), EOVERFLOW);
	FAILS(lock(fd, F_GETLK, F_UNLCK, 0, 0), EINVAL);
	FAILS(lock(reader, F_SETLK, F_WRLCK, 0, 0), EBADF);
	FAILS(lock(99, F_SETLK, F_WRLCK, 0, 0), EBADF);
	FAILS(fcntl(fd, F_SETLK, (void *)8), EFAULT);
	FAILS(fcntl(fd, F_OFD_SETLK, &range), EINVAL);
	range.l_whence = 9;
	FAILS(fcntl(fd, F_SETLK, &range), EINVAL);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	range.l_whence = SEEK_END;
	range.l_start = -1;
	CHECK_EQ(fcntl(fd, F_SETLK, &range), 0);
	CHECK_EQ(held(other, F_OFD_GETLK, F_WRLCK, 9, 0).l_start, 9);
	CHECK_EQ(close(reader), 0);
	close_files(fd, other);
}

static void *lock_and_write(void *argument)
{
	const int fd = *(int *)argument;

	if (lock(fd, F_OFD_SETLKW, F_WRLCK, 0, 0) == 0)
		pwrite(fd, "B", 1, 0);
	return NULL;
}

/* Catches a wake that is forgotten, and a lock that is given while it is held. */
TEST(a_lock_is_waited_for)
{
	int other, fd = two_files(&other);
	pthread_t thread;
	char byte;

	CHECK_EQ(lock(fd, F_OFD_SETLK, F_WRLCK, 5, 1), 0);
	CHECK_EQ(pthread_create(&thread, NULL, lock_and_write, &other), 0);
	usleep(20000);
	CHECK_EQ(pread(fd, &byte, 1, 0), 1);
	CHECK_EQ(byte, '0');
	CHECK_EQ(lock(fd, F_OFD_SETLK, F_UNLCK, 0, 0), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(pread(fd, &byte, 1, 0), 1);
	CHECK_EQ(byte, 'B');
	close_files(fd, other);
	test_may_keep_areas(8);
}
