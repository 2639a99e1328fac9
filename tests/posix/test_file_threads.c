/* SPDX-License-Identifier: MIT */
/* Files under threads: nothing is lost, seen half done, or waited for for ever. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include "files.h"

#define THREADS 4
#define LOOPS   150

static unsigned int wrong; /* [A] */

static void expect(bool condition)
{
	if (!condition)
		__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}

static void run(void *(*function)(void *))
{
	pthread_t threads[THREADS];

	wrong = 0;
	for (long i = 0; i < THREADS; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, function, (void *)i),
		         0);
	for (int i = 0; i < THREADS; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	CHECK_EQ(wrong, 0);
	test_may_keep_areas(8);
}

static void *open_and_close(void *unused)
{
	for (int i = 0; i < LOOPS; i++) {
		const int fd = open("/tmp/shared", O_RDONLY);
		const int copy = dup(fd);
		char byte = 0;

		expect(fd >= 3 && copy >= 3 && fd != copy);
		expect(pread(copy, &byte, 1, 0) == 1 && byte == 's');
		expect(close(fd) == 0);
		expect(close(copy) == 0);
	}
	return unused;
}

/* Catches a descriptor that two get, and a file that ends in somebody's hands. */
TEST(descriptors_of_threads_are_their_own)
{
	make_file("/tmp/shared", "s");
	run(open_and_close);
	CHECK_EQ(unlink("/tmp/shared"), 0);
	CHECK_EQ(open("/", O_RDONLY), 3);
	CHECK_EQ(close(3), 0);
}

static void *reopen_under_others(void *number)
{
	for (int i = 0; i < LOOPS; i++) {
		struct stat status;

		if (number) {
			const int result = fstat(50, &status);

			expect(result == 0 ? S_ISREG(status.st_mode)
			                   : errno == EBADF);
		} else {
			const int fd = open("/tmp/shared", O_RDONLY);

			expect(dup2(fd, 50) == 50);
			expect(close(fd) == 0);
			expect(close(50) == 0);
		}
	}
	return NULL;
}

TEST(a_descriptor_may_close_while_others_use_it)
{
	make_file("/tmp/shared", "s");
	run(reopen_under_others);
	CHECK_EQ(unlink("/tmp/shared"), 0);
}

/* Two directories that move into each other, and files that change places. */
static void *move_names(void *number)
{
	const long me = (long)number;
	char own[32], other[32];

	snprintf(own, sizeof(own), "/tmp/a/%ld", me);
	snprintf(other, sizeof(other), "/tmp/b/%ld", me);
	for (int i = 0; i < LOOPS; i++) {
		const int fd = open(own, O_RDWR | O_CREAT | O_EXCL, 0600);

		expect(fd >= 0);
		expect(rename(own, other) == 0);
		expect(!exists(own) && exists(other));
		if (me == 0)
			(void)rename("/tmp/a/x", "/tmp/b/y/x");
		if (me == 1)
			(void)rename("/tmp/b/y", "/tmp/a/x/y");
		if (me == 2)
			(void)rename("/tmp/b/y/x", "/tmp/a/x");
		if (me == 3)
			(void)rename("/tmp/a/x/y", "/tmp/b/y");
		expect(unlink(other) == 0);
		expect(close(fd) == 0);
	}
	return NULL;
}

/* Catches circles, names in two places, links that are counted wrongly. */
TEST(moves_from_all_sides_leave_one_tree)
{
	struct stat status;

	CHECK_EQ(mkdir("/tmp/a", 0700), 0);
	CHECK_EQ(mkdir("/tmp/b", 0700), 0);
	CHECK_EQ(mkdir("/tmp/a/x", 0700), 0);
	CHECK_EQ(mkdir("/tmp/b/y", 0700), 0);
	run(move_names);
	(void)rename("/tmp/b/y/x", "/tmp/a/x");
	(void)rename("/tmp/a/x/y", "/tmp/b/y");
	CHECK_EQ(rmdir("/tmp/a/x"), 0);
	CHECK_EQ(rmdir("/tmp/b/y"), 0);
	CHECK_EQ(stat("/tmp/a", &status), 0);
	CHECK_EQ(status.st_nlink, 2);
	CHECK_EQ(rmdir("/tmp/a"), 0);
	CHECK_EQ(rmdir("/tmp/b"), 0);
}

static int shared_fd;

/* Lines of one letter each, longer than a page: whole or not at all. */
static void *append_lines(void *number)
{
	char line[5000];
	const int fd = open("/tmp/log", O_WRONLY | O_APPEND);

	memset(line, 'a' + (int)(long)number, sizeof(line));
	for (int i = 0; i < LOOPS / 10; i++)
		expect(write(fd, line, sizeof(line)) == sizeof(line));
	expect(close(fd) == 0);
	return NULL;
}

TEST(appended_lines_stay_whole)
{
	static char line[5000];
	int count = 0;

	shared_fd = open("/tmp/log", O_RDWR | O_CREAT, 0600);
	run(append_lines);
	while (read(shared_fd, line, sizeof(line)) == sizeof(line)) {
		for (size_t i = 1; i < sizeof(line); i++)
			CHECK_EQ(line[i], line[0]);
		count++;
	}
	CHECK_EQ(count, THREADS * (LOOPS / 10));
	CHECK_EQ(close(shared_fd), 0);
	CHECK_EQ(unlink("/tmp/log"), 0);
}

/* Readers see one writer's page or another's, and zeros behind a cut. */
static void *write_cut_and_read(void *number)
{
	static char pages[THREADS][8192];
	char *page = pages[(long)number];

	for (int i = 0; i < LOOPS; i++) {
		ssize_t bytes;

		if (number) {
			memset(page, 'a' + (int)(long)number, 8192);
			expect(pwrite(shared_fd, page, 8192, 0) == 8192);
		} else {
			expect(ftruncate(shared_fd, i % 2 ? 0 : 8192) == 0);
		}
		bytes = pread(shared_fd, page, 8192, 0);
		for (ssize_t at = 1; at < bytes; at++)
			expect(page[at] == page[0]);
	}
	return NULL;
}

TEST(a_read_sees_one_state_of_the_file)
{
	shared_fd = open("/tmp/pages", O_RDWR | O_CREAT, 0600);
	run(write_cut_and_read);
	CHECK_EQ(close(shared_fd), 0);
	CHECK_EQ(unlink("/tmp/pages"), 0);
}
