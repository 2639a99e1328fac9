/* SPDX-License-Identifier: MIT */
/* Event counters: both modes, both ends of the range, waiting. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "beside.h"
#include "posix/syscalls.h"
#include "test.h"

static void *const volatile nowhere = (void *)8;
static int fd;

static void check_errno(long result, int want)
{
	CHECK_EQ(result, -1);
	CHECK_EQ(errno, want);
}

static void add(uint64_t value)
{
	CHECK_EQ(write(fd, &value, sizeof(value)), sizeof(value));
}

static uint64_t take(void)
{
	uint64_t value = 0;

	CHECK_EQ(read(fd, &value, sizeof(value)), sizeof(value));
	return value;
}

static int ready_now(void)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN | POLLOUT };

	CHECK(poll(&entry, 1, 0) >= 0);
	return entry.revents;
}

TEST(a_counter_is_read_at_once_and_begins_again)
{
	uint64_t value = 0;

	fd = eventfd(3, EFD_NONBLOCK);
	CHECK(fd >= 0);
	add(4);
	CHECK_EQ(take(), 7);
	check_errno(read(fd, &value, sizeof(value)), EAGAIN);
	add(0);
	check_errno(read(fd, &value, sizeof(value)), EAGAIN);
	close(fd);
}

TEST(a_semaphore_is_read_one_by_one)
{
	uint64_t value = 0;

	fd = eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE);
	CHECK(fd >= 0);
	CHECK_EQ(take(), 1);
	CHECK_EQ(take(), 1);
	check_errno(read(fd, &value, sizeof(value)), EAGAIN);
	close(fd);
}

TEST(the_counter_does_not_overflow)
{
	uint64_t value = 1;

	fd = eventfd(0, EFD_NONBLOCK);
	CHECK_EQ(ready_now(), POLLOUT);
	add(UINT64_MAX - 2);
	CHECK_EQ(ready_now(), POLLIN | POLLOUT);
	add(1);
	CHECK_EQ(ready_now(), POLLIN);
	check_errno(write(fd, &value, sizeof(value)), EAGAIN);
	value = UINT64_MAX;
	check_errno(write(fd, &value, sizeof(value)), EINVAL);
	CHECK_EQ(take(), UINT64_MAX - 1);
	CHECK_EQ(ready_now(), POLLOUT);
	close(fd);
}

TEST(wrong_arguments_are_refused)
{
	uint64_t value[2] = { 1, 0 };

	check_errno(eventfd(0, 0x100), EINVAL);
	fd = eventfd(1, EFD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	check_errno(read(fd, value, 7), EINVAL);
	check_errno(write(fd, value, 7), EINVAL);
	check_errno(write(fd, nowhere, 8), EFAULT);
	check_errno(read(fd, nowhere, 8), EFAULT);
	add(5);
	CHECK_EQ(read(fd, value, sizeof(value)), 8);
	CHECK_EQ(value[0], 5);
	close(fd);
}

static long read_one(void *unused)
{
	uint64_t value;
	const long got = sys_read(fd, (long)&value, sizeof(value), 0, 0, 0);

	(void)unused;
	return got < 0 ? got : (long)value;
}

static long write_two(void *unused)
{
	const uint64_t value = 2;

	(void)unused;
	return sys_write(fd, (long)&value, sizeof(value), 0, 0, 0);
}

TEST(readers_sleep_until_there_is_something)
{
	struct beside *readers[4];
	unsigned int i;

	fd = eventfd(0, EFD_SEMAPHORE);
	for (i = 0; i < ARRAY_SIZE(readers); i++)
		readers[i] = beside_start(read_one, NULL);
	for (i = 0; i < ARRAY_SIZE(readers); i++)
		beside_waits(readers[i]);
	/* As many wake as there is for them. */
	add(3);
	add(1);
	for (i = 0; i < ARRAY_SIZE(readers); i++)
		CHECK_EQ(beside_join(readers[i]), 1);
	close(fd);
}

TEST(a_writer_sleeps_until_there_is_room)
{
	struct beside *writer;

	fd = eventfd(0, 0);
	add(UINT64_MAX - 2);
	writer = beside_start(write_two, NULL);
	beside_waits(writer);
	CHECK_EQ(take(), UINT64_MAX - 2);
	CHECK_EQ(beside_join(writer), 8);
	CHECK_EQ(take(), 2);
	close(fd);
}

TEST(an_interrupted_reader_takes_nothing)
{
	struct beside *reader;

	fd = eventfd(0, 0);
	reader = beside_start(read_one, NULL);
	beside_waits(reader);
	beside_interrupt(reader);
	CHECK_EQ(beside_join(reader), -EINTR);
	add(9);
	CHECK_EQ(take(), 9);
	close(fd);
}
