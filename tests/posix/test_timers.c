/* SPDX-License-Identifier: MIT */
/* Timers that signal; sleeps that a signal ends. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "beside.h"
#include "core/hart.h"
#include "core/timer.h"
#include "posix/syscalls.h"
#include "test.h"

#define MS 1000000l

static void *const volatile nowhere = (void *)8;

static void check_errno(long result, int want)
{
	CHECK_EQ(result, -1);
	CHECK_EQ(errno, want);
}

static timer_t make_silent(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	timer_t timer;

	CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	return timer;
}

TEST(timers_have_ids_of_their_own)
{
	timer_t timers[40];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(timers); i++)
		timers[i] = make_silent();
	CHECK(timers[0] != timers[39]);
	CHECK_EQ(timer_delete(timers[7]), 0);
	CHECK_EQ(timer_delete(timers[7]), -EINVAL); /* as musl tells it */
	timers[7] = make_silent();
	for (i = 0; i < ARRAY_SIZE(timers); i++)
		CHECK_EQ(timer_delete(timers[i]), 0);
}

TEST(a_silent_timer_shows_what_is_left)
{
	const struct itimerspec once = { .it_value.tv_nsec = 1 };
	const struct itimerspec often = { .it_value.tv_sec = 50,
		                          .it_interval.tv_sec = 3 };
	timer_t timer = make_silent();
	struct itimerspec now;

	CHECK_EQ(timer_gettime(timer, &now), 0);
	CHECK_EQ(now.it_value.tv_sec | now.it_value.tv_nsec, 0);
	CHECK_EQ(timer_settime(timer, 0, &often, &now), 0);
	CHECK_EQ(now.it_interval.tv_sec, 0);
	CHECK_EQ(timer_settime(timer, 0, &once, &now), 0);
	CHECK(now.it_value.tv_sec == 49 || now.it_value.tv_sec == 50);
	CHECK_EQ(now.it_interval.tv_sec, 3);
	CHECK_EQ(timer_gettime(timer, &now), 0);
	CHECK_EQ(now.it_value.tv_sec | now.it_value.tv_nsec, 0);
	CHECK_EQ(timer_getoverrun(timer), 0);
	CHECK_EQ(timer_delete(timer), 0);
}

static volatile int count, last_overrun, last_code;
static void *volatile last_value;

static void on_timer(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	count++;
	last_code = info->si_code;
	last_overrun = info->si_overrun;
	last_value = info->si_value.sival_ptr;
}

static void handle(int signal)
{
	struct sigaction action = { .sa_sigaction = on_timer,
		                    .sa_flags = SA_SIGINFO };

	count = 0;
	CHECK_EQ(sigaction(signal, &action, NULL), 0);
}

static void wait_for_count(int least)
{
	const uint64_t give_up_ns = timer_now_ns() + 5000 * MS;

	while (count < least) {
		CHECK(timer_now_ns() < give_up_ns);
		poll(NULL, 0, 1);
	}
}

static timer_t make_signalling(int signal, void *value)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
		                  .sigev_signo = signal,
		                  .sigev_value.sival_ptr = value };
	timer_t timer;

	CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	return timer;
}

TEST(an_interval_signals_again_and_again)
{
	const struct itimerspec often = { .it_value.tv_nsec = MS,
		                          .it_interval.tv_nsec = MS };
	timer_t timer;

	handle(SIGUSR1);
	timer = make_signalling(SIGUSR1, &timer);
	CHECK_EQ(timer_settime(timer, 0, &often, NULL), 0);
	wait_for_count(3);
	CHECK_EQ(last_code, SI_TIMER);
	CHECK_EQ(last_value, (void *)&timer);
	CHECK_EQ(timer_delete(timer), 0);
	signal(SIGUSR1, SIG_DFL);
}

/* One signal waits, however often the timer expired: it tells the rest. */
TEST(a_blocked_signal_tells_the_overrun)
{
	const struct itimerspec often = { .it_value.tv_nsec = MS,
		                          .it_interval.tv_nsec = MS };
	const uint64_t start_ns = timer_now_ns();
	sigset_t set;
	timer_t timer;

	handle(SIGUSR1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_EQ(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	timer = make_signalling(SIGUSR1, NULL);
	CHECK_EQ(timer_settime(timer, 0, &often, NULL), 0);
	while (timer_now_ns() - start_ns < 12 * MS)
		poll(NULL, 0, 1);
	CHECK_EQ(count, 0);
	CHECK_EQ(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
	wait_for_count(1);
	CHECK(last_overrun >= 9 || count > 1);
	CHECK_EQ(timer_delete(timer), 0);
	signal(SIGUSR1, SIG_DFL);
}

TEST(alarms_end_a_wait)
{
	const struct itimerval soon = { .it_value.tv_usec = 3000 };
	const struct itimerval off = { 0 };
	struct pollfd none = { .fd = -1 };

	handle(SIGALRM);
	CHECK_EQ(setitimer(ITIMER_REAL, &soon, NULL), 0);
	check_errno(poll(&none, 1, 10000), EINTR);
	CHECK_EQ(count, 1);
	CHECK_EQ(setitimer(ITIMER_REAL, &off, NULL), 0);
	signal(SIGALRM, SIG_DFL);
}

static void on_thread(union sigval value)
{
	last_value = value.sival_ptr;
	__atomic_fetch_add((int *)&count, 1, __ATOMIC_RELEASE);
}

/* The C library's thread waits for a signal of its own. */
TEST(a_timer_runs_a_function_in_a_thread)
{
	const struct itimerspec soon = { .it_value.tv_nsec = MS };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD,
		                  .sigev_value.sival_ptr = on_thread,
		                  .sigev_notify_function = on_thread };
	timer_t timer;

	count = 0;
	CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	CHECK_EQ(timer_settime(timer, 0, &soon, NULL), 0);
	wait_for_count(1);
	CHECK_EQ(last_value, (void *)on_thread);
	CHECK_EQ(timer_delete(timer), 0);
	poll(NULL, 0, 20); /* its thread ends, detached */
}

static unsigned long timer_interrupts(void)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < nr_harts; i++)
		sum += READ_ONCE(harts[i]->timer_ticks);
	return sum;
}

TEST(an_ignored_signal_of_a_short_interval_is_no_storm)
{
	const struct itimerspec shortest = { .it_value.tv_nsec = 1,
		                             .it_interval.tv_nsec = 1 };
	const uint64_t start_ns = timer_now_ns();
	unsigned long before;
	timer_t timer;

	signal(SIGUSR1, SIG_IGN);
	timer = make_signalling(SIGUSR1, NULL);
	before = timer_interrupts();
	CHECK_EQ(timer_settime(timer, 0, &shortest, NULL), 0);
	poll(NULL, 0, 20);
	/* Three a millisecond beside those of threads that take turns. */
	CHECK(timer_interrupts() - before <
	      100 + (timer_now_ns() - start_ns) / MS * 3);
	CHECK_EQ(timer_delete(timer), 0);
	signal(SIGUSR1, SIG_DFL);
}

/* Deleted while it runs, and while its work may be under way. */
TEST(a_timer_is_deleted_at_any_moment)
{
	const struct itimerspec soon = { .it_value.tv_nsec = 20000,
		                         .it_interval.tv_nsec = 20000 };
	unsigned int i;

	signal(SIGUSR1, SIG_IGN);
	for (i = 0; i < 50; i++) {
		struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
			                  .sigev_signo = SIGUSR1 };
		const uint64_t until = timer_now_ns() + i * 2000;
		timer_t timer;

		CHECK_EQ(timer_create(CLOCK_REALTIME, &event, &timer), 0);
		CHECK_EQ(timer_settime(timer, 0, &soon, NULL), 0);
		while (timer_now_ns() < until)
			;
		CHECK_EQ(timer_delete(timer), 0);
	}
	signal(SIGUSR1, SIG_DFL);
}

TEST(wrong_timers_are_refused)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
		                  .sigev_signo = 65 };
	struct itimerspec bad = { .it_value.tv_nsec = -1 };
	timer_t timer = make_silent();
	timer_t other;

	check_errno(timer_create(CLOCK_MONOTONIC, &event, &other), EINVAL);
	event = (struct sigevent){ .sigev_notify = 17 };
	check_errno(timer_create(CLOCK_MONOTONIC, &event, &other), EINVAL);
	check_errno(timer_create(99, NULL, &other), EINVAL);
	CHECK_EQ(sys_timer_create(CLOCK_MONOTONIC, 8, (long)&other, 0, 0, 0),
	         -EFAULT);
	CHECK_EQ(sys_timer_create(CLOCK_MONOTONIC, 0, 8, 0, 0, 0), -EFAULT);
	CHECK_EQ(sys_timer_settime(12345, 0, (long)&bad, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys_timer_gettime(-1, (long)&bad, 0, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys_timer_getoverrun(12345, 0, 0, 0, 0, 0), -EINVAL);
	check_errno(timer_settime(timer, 0, &bad, NULL), EINVAL);
	check_errno(timer_settime(timer, 0, nowhere, NULL), EFAULT);
	check_errno(timer_gettime(timer, nowhere), EFAULT);
	CHECK_EQ(timer_delete(timer), 0);
}

TEST(the_interval_timer_tells_what_is_left)
{
	const struct itimerval far = { .it_value.tv_sec = 60,
		                       .it_interval.tv_usec = 5 };
	const struct itimerval off = { 0 };
	const struct itimerval bad = { .it_value.tv_usec = 1000000 };
	struct itimerval now;

	CHECK_EQ(setitimer(ITIMER_REAL, &far, NULL), 0);
	CHECK_EQ(getitimer(ITIMER_REAL, &now), 0);
	CHECK(now.it_value.tv_sec == 59 || now.it_value.tv_sec == 60);
	CHECK_EQ(now.it_interval.tv_usec, 5);
	CHECK_EQ(alarm(30) - 59 < 2, 1);
	CHECK_EQ(setitimer(ITIMER_REAL, &off, &now), 0);
	CHECK(now.it_value.tv_sec == 29 || now.it_value.tv_sec == 30);
	CHECK_EQ(getitimer(ITIMER_REAL, &now), 0);
	CHECK_EQ(now.it_value.tv_sec | now.it_value.tv_usec, 0);
	check_errno(setitimer(ITIMER_REAL, &bad, NULL), EINVAL);
	check_errno(setitimer(ITIMER_REAL, nowhere, NULL), EFAULT);
	check_errno(setitimer(9, &off, NULL), EINVAL);
	check_errno(getitimer(ITIMER_PROF, &now), EINVAL);
	check_errno(getitimer(ITIMER_REAL, nowhere), EFAULT);
}

static struct timespec rest;

static long sleep_long(void *flags)
{
	const struct timespec time = { .tv_sec = 1000 };

	return sys_clock_nanosleep(CLOCK_MONOTONIC, (long)flags, (long)&time,
	                           (long)&rest, 0, 0);
}

TEST(an_interrupted_sleep_tells_the_rest)
{
	struct beside *sleeper;

	rest = (struct timespec){ 0 };
	sleeper = beside_start(sleep_long, NULL);
	beside_waits(sleeper);
	beside_interrupt(sleeper);
	CHECK_EQ(beside_join(sleeper), -EINTR);
	CHECK(rest.tv_sec >= 900 && rest.tv_sec < 1000);

	rest.tv_sec = 7;
	sleeper = beside_start(sleep_long, (void *)TIMER_ABSTIME);
	beside_waits(sleeper);
	beside_interrupt(sleeper);
	CHECK_EQ(beside_join(sleeper), -EINTR);
	CHECK_EQ(rest.tv_sec, 7);
}
