/* SPDX-License-Identifier: MIT */
/* Descriptors: numbers, copies, flags, limits, O_PATH. */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "files.h"
#include "posix/file.h"

TEST(the_lowest_free_descriptor_is_given)
{
	int a = open("/", O_RDONLY), b = dup(a), c = dup(a);

	CHECK_EQ(a, 3);
	CHECK_EQ(b, 4);
	CHECK_EQ(c, 5);
	CHECK_EQ(close(b), 0);
	CHECK_EQ(dup(a), 4);
	CHECK_EQ(fcntl(a, F_DUPFD, 100), 100);
	CHECK_EQ(fcntl(a, F_DUPFD, 100), 101);
	CHECK_EQ(close(100), 0);
	CHECK_EQ(close(101), 0);
	for (int fd = 3; fd <= 5; fd++)
		CHECK_EQ(close(fd), 0);
	FAILS(close(3), EBADF);
}

TEST(copies_share_position_and_flags_but_not_close_on_exec)
{
	int fd = file_with("/shared", "abcdef");
	int copy = dup(fd), other = open("/shared", O_RDWR | O_CLOEXEC);
	char byte;

	CHECK_EQ(lseek(copy, 2, SEEK_SET), 2);
	CHECK_EQ(read(fd, &byte, 1), 1);
	CHECK_EQ(byte, 'c');
	CHECK_EQ(lseek(other, 0, SEEK_CUR), 0);
	CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK), 0);
	CHECK_EQ(fcntl(copy, F_GETFL) & (O_APPEND | O_NONBLOCK | O_ACCMODE),
	         O_APPEND | O_NONBLOCK | O_RDWR);
	CHECK_EQ(fcntl(other, F_GETFL) & O_APPEND, 0);
	CHECK_EQ(fcntl(other, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
	CHECK_EQ(fcntl(copy, F_GETFD), 0);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(ioctl(fd, FIONCLEX), 0);
	CHECK_EQ(fcntl(fd, F_GETFD), 0);
	CHECK_EQ(ioctl(fd, FIOCLEX), 0);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(lseek(copy, 0, SEEK_CUR), 3);
	CHECK_EQ(close(copy), 0);
	CHECK_EQ(close(other), 0);
	CHECK_EQ(unlink("/shared"), 0);
}

TEST(dup3_takes_the_place_of_what_was_there)
{
	int fd = file_with("/one", "1"), other = file_with("/two", "2");
	char byte;

	CHECK_EQ(dup2(fd, other), other);
	CHECK_EQ(pread(other, &byte, 1, 0), 1);
	CHECK_EQ(byte, '1');
	CHECK_EQ(dup3(fd, 200, O_CLOEXEC), 200);
	CHECK_EQ(fcntl(200, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(dup2(fd, fd), fd);
	FAILS(dup3(fd, fd, 0), EINVAL);
	FAILS(dup3(fd, 9, O_APPEND), EINVAL);
	FAILS(dup3(77, 9, 0), EBADF);
	FAILS(dup3(fd, -1, 0), EBADF);
	FAILS(dup3(fd, 1024, 0), EBADF);
	FAILS(dup2(77, 77), EBADF);
	CHECK_EQ(close(200), 0);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(close(other), 0);
	CHECK_EQ(unlink("/one"), 0);
	CHECK_EQ(unlink("/two"), 0);
}

TEST(a_full_table_is_told_and_usable_again)
{
	int fd, last = 0;

	while ((fd = dup(1)) >= 0)
		last = fd;
	CHECK_EQ(errno, EMFILE);
	CHECK_EQ(last, 1023);
	FAILS(open("/", O_RDONLY), EMFILE);
	FAILS(open("/not-made", O_RDWR | O_CREAT, 0600), EMFILE);
	CHECK(!exists("/not-made"));
	FAILS(fcntl(1, F_DUPFD, 1023), EMFILE);
	FAILS(fcntl(1, F_DUPFD, 1024), EINVAL);
	FAILS(fcntl(1, F_DUPFD, -1), EINVAL);
	CHECK_EQ(close(500), 0);
	CHECK_EQ(dup(1), 500);
	for (; last > 2; last--)
		CHECK_EQ(close(last), 0);
}

TEST(a_larger_limit_gives_larger_numbers)
{
	const unsigned int before = fd_limit;

	WRITE_ONCE(fd_limit, 20);
	FAILS(fcntl(1, F_DUPFD, 20), EINVAL);
	WRITE_ONCE(fd_limit, before);
	CHECK_EQ(fcntl(1, F_DUPFD, 1000), 1000);
	CHECK_EQ(close(1000), 0);
}

TEST(a_path_only_file_stands_for_its_place_alone)
{
	struct stat status;
	char byte;
	int fd, copy;

	make_file("/place", "x");
	fd = open("/place", O_PATH);
	CHECK(fd >= 0);
	CHECK_EQ(fstat(fd, &status), 0);
	CHECK_EQ(status.st_size, 1);
	CHECK(fcntl(fd, F_GETFL) & O_PATH);
	FAILS(read(fd, &byte, 1), EBADF);
	FAILS(write(fd, &byte, 1), EBADF);
	FAILS(lseek(fd, 0, SEEK_SET), EBADF);
	FAILS(syscall(SYS_fchmod, fd, 0600), EBADF);
	FAILS(ftruncate(fd, 0), EBADF);
	FAILS(ioctl(fd, FIONBIO, &byte), EBADF);
	copy = dup(fd);
	CHECK_EQ(fstat(copy, &status), 0);
	FAILS(read(copy, &byte, 1), EBADF);
	CHECK_EQ(fstatat(fd, "", &status, AT_EMPTY_PATH), 0);
	CHECK_EQ(close(copy), 0);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(symlink("/place", "/sign"), 0);
	fd = open("/sign", O_PATH | O_NOFOLLOW);
	CHECK_EQ(fstat(fd, &status), 0);
	CHECK(S_ISLNK(status.st_mode));
	CHECK_EQ(readlinkat(fd, "", &byte, 1), 1);
	CHECK_EQ(byte, '/');
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/sign"), 0);
	CHECK_EQ(unlink("/place"), 0);
}

TEST(calls_for_all_files_refuse_what_is_not_theirs)
{
	int fd = file_with("/plain", "12345"), bytes;

	CHECK_EQ(lseek(fd, 2, SEEK_SET), 2);
	CHECK_EQ(ioctl(fd, FIONREAD, &bytes), 0);
	CHECK_EQ(bytes, 3);
	bytes = 1;
	CHECK_EQ(ioctl(fd, FIONBIO, &bytes), 0);
	CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
	FAILS(ioctl(fd, FIONBIO, (int *)8), EFAULT);
	FAILS(ioctl(fd, TIOCGWINSZ, &bytes), ENOTTY);
	FAILS(ioctl(99, FIONBIO, &bytes), EBADF);
	FAILS(fcntl(fd, 9999), EINVAL);
	FAILS(fcntl(99, F_GETFD), EBADF);
	FAILS(fcntl(99, F_SETFD, 0), EBADF);
	FAILS(fcntl(99, F_DUPFD, 0), EBADF);
	FAILS(fcntl(99, F_SETFL, 0), EBADF);
	FAILS(dup(99), EBADF);
	FAILS(fsync(1), EINVAL);
	FAILS(fsync(99), EBADF);
	CHECK_EQ(fsync(fd), 0);
	CHECK_EQ(fdatasync(fd), 0);
	sync();
	CHECK_EQ(syncfs(fd), 0);
	FAILS(syncfs(99), EBADF);
	CHECK_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL), 0);
	CHECK_EQ(posix_fadvise(fd, 0, 0, 77), EINVAL);
	CHECK_EQ(posix_fadvise(1, 0, 0, 0), ESPIPE);
	CHECK_EQ(posix_fadvise(99, 0, 0, 0), EBADF);
	CHECK_EQ(readahead(fd, 0, 10), 0);
	FAILS(readahead(99, 0, 10), EBADF);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/plain"), 0);
}
