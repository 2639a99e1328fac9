/* SPDX-License-Identifier: MIT */
/* Signals that are read. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
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

static sigset_t set_of(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	if (signal)
		sigaddset(&set, signal);
	return set;
}

/* @signal is blocked, for threads made from now on too, and read. */
static void open_for(int signal, int flags)
{
	const sigset_t set = set_of(signal);

	CHECK_EQ(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	fd = signalfd(-1, &set, flags);
	CHECK(fd >= 0);
}

static void close_for(int signal)
{
	const sigset_t set = set_of(signal);

	CHECK_EQ(close(fd), 0);
	CHECK_EQ(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
}

TEST(a_pending_signal_is_read_and_gone)
{
	struct signalfd_siginfo info[3] = { 0 };
	union sigval value = { .sival_int = 77 };

	open_for(SIGUSR1, SFD_NONBLOCK);
	check_errno(read(fd, info, sizeof(info)), EAGAIN);
	CHECK_EQ(sigqueue(getpid(), SIGUSR1, value), 0);
	CHECK_EQ(read(fd, info, sizeof(info)), sizeof(info[0]));
	CHECK_EQ(info[0].ssi_signo, SIGUSR1);
	CHECK_EQ(info[0].ssi_code, SI_QUEUE);
	CHECK_EQ(info[0].ssi_int, 77);
	CHECK_EQ(info[0].ssi_pid, getpid());
	check_errno(read(fd, info, sizeof(info)), EAGAIN);
	close_for(SIGUSR1);
}

TEST(several_signals_are_read_at_once)
{
	struct signalfd_siginfo info[3] = { 0 };
	union sigval value = { .sival_int = 1 };

	open_for(SIGRTMIN + 3, SFD_NONBLOCK);
	CHECK_EQ(sigqueue(getpid(), SIGRTMIN + 3, value), 0);
	value.sival_int = 2;
	CHECK_EQ(sigqueue(getpid(), SIGRTMIN + 3, value), 0);
	CHECK_EQ(read(fd, info, sizeof(info)), 2 * sizeof(info[0]));
	CHECK_EQ(info[0].ssi_int, 1);
	CHECK_EQ(info[1].ssi_int, 2);
	close_for(SIGRTMIN + 3);
}

TEST(only_the_signals_of_its_set_make_it_ready)
{
	const sigset_t other = set_of(SIGUSR2);
	struct pollfd entry = { .events = POLLIN };
	struct signalfd_siginfo info;

	open_for(SIGUSR1, SFD_NONBLOCK);
	entry.fd = fd;
	CHECK_EQ(sigprocmask(SIG_BLOCK, &other, NULL), 0);
	CHECK_EQ(raise(SIGUSR2), 0);
	CHECK_EQ(poll(&entry, 1, 0), 0);
	CHECK_EQ(signalfd(fd, &other, 0), fd);
	CHECK_EQ(poll(&entry, 1, 0), 1);
	CHECK_EQ(read(fd, &info, sizeof(info)), sizeof(info));
	CHECK_EQ(info.ssi_signo, SIGUSR2);
	CHECK_EQ(sigprocmask(SIG_UNBLOCK, &other, NULL), 0);
	close_for(SIGUSR1);
}

TEST(wrong_arguments_are_refused)
{
	const sigset_t set = set_of(SIGUSR1);
	char few[127];

	check_errno(signalfd(-1, &set, 1), EINVAL);
	check_errno(signalfd(99, &set, 0), EBADF);
	check_errno(signalfd(1, &set, 0), EINVAL);
	check_errno(syscall(SYS_signalfd4, -1, nowhere, 8, 0), EFAULT);
	check_errno(syscall(SYS_signalfd4, -1, &set, 4, 0), EINVAL);
	open_for(SIGUSR1, SFD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	check_errno(read(fd, few, sizeof(few)), EINVAL);
	CHECK_EQ(raise(SIGUSR1), 0);
	check_errno(read(fd, nowhere, 128), EFAULT);
	close_for(SIGUSR1);
}

static long read_signal(void *unused)
{
	struct signalfd_siginfo info;
	const long got = sys_read(fd, (long)&info, sizeof(info), 0, 0, 0);

	(void)unused;
	return got < 0 ? got : (long)info.ssi_signo;
}

static long wait_epoll(void *epoll)
{
	struct epoll_event event;

	return sys_epoll_pwait((long)epoll, (long)&event, 1, -1, 0, 8);
}

TEST(a_signal_wakes_who_reads_and_who_waits_for_it)
{
	struct epoll_event event = { .events = EPOLLIN };
	const int epoll = epoll_create1(0);
	struct signalfd_siginfo info;
	struct beside *thread;

	open_for(SIGUSR1, 0);
	thread = beside_start(read_signal, NULL);
	beside_waits(thread);
	CHECK_EQ(kill(getpid(), SIGUSR1), 0);
	CHECK_EQ(beside_join(thread), SIGUSR1);

	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
	thread = beside_start(wait_epoll, (void *)(long)epoll);
	beside_waits(thread);
	CHECK_EQ(kill(getpid(), SIGUSR1), 0);
	CHECK_EQ(beside_join(thread), 1);
	CHECK_EQ(read(fd, &info, sizeof(info)), sizeof(info));
	CHECK_EQ(close(epoll), 0);
	close_for(SIGUSR1);
}
