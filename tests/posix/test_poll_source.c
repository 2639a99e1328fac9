/* SPDX-License-Identifier: MIT */
/*
 * Threads that sleep and are asked to look, as the network's interrupt does it: one
 * at a time, whatever else they are woken by, and each is there again afterwards.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "beside.h"
#include "core/timer.h"
#include "posix/poll.h"
#include "test.h"

#define TRIES 20000 /* of 100 us */

static struct wait_queue pollers = WAIT_QUEUE_INIT("test pollers");
static unsigned int asked; /* [A] times that somebody looked */
static const struct poll_source *before;
static int event, epoll, ends[2];

static bool finds_nothing(void)
{
	return false;
}

static void look_when_asked(void)
{
	__atomic_fetch_add(&asked, 1, __ATOMIC_RELAXED);
}

static const struct poll_source tested = {
	.look = finds_nothing,
	.pollers = &pollers,
	.look_when_asked = look_when_asked,
};

static void begin(void)
{
	struct epoll_event what = { .events = EPOLLIN };

	event = eventfd(0, EFD_NONBLOCK);
	epoll = epoll_create1(0);
	CHECK(event >= 0 && epoll >= 0);
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &what), 0);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	asked = 0;
	before = poll_source;
	WRITE_ONCE(poll_source, &tested);
}

static void end(void)
{
	CHECK_EQ(READ_ONCE(pollers.sleepers), 0);
	WRITE_ONCE(poll_source, before);
	CHECK_EQ(close(event), 0);
	CHECK_EQ(close(epoll), 0);
	CHECK_EQ(close(ends[0]), 0);
	CHECK_EQ(close(ends[1]), 0);
}

static void tell(void)
{
	const uint64_t one = 1;

	CHECK_EQ(write(event, &one, sizeof(one)), sizeof(one));
}

static long in_poll(void *timeout_ms)
{
	struct pollfd entry = { .fd = event, .events = POLLIN };

	return poll(&entry, 1, (int)(long)timeout_ms) < 0 ? -errno
	                                                  : entry.revents;
}

static long in_epoll(void *timeout_ms)
{
	struct epoll_event what = { 0 };

	return epoll_wait(epoll, &what, 1, (int)(long)timeout_ms) < 0
	               ? -errno
	               : (long)what.events;
}

static long in_read(void *unused)
{
	char byte;

	(void)unused;
	return read(ends[0], &byte, 1);
}

static void *in_cancelled_epoll(void *unused)
{
	(void)in_epoll((void *)-1);
	return unused;
}

static void *forever = (void *)-1;

static void ask(void)
{
	CHECK_EQ(wait_queue_wake(&pollers, 1), 1);
}

static void wait_until(const unsigned int *word, unsigned int value)
{
	unsigned int tries;

	for (tries = 0; READ_ONCE(*word) != value && tries < TRIES; tries++)
		usleep(100);
	CHECK_EQ(READ_ONCE(*word), value);
}

static void wait_until_asleep(unsigned int count)
{
	wait_until(&pollers.sleepers, count);
}

static void wait_until_asked(unsigned int times)
{
	wait_until(&asked, times);
}

/* Asked twice in a row, with nothing for it: it sleeps on, and is one of them. */
static void ask_twice(void)
{
	wait_until_asleep(1);
	ask();
	wait_until_asked(1);
	wait_until_asleep(1);
	ask();
	wait_until_asked(2);
	wait_until_asleep(1);
}

TEST(who_polls_looks_when_asked_and_sleeps_on)
{
	struct beside *poller;

	begin();
	poller = beside_start(in_poll, forever);
	ask_twice();
	tell();
	CHECK_EQ(beside_join(poller), POLLIN);
	CHECK_EQ(asked, 2);
	end();
}

TEST(who_waits_in_epoll_looks_when_asked_and_sleeps_on)
{
	struct beside *poller;

	begin();
	poller = beside_start(in_epoll, forever);
	ask_twice();
	tell();
	CHECK_EQ(beside_join(poller), EPOLLIN);
	CHECK_EQ(asked, 2);
	end();
}

TEST(who_reads_a_socket_looks_when_asked_and_sleeps_on)
{
	struct beside *reader;

	begin();
	reader = beside_start(in_read, NULL);
	ask_twice();
	CHECK_EQ(write(ends[1], "x", 1), 1);
	CHECK_EQ(beside_join(reader), 1);
	CHECK_EQ(asked, 2);
	end();
}

TEST(of_several_sleepers_one_is_asked)
{
	struct beside *pollers_of[3];
	unsigned int i;

	begin();
	for (i = 0; i < ARRAY_SIZE(pollers_of); i++)
		pollers_of[i] =
			beside_start(i & 1 ? in_poll : in_epoll, forever);
	wait_until_asleep(ARRAY_SIZE(pollers_of));
	ask();
	wait_until_asked(1);
	wait_until_asleep(ARRAY_SIZE(pollers_of));
	CHECK_EQ(asked, 1);
	tell();
	for (i = 0; i < ARRAY_SIZE(pollers_of); i++)
		CHECK_EQ(beside_join(pollers_of[i]), POLLIN);
	CHECK_EQ(asked, 1);
	end();
}

/* The question is not lost with the thread that it was put to. */
TEST(who_is_asked_and_interrupted_looks_first)
{
	long (*const sleeps[])(void *) = { in_poll, in_epoll };
	unsigned int i;

	begin();
	for (i = 0; i < ARRAY_SIZE(sleeps); i++) {
		struct beside *poller = beside_start(sleeps[i], forever);

		wait_until_asleep(1);
		ask();
		beside_interrupt(poller);
		CHECK_EQ(beside_join(poller), -EINTR);
		CHECK_EQ(asked, i + 1);
	}
	end();
}

TEST(who_is_asked_and_told_looks_too)
{
	struct beside *poller;

	begin();
	poller = beside_start(in_epoll, forever);
	wait_until_asleep(1);
	ask();
	tell();
	CHECK_EQ(beside_join(poller), EPOLLIN);
	CHECK_EQ(asked, 1);
	end();
}

TEST(who_is_asked_and_cancelled_looks_first)
{
	pthread_t thread;
	void *result;

	begin();
	CHECK_EQ(pthread_create(&thread, NULL, in_cancelled_epoll, NULL), 0);
	wait_until_asleep(1);
	ask();
	CHECK_EQ(pthread_cancel(thread), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK(result == PTHREAD_CANCELED);
	CHECK_EQ(asked, 1);
	end();
}

TEST(questions_do_not_delay_a_timeout)
{
	const uint64_t begin_ns = timer_now_ns();
	struct beside *poller;

	begin();
	poller = beside_start(in_epoll, (void *)50);
	while (timer_now_ns() - begin_ns < 20000000ul) {
		wait_queue_wake(&pollers, 1);
		usleep(500);
	}
	CHECK_EQ(beside_join(poller), 0);
	CHECK(timer_now_ns() - begin_ns >= 50000000ul);
	CHECK(READ_ONCE(asked) > 0);
	end();
}
