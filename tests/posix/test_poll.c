/* SPDX-License-Identifier: MIT */
/* poll() and select(): what they tell, how long they wait, many of everything. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "beside.h"
#include "core/timer.h"
#include "posix/syscalls.h"
#include "test.h"

#define MS   1000000l
#define MANY 300

static void *const volatile nowhere = (void *)8;
static int event;
static int fds[2];
static struct pollfd entries[MANY];

static void check_errno(long result, int want)
{
	CHECK_EQ(result, -1);
	CHECK_EQ(errno, want);
}

static void open_event(unsigned int value)
{
	event = eventfd(value, EFD_NONBLOCK);
	CHECK(event >= 0);
}

static void add(int fd)
{
	const uint64_t one = 1;

	CHECK_EQ(write(fd, &one, sizeof(one)), sizeof(one));
}

TEST(poll_tells_what_is_asked_and_what_always_is)
{
	struct pollfd three[3];

	CHECK_EQ(pipe(fds), 0);
	three[0] = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	three[1] = (struct pollfd){ .fd = fds[1], .events = POLLOUT };
	three[2] = (struct pollfd){ .fd = -1, .events = POLLIN, .revents = 9 };
	CHECK_EQ(poll(three, 3, 0), 1);
	CHECK_EQ(three[0].revents, 0);
	CHECK_EQ(three[1].revents, POLLOUT);
	CHECK_EQ(three[2].revents, 0);
	three[1].events = 0;
	CHECK_EQ(poll(three, 3, 0), 0);
	CHECK_EQ(close(fds[1]), 0);
	three[0].events = 0;
	CHECK_EQ(poll(three, 2, -1), 2);
	CHECK_EQ(three[0].revents, POLLHUP);
	CHECK_EQ(three[1].revents, POLLNVAL);
	CHECK_EQ(close(fds[0]), 0);
}

TEST(poll_waits_exactly_as_long_as_asked)
{
	struct pollfd entry = { .events = POLLIN };
	uint64_t start_ns = timer_now_ns();

	open_event(0);
	entry.fd = event;
	CHECK_EQ(poll(&entry, 1, 4), 0);
	CHECK(timer_now_ns() - start_ns >= 4 * MS);
	start_ns = timer_now_ns();
	CHECK_EQ(poll(&entry, 1, 0), 0);
	CHECK_EQ(poll(NULL, 0, 1), 0);
	CHECK(timer_now_ns() - start_ns >= MS);
	close(event);
}

TEST(wrong_arguments_of_poll_are_refused)
{
	const struct timespec bad = { .tv_nsec = 1000 * MS };
	struct pollfd entry = { .fd = 1, .events = POLLOUT };
	uint64_t mask = 0;

	check_errno(poll(nowhere, 1, 0), EFAULT);
	check_errno(poll(&entry, 1 << 20, 0), EINVAL);
	check_errno(ppoll(&entry, 1, &bad, NULL), EINVAL);
	check_errno(syscall(SYS_ppoll, &entry, 1, nowhere, NULL, 8), EFAULT);
	check_errno(syscall(SYS_ppoll, &entry, 1, NULL, &mask, 4), EINVAL);
	check_errno(syscall(SYS_ppoll, &entry, 1, NULL, nowhere, 8), EFAULT);
}

static volatile int signals;

static void on_signal(int signal)
{
	(void)signal;
	signals++;
}

/* A signal that is pending must come under the wait's mask, not before or after. */
TEST(the_mask_of_a_wait_lets_signals_through)
{
	struct pollfd entry = { .events = POLLIN };
	sigset_t blocked, none;

	signals = 0;
	open_event(0);
	entry.fd = event;
	signal(SIGUSR1, on_signal);
	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	CHECK_EQ(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
	CHECK_EQ(raise(SIGUSR1), 0);
	CHECK_EQ(poll(&entry, 1, 1), 0);
	CHECK_EQ(signals, 0);
	check_errno(ppoll(&entry, 1, NULL, &none), EINTR);
	CHECK_EQ(signals, 1);
	CHECK_EQ(raise(SIGUSR1), 0);
	CHECK_EQ(signals, 1); /* blocked again */
	check_errno(pselect(0, NULL, NULL, NULL, NULL, &none), EINTR);
	CHECK_EQ(signals, 2);
	CHECK_EQ(sigprocmask(SIG_UNBLOCK, &blocked, NULL), 0);
	signal(SIGUSR1, SIG_DFL);
	close(event);
}

static long poll_event(void *timeout_ms)
{
	struct timespec time = { .tv_nsec = (long)timeout_ms * MS };
	struct pollfd entry = { .fd = event, .events = POLLIN };
	const long n = sys_ppoll((long)&entry, 1, timeout_ms ? (long)&time : 0,
	                         0, 8, 0);

	return n > 0 ? entry.revents : n;
}

TEST(poll_sleeps_until_something_comes)
{
	struct beside *poller;

	open_event(0);
	poller = beside_start(poll_event, NULL);
	beside_waits(poller);
	add(event);
	CHECK_EQ(beside_join(poller), POLLIN);
	close(event);
}

TEST(everybody_who_polls_a_file_is_told)
{
	struct beside *pollers[6];
	unsigned int i;

	open_event(0);
	for (i = 0; i < ARRAY_SIZE(pollers); i++)
		pollers[i] = beside_start(poll_event, NULL);
	for (i = 0; i < ARRAY_SIZE(pollers); i++)
		beside_waits(pollers[i]);
	add(event);
	for (i = 0; i < ARRAY_SIZE(pollers); i++)
		CHECK_EQ(beside_join(pollers[i]), POLLIN);
	close(event);
}

TEST(an_interrupted_poll_says_so)
{
	struct beside *poller;

	open_event(0);
	poller = beside_start(poll_event, NULL);
	beside_waits(poller);
	beside_interrupt(poller);
	CHECK_EQ(beside_join(poller), -EINTR);
	close(event);
}

/* The poller has a reference: what it watches is there when it stops. */
TEST(closing_what_is_polled_frees_nothing_under_it)
{
	struct beside *poller;

	open_event(0);
	poller = beside_start(poll_event, (void *)200);
	beside_waits(poller);
	CHECK_EQ(close(event), 0);
	CHECK_EQ(beside_join(poller), 0);
}

static long poll_many(void *unused)
{
	(void)unused;
	return sys_ppoll((long)entries, MANY, 0, 0, 8, 0);
}

TEST(one_of_many_wakes_a_poll)
{
	struct beside *poller;
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		entries[i].fd = eventfd(0, EFD_NONBLOCK);
		entries[i].events = POLLIN;
		CHECK(entries[i].fd >= 0);
	}
	CHECK_EQ(poll(entries, MANY, 1), 0);
	poller = beside_start(poll_many, NULL);
	beside_waits(poller);
	add(entries[MANY - 1].fd);
	CHECK_EQ(beside_join(poller), 1);
	CHECK_EQ(entries[MANY - 1].revents, POLLIN);
	CHECK_EQ(entries[0].revents, 0);
	for (i = 0; i < MANY; i++)
		close(entries[i].fd);
}

TEST(select_tells_each_set)
{
	struct timeval zero = { 0 };
	fd_set reads, writes;
	int low = eventfd(0, 0);

	CHECK_EQ(pipe(fds), 0);
	open_event(1);
	FD_ZERO(&reads);
	FD_ZERO(&writes);
	FD_SET(low, &reads);
	FD_SET(fds[0], &reads);
	FD_SET(event, &reads);
	FD_SET(event, &writes);
	FD_SET(fds[1], &writes);
	CHECK_EQ(select(event + 1, &reads, &writes, NULL, &zero), 3);
	CHECK(!FD_ISSET(low, &reads));
	CHECK(!FD_ISSET(fds[0], &reads));
	CHECK(FD_ISSET(event, &reads) && FD_ISSET(event, &writes));
	CHECK(FD_ISSET(fds[1], &writes));

	/* Hung up is readable, not writable. */
	close(fds[1]);
	FD_ZERO(&reads);
	FD_SET(fds[0], &reads);
	writes = reads;
	CHECK_EQ(select(fds[0] + 1, &reads, NULL, &writes, &zero), 1);
	CHECK(FD_ISSET(fds[0], &reads) && !FD_ISSET(fds[0], &writes));
	close(fds[0]);
	close(event);
	close(low);
}

TEST(select_empties_the_sets_when_time_is_over)
{
	struct timeval time = { .tv_usec = 2000 };
	const uint64_t start_ns = timer_now_ns();
	fd_set reads, copy;

	open_event(0);
	FD_ZERO(&reads);
	FD_SET(event, &reads);
	copy = reads;
	CHECK_EQ(select(FD_SETSIZE, &copy, NULL, NULL, &time), 0);
	CHECK(timer_now_ns() - start_ns >= 2 * MS);
	CHECK(!FD_ISSET(event, &copy));
	/* Beyond the number of bits nobody looks. */
	add(event);
	CHECK_EQ(select(event, &reads, NULL, NULL, &(struct timeval){ 0 }), 0);
	close(event);
}

TEST(wrong_arguments_of_select_are_refused)
{
	struct timeval zero = { 0 };
	struct timeval bad = { .tv_sec = -1 };
	fd_set reads;

	FD_ZERO(&reads);
	FD_SET(77, &reads);
	check_errno(select(78, &reads, NULL, NULL, &zero), EBADF);
	CHECK(FD_ISSET(77, &reads));
	check_errno(select(-1, NULL, NULL, NULL, &zero), EINVAL);
	check_errno(select(0, NULL, NULL, NULL, &bad), EINVAL);
	check_errno(select(1, nowhere, NULL, NULL, &zero), EFAULT);
	CHECK_EQ(select(0, NULL, NULL, NULL, &zero), 0);
}

/* More members than lie on the stack. */
TEST(select_of_many_finds_each)
{
	struct timeval zero = { 0 };
	int many[40];
	fd_set reads;
	unsigned int i;

	FD_ZERO(&reads);
	for (i = 0; i < ARRAY_SIZE(many); i++) {
		many[i] = eventfd(i % 3 == 0, 0);
		FD_SET(many[i], &reads);
	}
	CHECK_EQ(select(many[39] + 1, &reads, NULL, NULL, &zero), 14);
	for (i = 0; i < ARRAY_SIZE(many); i++) {
		CHECK_EQ(FD_ISSET(many[i], &reads), i % 3 == 0);
		close(many[i]);
	}
}

#define ROUNDS 3000

static long echo(void *unused)
{
	struct pollfd entry = { .fd = event, .events = POLLIN };
	uint64_t value;
	long i;

	(void)unused;
	for (i = 0; i < ROUNDS; i++) {
		if (sys_ppoll((long)&entry, 1, 0, 0, 8, 0) != 1)
			return -1;
		sys_read(event, (long)&value, 8, 0, 0, 0);
		value = 1;
		sys_write(fds[0], (long)&value, 8, 0, 0, 0);
	}
	return 0;
}

/* A wake that is lost between look and sleep would end this for ever. */
TEST(no_wake_is_lost_in_many_rounds)
{
	struct beside *other;
	unsigned int i;

	open_event(0);
	fds[0] = eventfd(0, EFD_NONBLOCK);
	other = beside_start(echo, NULL);
	for (i = 0; i < ROUNDS; i++) {
		struct pollfd entry = { .fd = fds[0], .events = POLLIN };
		uint64_t value;

		add(event);
		CHECK_EQ(poll(&entry, 1, 5000), 1);
		CHECK_EQ(read(fds[0], &value, 8), 8);
	}
	CHECK_EQ(beside_join(other), 0);
	close(fds[0]);
	close(event);
}
