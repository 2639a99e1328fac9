/* SPDX-License-Identifier: MIT */
/* The console as descriptors 0, 1 and 2, and calls that do not exist. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#include "posix/syscalls.h"
#include "test.h"

static void check_errno(long result, int want)
{
	CHECK_EQ(result, -1);
	CHECK_EQ(errno, want);
}

TEST(bad_descriptors_are_told)
{
	char byte;

	check_errno(read(3, &byte, 1), EBADF);
	check_errno(write(-1, "x", 1), EBADF);
	check_errno(close(7), EBADF);
	check_errno(fcntl(5, F_GETFL), EBADF);
	check_errno(lseek(4, 0, SEEK_SET), EBADF);
	check_errno(lseek(1, 0, SEEK_SET), ESPIPE);
	check_errno(isatty(5) - 1, EBADF);
}

TEST(bad_pointers_are_told)
{
	struct iovec vector[2] = { { "", 0 }, { (void *)8, 4 } };

	check_errno(write(1, (void *)8, 4), EFAULT);
	check_errno(read(0, (void *)"read-only", 4), EFAULT);
	check_errno(write(1, (char *)-2, 8), EFAULT);
	check_errno(writev(1, vector, 2), EFAULT);
	check_errno(writev(1, (void *)8, 1), EFAULT);
	check_errno(writev(1, vector, -1), EINVAL);
	vector[0].iov_len = ~0ul;
	check_errno(writev(1, vector, 2), EINVAL);
	CHECK_EQ(write(1, NULL, 0), 0);
}

TEST(the_console_is_a_character_device)
{
	struct stat status;

	CHECK_EQ(fstat(1, &status), 0);
	CHECK(S_ISCHR(status.st_mode));
	check_errno(stat("/etc/passwd", &status), ENOENT);
	CHECK_EQ(isatty(1), 1);
}

TEST(terminal_settings_are_kept)
{
	struct termios before, raw, now;

	CHECK_EQ(tcgetattr(1, &before), 0);
	CHECK(before.c_lflag & ICANON);
	raw = before;
	raw.c_lflag &= ~(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	CHECK_EQ(tcsetattr(1, TCSANOW, &raw), 0);
	CHECK_EQ(tcgetattr(1, &now), 0);
	CHECK_EQ(now.c_lflag, raw.c_lflag);
	CHECK_EQ(now.c_cc[VMIN], 0);
	CHECK_EQ(tcsetattr(1, TCSADRAIN, &before), 0);
}

TEST(an_empty_console_does_not_block_a_nonblocking_read)
{
	char byte;

	CHECK_EQ(fcntl(0, F_SETFL, O_NONBLOCK), 0);
	CHECK(fcntl(0, F_GETFL) & O_NONBLOCK);
	check_errno(read(0, &byte, 1), EAGAIN);
	CHECK_EQ(fcntl(0, F_SETFL, 0), 0);
}

TEST(a_call_that_does_not_exist_is_refused_and_counted)
{
	const unsigned int before = syscalls_refused(SYS_mount);
	const unsigned int unknown = syscalls_refused(-1);
	const unsigned int others = syscalls_refused(SYS_umount2);

	check_errno(syscall(SYS_mount, 0, 0, 0, 0, 0), ENOSYS);
	check_errno(syscall(SYS_mount, 0, 0, 0, 0, 0), ENOSYS);
	check_errno(syscall(-5), ENOSYS);
	check_errno(syscall(100000), ENOSYS);
	CHECK_EQ(syscalls_refused(SYS_mount), before + 2);
	CHECK_EQ(syscalls_refused(100000), unknown + 2);
	CHECK_EQ(syscalls_refused(SYS_umount2), others);
	check_errno(mount("", "", "", 0, NULL),
	            ENOSYS); /* without the dispatcher */
	CHECK_EQ(syscalls_refused(SYS_mount), before + 3);
	CHECK_EQ(syscall(SYS_getpid), 1);
}
