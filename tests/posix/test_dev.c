/* SPDX-License-Identifier: MIT */
/* The devices in /dev: numbers, contents, errors, readiness. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "test.h"

#define BAD_POINTER ((void *)8)

static void check_errno(long result, int want)
{
	CHECK_EQ(result, -1);
	CHECK_EQ(errno, want);
}

static int open_device(const char *path)
{
	const int fd = open(path, O_RDWR);

	if (fd < 0)
		test_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
	return fd;
}

static bool all_zero(const char *bytes, size_t count)
{
	while (count > 0 && bytes[count - 1] == 0)
		count--;
	return count == 0;
}

TEST(devices_have_linux_numbers)
{
	static const struct {
		const char *path;
		unsigned int major, minor, mode;
	} devices[] = {
		{ "/dev/null", 1, 3, 0666 },    { "/dev/zero", 1, 5, 0666 },
		{ "/dev/full", 1, 7, 0666 },    { "/dev/random", 1, 8, 0666 },
		{ "/dev/urandom", 1, 9, 0666 }, { "/dev/tty", 5, 0, 0666 },
		{ "/dev/console", 5, 1, 0600 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(devices); i++) {
		struct stat status;

		CHECK_EQ(stat(devices[i].path, &status), 0);
		CHECK_EQ(status.st_mode, S_IFCHR | devices[i].mode);
		CHECK_EQ(status.st_rdev,
		         makedev(devices[i].major, devices[i].minor));
	}
}

TEST(null_takes_all_and_has_nothing)
{
	const int fd = open_device("/dev/null");
	char byte = 'x';

	CHECK_EQ(write(fd, "some", 4), 4);
	CHECK_EQ(write(fd, BAD_POINTER, 1000), 1000);
	CHECK_EQ(read(fd, &byte, 1), 0);
	CHECK_EQ(byte, 'x');
	CHECK_EQ(lseek(fd, 0, SEEK_END), 0);
	close(fd);
}

TEST(zero_fills_and_tells_bad_pointers)
{
	const int fd = open_device("/dev/zero");
	char bytes[5000];

	memset(bytes, 0xff, sizeof(bytes));
	CHECK_EQ(read(fd, bytes, sizeof(bytes) - 1), sizeof(bytes) - 1);
	CHECK(all_zero(bytes, sizeof(bytes) - 1));
	CHECK_EQ((unsigned char)bytes[sizeof(bytes) - 1], 0xff);
	check_errno(read(fd, BAD_POINTER, 1), EFAULT);
	CHECK_EQ(write(fd, "some", 4), 4);
	close(fd);
}

TEST(full_has_no_room)
{
	const int fd = open_device("/dev/full");
	char bytes[16] = "not zero at all";

	check_errno(write(fd, "x", 1), ENOSPC);
	CHECK_EQ(read(fd, bytes, sizeof(bytes)), sizeof(bytes));
	CHECK(all_zero(bytes, sizeof(bytes)));
	close(fd);
}

/* What stdio keeps is lost when it is written, not before. */
TEST(full_is_told_by_stdio)
{
	FILE *file = fopen("/dev/full", "w");

	test_may_keep_areas(1); /* the C library's, for malloc() */
	CHECK(file);
	CHECK(fputs("text", file) >= 0);
	CHECK_EQ(fclose(file), EOF);
	CHECK_EQ(errno, ENOSPC);
}

static void check_random(const char *path)
{
	const int fd = open_device(path);
	unsigned char a[1000] = { 0 }, b[1000] = { 0 };
	unsigned int same = 0;

	CHECK_EQ(read(fd, a, sizeof(a)), sizeof(a));
	CHECK_EQ(read(fd, b, sizeof(b)), sizeof(b));
	for (unsigned int i = 0; i < sizeof(a); i++)
		same += a[i] == b[i];
	CHECK(same < 40); /* 4 are to be expected */
	CHECK(!all_zero((char *)a + 950, 50));
	check_errno(read(fd, BAD_POINTER, 1), EFAULT);
	CHECK_EQ(write(fd, "entropy", 7), 7);
	close(fd);
}

TEST(random_bytes_are_never_the_same)
{
	check_random("/dev/random");
	check_random("/dev/urandom");
}

TEST(devices_are_always_ready)
{
	struct pollfd entries[] = {
		{ open_device("/dev/null"), POLLIN | POLLOUT, 0 },
		{ open_device("/dev/zero"), POLLIN | POLLOUT, 0 },
		{ open_device("/dev/urandom"), POLLIN, 0 },
	};

	CHECK_EQ(poll(entries, 3, -1), 3);
	CHECK_EQ(entries[0].revents, POLLIN | POLLOUT);
	CHECK_EQ(entries[1].revents, POLLIN | POLLOUT);
	CHECK_EQ(entries[2].revents, POLLIN);
	for (unsigned int i = 0; i < ARRAY_SIZE(entries); i++)
		close(entries[i].fd);
}

TEST(the_console_can_be_opened_by_name)
{
	const char *const paths[] = { "/dev/console", "/dev/tty",
		                      "/dev/stdout" };

	for (unsigned int i = 0; i < ARRAY_SIZE(paths); i++) {
		const int fd = open(paths[i], O_WRONLY);

		CHECK(fd >= 0);
		CHECK_EQ(isatty(fd), 1);
		CHECK_EQ(write(fd, "# by name\n", 10), 10);
		check_errno(write(fd, BAD_POINTER, 1), EFAULT);
		check_errno(lseek(fd, 0, SEEK_SET), ESPIPE);
		close(fd);
	}
}

TEST(a_device_may_have_other_names)
{
	char byte;
	int fd;

	CHECK_EQ(mknod("/dev/nought", S_IFCHR | 0666, makedev(1, 3)), 0);
	fd = open_device("/dev/nought");
	CHECK_EQ(read(fd, &byte, 1), 0);
	close(fd);
	CHECK_EQ(unlink("/dev/nought"), 0);
}
