/* SPDX-License-Identifier: MIT */
/* Bytes from file to file, files without names, seals. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "files.h"
#include "mm/types.h"
#include "pages.h"

TEST(sendfile_copies_and_moves_the_right_position)
{
	int from = file_with("/from", "0123456789"), to = file_with("/to", "");
	off_t offset = 3;

	CHECK_EQ(sendfile(to, from, &offset, 4), 4);
	CHECK_EQ(offset, 7);
	CHECK_EQ(lseek(from, 0, SEEK_CUR), 10);
	CHECK(holds("/to", "3456"));
	CHECK_EQ(lseek(from, 8, SEEK_SET), 8);
	CHECK_EQ(sendfile(to, from, NULL, 100), 2);
	CHECK_EQ(lseek(from, 0, SEEK_CUR), 10);
	CHECK_EQ(sendfile(to, from, NULL, 100), 0);
	CHECK(holds("/to", "345689"));
	offset = 0;
	CHECK_EQ(sendfile(1, from, &offset, 0), 0);
	offset = -1;
	FAILS(sendfile(to, from, &offset, 1), EINVAL);
	FAILS(sendfile(to, from, (off_t *)8, 1), EFAULT);
	FAILS(sendfile(99, from, NULL, 1), EBADF);
	FAILS(sendfile(to, 99, NULL, 1), EBADF);
	offset = 0;
	FAILS(sendfile(to, 1, &offset, 1), ESPIPE);
	CHECK_EQ(fcntl(to, F_SETFL, O_APPEND), 0);
	FAILS(sendfile(to, from, NULL, 1), EINVAL);
	CHECK_EQ(close(to), 0);
	to = open("/to", O_RDONLY);
	FAILS(sendfile(to, from, NULL, 1), EBADF);
	CHECK_EQ(close(to), 0);
	CHECK_EQ(close(from), 0);
	CHECK_EQ(unlink("/from"), 0);
	CHECK_EQ(unlink("/to"), 0);
}

TEST(copy_file_range_copies_within_and_between_files)
{
	enum { SIZE = 40000 };
	char *text = malloc(SIZE), *seen = malloc(SIZE);
	int from = open("/from", O_RDWR | O_CREAT, 0600);
	int to = open("/to", O_RDWR | O_CREAT, 0600);
	off_t in = 5, out = 3000;

	pattern_fill(text, SIZE, 1);
	CHECK_EQ(write(from, text, SIZE), SIZE);
	CHECK_EQ(copy_file_range(from, &in, to, &out, SIZE, 0), SIZE - 5);
	CHECK(in == SIZE && out == SIZE + 2995);
	CHECK_EQ(pread(to, seen, SIZE - 5, 3000), SIZE - 5);
	CHECK(memcmp(seen, text + 5, SIZE - 5) == 0);
	in = 0, out = 20000;
	CHECK_EQ(copy_file_range(from, &in, from, &out, 10000, 0), 10000);
	CHECK_EQ(pread(from, seen, 10000, 20000), 10000);
	CHECK(memcmp(seen, text, 10000) == 0);
	in = 0, out = 5;
	FAILS(copy_file_range(from, &in, from, &out, 10, 0), EINVAL);
	FAILS(copy_file_range(from, &in, to, &out, 1, 1), EINVAL);
	FAILS(copy_file_range(from, &in, 1, NULL, 1, 0), EINVAL);
	FAILS(copy_file_range(from, (off_t *)8, to, NULL, 1, 0), EFAULT);
	FAILS(copy_file_range(99, NULL, to, NULL, 1, 0), EBADF);
	CHECK_EQ(close(from), 0);
	from = open("/", O_RDONLY);
	FAILS(copy_file_range(from, NULL, to, NULL, 1, 0), EISDIR);
	CHECK_EQ(close(from), 0);
	CHECK_EQ(close(to), 0);
	CHECK_EQ(unlink("/from"), 0);
	CHECK_EQ(unlink("/to"), 0);
	free(text);
	free(seen);
	test_may_keep_areas(8);
}

TEST(a_file_in_memory_has_no_name_and_keeps_its_seals)
{
	int fd = memfd_create("memory", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	struct stat status;

	CHECK(fd >= 0);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(write(fd, "sealed", 6), 6);
	CHECK_EQ(fstat(fd, &status), 0);
	CHECK(status.st_size == 6 && status.st_nlink == 0);
	CHECK_EQ(fcntl(fd, F_GET_SEALS), 0);
	CHECK_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK), 0);
	FAILS(ftruncate(fd, 5), EPERM);
	FAILS(ftruncate(fd, 7), EPERM);
	FAILS(fallocate(fd, 0, 0, 10), EPERM);
	FAILS(pwrite(fd, "x", 1, 6), EPERM);
	CHECK_EQ(pwrite(fd, "S", 1, 0), 1);
	CHECK_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	FAILS(pwrite(fd, "s", 1, 0), EPERM);
	FAILS(fallocate(fd, 3, 0, 1), EPERM);
	FAILS(fcntl(fd, F_ADD_SEALS, 0x100), EINVAL);
	CHECK_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0);
	FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
	CHECK_EQ(fcntl(fd, F_GET_SEALS), 15);
	CHECK_EQ(close(fd), 0);
	fd = memfd_create("", 0);
	FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
	CHECK_EQ(close(fd), 0);
	FAILS(memfd_create("x", 0x1000), EINVAL);
	FAILS(memfd_create((char *)8, 0), EFAULT);
	FAILS(fcntl(1, F_GET_SEALS), EINVAL);
}
