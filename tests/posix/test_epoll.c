/* SPDX-License-Identifier: MIT */
/* epoll: every operation's refusals, level and edge, nesting, closing, many. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "beside.h"
#include "core/timer.h"
#include "posix/syscalls.h"
#include "test.h"

#define MS   1000000ul
#define MANY 1000

static void *const volatile nowhere = (void *)8;
static int epoll;
static int fds[MANY];
static struct epoll_event events[MANY];

static void check_errno(long result, int want)
{
	CHECK_EQ(result, -1);
	CHECK_EQ(errno, want);
}

static void open_epoll(void)
{
	epoll = epoll_create1(0);
	CHECK(epoll >= 0);
}

static int open_event(unsigned int value)
{
	const int fd = eventfd(value, EFD_NONBLOCK);

	CHECK(fd >= 0);
	return fd;
}

static void tell(int fd)
{
	const uint64_t one = 1;

	CHECK_EQ(write(fd, &one, sizeof(one)), sizeof(one));
}

static void take(int fd)
{
	uint64_t value;

	CHECK_EQ(read(fd, &value, sizeof(value)), sizeof(value));
}

static int control(int operation, int fd, uint32_t what)
{
	struct epoll_event event = { .events = what, .data.fd = fd };

	return epoll_ctl(epoll, operation, fd, &event);
}

static void watch(int fd, uint32_t what)
{
	CHECK_EQ(control(EPOLL_CTL_ADD, fd, what), 0);
}

/* How many events there are now, into events[]. */
static int look(void)
{
	const int n = epoll_wait(epoll, events, MANY, 0);

	CHECK(n >= 0);
	return n;
}

TEST(level_triggered_events_come_until_they_are_served)
{
	const int fd = open_event(0);

	open_epoll();
	watch(fd, EPOLLIN);
	CHECK_EQ(look(), 0);
	tell(fd);
	CHECK_EQ(look(), 1);
	CHECK_EQ(events[0].events, EPOLLIN);
	CHECK_EQ(events[0].data.fd, fd);
	CHECK_EQ(look(), 1);
	take(fd);
	CHECK_EQ(look(), 0);
	tell(fd);
	CHECK_EQ(look(), 1);
	close(fd);
	close(epoll);
}

TEST(edge_triggered_events_come_once_for_each_piece_of_news)
{
	int ends[2];
	char byte;

	CHECK_EQ(pipe2(ends, O_NONBLOCK), 0);
	open_epoll();
	CHECK_EQ(write(ends[1], "ab", 2), 2);
	watch(ends[0], EPOLLIN | EPOLLET);
	CHECK_EQ(look(), 1); /* what was there when it was added */
	CHECK_EQ(look(), 0);
	/* A read that leaves something is no news. */
	CHECK_EQ(read(ends[0], &byte, 1), 1);
	CHECK_EQ(look(), 0);
	/* A write is, though it was readable before. */
	CHECK_EQ(write(ends[1], "c", 1), 1);
	CHECK_EQ(look(), 1);
	CHECK_EQ(look(), 0);
	CHECK_EQ(control(EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLET), 0);
	CHECK_EQ(look(), 1);
	CHECK_EQ(look(), 0);
	close(ends[1]);
	CHECK_EQ(look(), 1);
	CHECK_EQ(events[0].events, EPOLLIN | EPOLLHUP);
	close(ends[0]);
	close(epoll);
}

TEST(one_shot_events_wait_to_be_armed_again)
{
	const int fd = open_event(1);

	open_epoll();
	watch(fd, EPOLLIN | EPOLLONESHOT);
	CHECK_EQ(look(), 1);
	tell(fd);
	CHECK_EQ(look(), 0);
	CHECK_EQ(control(EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT), 0);
	CHECK_EQ(look(), 1);
	close(fd);
	close(epoll);
}

TEST(what_is_asked_for_can_be_changed_and_taken_back)
{
	const int fd = open_event(0);

	open_epoll();
	watch(fd, EPOLLIN);
	CHECK_EQ(look(), 0);
	CHECK_EQ(control(EPOLL_CTL_MOD, fd, EPOLLOUT), 0);
	CHECK_EQ(look(), 1);
	CHECK_EQ(events[0].events, EPOLLOUT);
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL), 0);
	CHECK_EQ(look(), 0);
	tell(fd);
	CHECK_EQ(look(), 0);
	close(fd);
	close(epoll);
}

TEST(wrong_arguments_are_refused)
{
	const int fd = open_event(1);

	check_errno(epoll_create1(1), EINVAL);
	open_epoll();
	watch(fd, EPOLLIN);
	check_errno(control(EPOLL_CTL_ADD, fd, EPOLLIN), EEXIST);
	check_errno(control(EPOLL_CTL_ADD, 9999, EPOLLIN), EBADF);
	check_errno(control(EPOLL_CTL_MOD, epoll, EPOLLIN), EINVAL);
	check_errno(control(9, fd, EPOLLIN), EINVAL);
	check_errno(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, nowhere), EFAULT);
	check_errno(epoll_ctl(fd, EPOLL_CTL_DEL, epoll, NULL), EINVAL);
	check_errno(epoll_ctl(9999, EPOLL_CTL_DEL, fd, NULL), EBADF);
	CHECK_EQ(control(EPOLL_CTL_DEL, fd, 0), 0);
	check_errno(control(EPOLL_CTL_DEL, fd, 0), ENOENT);
	check_errno(control(EPOLL_CTL_MOD, fd, 0), ENOENT);
	watch(fd, EPOLLIN | EPOLLEXCLUSIVE);
	check_errno(control(EPOLL_CTL_MOD, fd, EPOLLIN), EINVAL);
	check_errno(epoll_wait(epoll, events, 0, 0), EINVAL);
	check_errno(epoll_wait(epoll, events, -1, 0), EINVAL);
	check_errno(epoll_wait(fd, events, 1, 0), EINVAL);
	check_errno(epoll_wait(9999, events, 1, 0), EBADF);
	check_errno(epoll_wait(epoll, nowhere, 1, 0), EFAULT);
	/* What could not be told is told later. */
	CHECK_EQ(look(), 1);
	close(fd);
	close(epoll);
}

/* Such a file never keeps anybody waiting: poll() says so, epoll refuses it. */
TEST(files_and_directories_cannot_be_watched)
{
	const int fd = open("/epoll-file", O_RDWR | O_CREAT, 0600);
	const int root = open("/", O_RDONLY | O_DIRECTORY);
	struct pollfd entry = { .fd = fd, .events = POLLIN | POLLOUT };

	CHECK(fd >= 0 && root >= 0);
	open_epoll();
	check_errno(control(EPOLL_CTL_ADD, fd, EPOLLIN), EPERM);
	check_errno(control(EPOLL_CTL_ADD, root, EPOLLIN), EPERM);
	CHECK_EQ(poll(&entry, 1, -1), 1);
	CHECK_EQ(entry.revents, POLLIN | POLLOUT);
	close(epoll);
	close(root);
	close(fd);
	CHECK_EQ(unlink("/epoll-file"), 0);
}

TEST(exclusive_is_refused_with_what_it_cannot_be_combined_with)
{
	const int fd = open_event(0);
	const int inner = epoll_create1(0);

	open_epoll();
	check_errno(control(EPOLL_CTL_ADD, fd,
	                    EPOLLIN | EPOLLONESHOT | EPOLLEXCLUSIVE),
	            EINVAL);
	check_errno(control(EPOLL_CTL_ADD, inner, EPOLLIN | EPOLLEXCLUSIVE),
	            EINVAL);
	watch(fd, EPOLLIN);
	check_errno(control(EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLEXCLUSIVE),
	            EINVAL);
	close(inner);
	close(fd);
	close(epoll);
}

TEST(an_item_goes_with_the_last_descriptor_of_its_file)
{
	const int fd = open_event(1);
	const int copy = dup(fd);

	open_epoll();
	watch(fd, EPOLLIN);
	close(fd);
	CHECK_EQ(look(), 1); /* the file is open still */
	close(copy);
	CHECK_EQ(look(), 0);
	close(epoll);
}

TEST(a_file_is_watched_once_for_each_descriptor)
{
	const int fd = open_event(1);
	const int copy = dup(fd);

	open_epoll();
	watch(fd, EPOLLIN);
	watch(copy, EPOLLIN);
	CHECK_EQ(look(), 2);
	close(copy);
	close(fd);
	CHECK_EQ(look(), 0);
	close(epoll);
}

TEST(an_epoll_goes_before_what_it_watches)
{
	const int fd = open_event(1);

	open_epoll();
	watch(fd, EPOLLIN);
	close(epoll);
	tell(fd); /* nobody must be told */
	close(fd);
}

/* With one event a call each of the files has its turn. */
TEST(no_file_starves_behind_another)
{
	unsigned int seen[8] = { 0 };
	unsigned int i;

	open_epoll();
	for (i = 0; i < ARRAY_SIZE(seen); i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

		fds[i] = open_event(1);
		CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event), 0);
	}
	for (i = 0; i < 5 * ARRAY_SIZE(seen); i++) {
		CHECK_EQ(epoll_wait(epoll, events, 1, -1), 1);
		seen[events[0].data.u32]++;
	}
	for (i = 0; i < ARRAY_SIZE(seen); i++) {
		CHECK_EQ(seen[i], 5);
		close(fds[i]);
	}
	close(epoll);
}

TEST(an_epoll_is_ready_when_it_has_an_event)
{
	const int fd = open_event(0);
	struct pollfd entry = { .events = POLLIN };

	open_epoll();
	entry.fd = epoll;
	watch(fd, EPOLLIN);
	CHECK_EQ(poll(&entry, 1, 0), 0);
	tell(fd);
	CHECK_EQ(poll(&entry, 1, 0), 1);
	CHECK_EQ(poll(&entry, 1, 0), 1);
	take(fd);
	CHECK_EQ(poll(&entry, 1, 0), 0);
	close(fd);
	close(epoll);
}

static long wait_for_event(void *fd)
{
	struct epoll_event event;
	const long n = sys_epoll_pwait((long)fd, (long)&event, 1, -1, 0, 8);

	return n == 1 ? event.data.fd : n;
}

static void add_to(int outer, int inner)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = inner };

	CHECK_EQ(epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event), 0);
}

/* News pass through every level, to one who sleeps at the outermost. */
TEST(an_epoll_in_epolls_tells_all_of_them)
{
	struct beside *waiter;
	int chain[5];
	unsigned int i;
	const int fd = open_event(0);

	for (i = 0; i < ARRAY_SIZE(chain); i++) {
		chain[i] = epoll_create1(0);
		add_to(chain[i], i == 0 ? fd : chain[i - 1]);
	}
	waiter = beside_start(wait_for_event, (void *)(long)chain[4]);
	beside_waits(waiter);
	tell(fd);
	CHECK_EQ(beside_join(waiter), chain[3]);
	CHECK_EQ(epoll_wait(chain[4], events, 2, 0), 1);
	take(fd);
	CHECK_EQ(epoll_wait(chain[4], events, 2, 0), 0);
	/* The middle one goes: no news come any more. */
	close(chain[2]);
	tell(fd);
	CHECK_EQ(epoll_wait(chain[1], events, 2, 0), 1);
	CHECK_EQ(epoll_wait(chain[4], events, 2, 0), 0);
	close(chain[0]);
	close(chain[1]);
	close(chain[3]);
	close(chain[4]);
	close(fd);
}

TEST(cycles_and_long_chains_are_refused)
{
	struct epoll_event event = { .events = EPOLLIN };
	int chain[6];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(chain); i++)
		chain[i] = epoll_create1(0);
	add_to(chain[1], chain[0]);
	add_to(chain[2], chain[1]);
	check_errno(epoll_ctl(chain[0], EPOLL_CTL_ADD, chain[2], &event),
	            ELOOP);
	add_to(chain[4], chain[3]);
	add_to(chain[3], chain[2]);
	check_errno(epoll_ctl(chain[5], EPOLL_CTL_ADD, chain[4], &event),
	            ELOOP);
	check_errno(epoll_ctl(chain[0], EPOLL_CTL_ADD, chain[5], &event),
	            ELOOP);
	/* One watched by two is no cycle. */
	add_to(chain[3], chain[1]);
	for (i = 0; i < ARRAY_SIZE(chain); i++)
		close(chain[i]);
}

TEST(a_wait_ends_when_its_time_is_over)
{
	const uint64_t start_ns = timer_now_ns();
	const int fd = open_event(0);

	open_epoll();
	watch(fd, EPOLLIN);
	CHECK_EQ(epoll_wait(epoll, events, 1, 3), 0);
	CHECK(timer_now_ns() - start_ns >= 3 * MS);
	close(fd);
	close(epoll);
}

TEST(an_interrupted_wait_says_so)
{
	struct beside *waiter;

	open_epoll();
	waiter = beside_start(wait_for_event, (void *)(long)epoll);
	beside_waits(waiter);
	beside_interrupt(waiter);
	CHECK_EQ(beside_join(waiter), -EINTR);
	close(epoll);
}

/* Edge: one event is one thread's, however many wait. */
TEST(one_edge_wakes_one_thread)
{
	struct beside *waiters[5];
	unsigned int i, ended = 0;
	const int fd = open_event(0);

	open_epoll();
	watch(fd, EPOLLIN | EPOLLET);
	for (i = 0; i < ARRAY_SIZE(waiters); i++)
		waiters[i] = beside_start(wait_for_event, (void *)(long)epoll);
	for (i = 0; i < ARRAY_SIZE(waiters); i++)
		beside_waits(waiters[i]);
	tell(fd);
	while (ended == 0) {
		for (i = 0; i < ARRAY_SIZE(waiters); i++)
			ended += beside_ended(waiters[i]);
	}
	CHECK_EQ(poll(NULL, 0, 5), 0);
	for (i = 0, ended = 0; i < ARRAY_SIZE(waiters); i++)
		ended += beside_ended(waiters[i]);
	CHECK_EQ(ended, 1);
	for (i = 0; i < ARRAY_SIZE(waiters); i++)
		if (!beside_ended(waiters[i]))
			beside_interrupt(waiters[i]);
	for (i = 0; i < ARRAY_SIZE(waiters); i++)
		beside_join(waiters[i]);
	close(fd);
	close(epoll);
}

/*
 * One event of a file that several epolls watch: of those that do so exclusively
 * one thread comes back, and of the others every one. Whose threads are all awake
 * is told, and is not enough.
 */
TEST(an_exclusive_event_wakes_one_epoll)
{
	struct beside *waiters[4], *plain;
	int epolls[ARRAY_SIZE(waiters)];
	unsigned int i, ended = 0;
	const int fd = open_event(0);

	open_epoll();
	watch(fd, EPOLLIN);
	plain = beside_start(wait_for_event, (void *)(long)epoll);
	beside_waits(plain);
	for (i = 0; i < ARRAY_SIZE(waiters); i++) {
		struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE,
			                     .data.fd = fd };

		epolls[i] = epoll_create1(0);
		CHECK_EQ(epoll_ctl(epolls[i], EPOLL_CTL_ADD, fd, &event), 0);
	}
	/* The one that is told first and the last have nobody who waits. */
	for (i = 1; i + 1 < ARRAY_SIZE(waiters); i++) {
		waiters[i] =
			beside_start(wait_for_event, (void *)(long)epolls[i]);
		beside_waits(waiters[i]);
	}
	tell(fd);
	CHECK_EQ(beside_join(plain), fd);
	while (!beside_ended(waiters[1]) && !beside_ended(waiters[2]))
		CHECK_EQ(poll(NULL, 0, 1), 0);
	CHECK_EQ(poll(NULL, 0, 5), 0);
	for (i = 1; i < 3; i++) {
		ended += beside_ended(waiters[i]);
		if (!beside_ended(waiters[i]))
			beside_interrupt(waiters[i]);
		beside_join(waiters[i]);
	}
	CHECK_EQ(ended, 1);
	CHECK_EQ(epoll_wait(epolls[3], events, 1, 0), 1);
	for (i = 0; i < ARRAY_SIZE(epolls); i++)
		close(epolls[i]);
	close(fd);
	close(epoll);
}

/* Several events, one sleeper woken for the first: it must wake the next. */
TEST(as_many_threads_as_events_come_back)
{
	struct beside *waiters[4];
	unsigned int i;

	open_epoll();
	for (i = 0; i < ARRAY_SIZE(waiters); i++) {
		fds[i] = open_event(0);
		watch(fds[i], EPOLLIN | EPOLLONESHOT);
	}
	for (i = 0; i < ARRAY_SIZE(waiters); i++)
		waiters[i] = beside_start(wait_for_event, (void *)(long)epoll);
	for (i = 0; i < ARRAY_SIZE(waiters); i++)
		beside_waits(waiters[i]);
	for (i = 0; i < ARRAY_SIZE(waiters); i++)
		tell(fds[i]);
	for (i = 0; i < ARRAY_SIZE(waiters); i++) {
		CHECK(beside_join(waiters[i]) > 0);
		close(fds[i]);
	}
	close(epoll);
}

TEST(a_wait_costs_what_is_ready_not_what_is_watched)
{
	unsigned int i;

	open_epoll();
	for (i = 0; i < MANY; i++) {
		fds[i] = open_event(0);
		watch(fds[i], EPOLLIN);
	}
	CHECK_EQ(look(), 0);
	tell(fds[MANY / 2]);
	CHECK_EQ(look(), 1);
	CHECK_EQ(events[0].data.fd, fds[MANY / 2]);
	for (i = 0; i < MANY; i++)
		tell(fds[i]);
	CHECK_EQ(look(), MANY);
	for (i = 0; i < MANY; i++)
		close(fds[i]);
	CHECK_EQ(look(), 0);
	close(epoll);
}

static int busy[2];

static long chatter(void *rounds)
{
	uint64_t one = 1;
	long i;

	for (i = 0; i < (long)rounds; i++)
		sys_write(busy[i & 1], (long)&one, sizeof(one), 0, 0, 0);
	return 0;
}

/* Items come and go, and so do files and epolls, while others tell of them. */
TEST(items_go_while_their_files_tell)
{
	struct beside *teller;
	unsigned int rounds = 0;

	busy[0] = open_event(0);
	busy[1] = open_event(0);
	teller = beside_start(chatter, (void *)20000);
	while (!beside_ended(teller)) {
		int copies[2];
		int outer = epoll_create1(0);

		open_epoll();
		copies[0] = dup(busy[0]);
		copies[1] = dup(busy[1]);
		add_to(outer, epoll);
		watch(copies[0], EPOLLIN | EPOLLET);
		watch(copies[1], EPOLLIN);
		look();
		if (rounds % 3 == 0)
			control(EPOLL_CTL_DEL, copies[0], 0);
		if (rounds % 3 == 1)
			control(EPOLL_CTL_MOD, copies[1], EPOLLOUT);
		look();
		if (rounds % 2)
			close(outer);
		close(epoll);
		if (rounds++ % 2 == 0)
			close(outer);
		close(copies[0]);
		close(copies[1]);
	}
	CHECK_EQ(beside_join(teller), 0);
	close(busy[0]);
	close(busy[1]);
}

#define EVENTS_EACH 500
#define TELLERS     3u

static long tell_often(void *fd)
{
	const uint64_t one = 1;
	long i;

	for (i = 0; i < EVENTS_EACH; i++)
		sys_write((int)(long)fd, (long)&one, sizeof(one), 0, 0, 0);
	return 0;
}

static long serve(void *unused)
{
	struct epoll_event event;
	long served = 0;
	uint64_t value;

	(void)unused;
	for (;;) {
		if (sys_epoll_pwait(epoll, (long)&event, 1, 100, 0, 8) != 1)
			return served;
		if (sys_read(event.data.fd, (long)&value, 8, 0, 0, 0) == 8)
			served += value;
	}
}

/* Nothing that was told is left over, with several who tell and several who serve. */
TEST(nothing_is_lost_between_tellers_and_servers)
{
	struct beside *tellers[TELLERS], *servers[3];
	unsigned long served = 0;
	unsigned int i;

	open_epoll();
	for (i = 0; i < TELLERS; i++) {
		fds[i] = open_event(0);
		watch(fds[i], i == 0 ? EPOLLIN : EPOLLIN | EPOLLET);
	}
	for (i = 0; i < ARRAY_SIZE(servers); i++)
		servers[i] = beside_start(serve, NULL);
	for (i = 0; i < TELLERS; i++)
		tellers[i] = beside_start(tell_often, (void *)(long)fds[i]);
	for (i = 0; i < TELLERS; i++)
		CHECK_EQ(beside_join(tellers[i]), 0);
	for (i = 0; i < ARRAY_SIZE(servers); i++)
		served += beside_join(servers[i]);
	CHECK_EQ(served, TELLERS * EVENTS_EACH);
	for (i = 0; i < TELLERS; i++)
		close(fds[i]);
	close(epoll);
}
