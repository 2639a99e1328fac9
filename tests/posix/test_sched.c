/* SPDX-License-Identifier: MIT */
/* Policies, affinity, CPU time, limits, users: calls of a thread about itself. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "core/hart.h"
#include "core/thread.h"
#include "core/timer.h"
#include "test.h"

static void expect_error(long result, int error)
{
	CHECK_EQ(result, -1);
	CHECK_EQ(errno, error);
}

static void check_level(int policy, int priority, unsigned int level)
{
	const struct sched_param param = { .sched_priority = priority };
	struct sched_param now;
	int policy_now;

	CHECK_EQ(pthread_setschedparam(pthread_self(), policy, &param), 0);
	CHECK_EQ(pthread_getschedparam(pthread_self(), &policy_now, &now), 0);
	CHECK_EQ(policy_now, policy);
	CHECK_EQ(now.sched_priority, priority);
	CHECK_EQ(current_thread()->priority, level);
}

TEST(policies_become_levels)
{
	const struct sched_param wrong = { .sched_priority = 100 };

	check_level(SCHED_FIFO, 1, 5);
	check_level(SCHED_RR, 34, 6);
	check_level(SCHED_RR, 99, 7);
	check_level(SCHED_BATCH, 0, 2);
	check_level(SCHED_IDLE, 0, 1);
	check_level(SCHED_OTHER, 0, 3);
	CHECK_EQ(pthread_setschedparam(pthread_self(), SCHED_RR, &wrong),
	         EINVAL);
	CHECK_EQ(pthread_setschedparam(pthread_self(), 77, &wrong), EINVAL);
	expect_error(syscall(SYS_sched_setscheduler, 99999, SCHED_OTHER,
	                     &(int){ 0 }),
	             ESRCH);
	expect_error(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, 8),
	             EFAULT);
	expect_error(syscall(SYS_sched_getscheduler, -1), EINVAL);
	CHECK_EQ(sched_get_priority_max(SCHED_FIFO), 99);
	CHECK_EQ(sched_get_priority_min(SCHED_RR), 1);
	CHECK_EQ(sched_get_priority_max(SCHED_OTHER), 0);
	expect_error(sched_get_priority_max(77), EINVAL);
}

static void *own_policy(void *out)
{
	struct sched_param param;

	pthread_getschedparam(pthread_self(), out, &param);
	return (void *)(long)param.sched_priority;
}

TEST(a_thread_can_be_created_with_a_policy)
{
	const struct sched_param param = { .sched_priority = 50 };
	pthread_attr_t attr;
	pthread_t thread;
	void *priority;
	int policy;

	CHECK_EQ(pthread_attr_init(&attr), 0);
	CHECK_EQ(pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED),
	         0);
	CHECK_EQ(pthread_attr_setschedpolicy(&attr, SCHED_RR), 0);
	CHECK_EQ(pthread_attr_setschedparam(&attr, &param), 0);
	CHECK_EQ(pthread_create(&thread, &attr, own_policy, &policy), 0);
	CHECK_EQ(pthread_join(thread, &priority), 0);
	CHECK_EQ(policy, SCHED_RR);
	CHECK_EQ(priority, 50);
}

TEST(nice_values_become_levels)
{
	CHECK_EQ(setpriority(PRIO_PROCESS, 0, 10), 0);
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 10);
	CHECK_EQ(current_thread()->priority, 2);
	CHECK_EQ(setpriority(PRIO_PROCESS, 0, -100), 0);
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), -20);
	CHECK_EQ(current_thread()->priority, 4);
	CHECK_EQ(setpriority(PRIO_USER, 0, 0), 0);
	CHECK_EQ(current_thread()->priority, 3);
	expect_error(setpriority(9, 0, 0), EINVAL);
	expect_error(setpriority(PRIO_PROCESS, 99999, 0), ESRCH);
}

TEST(affinity_moves_the_thread)
{
	unsigned int cpu;
	cpu_set_t set;

	for (unsigned int i = 0; i < nr_harts; i++) {
		CPU_ZERO(&set);
		CPU_SET(i, &set);
		CHECK_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
		CHECK_EQ(syscall(SYS_getcpu, &cpu, NULL, NULL), 0);
		CHECK_EQ(cpu, i);
		CHECK_EQ(sched_getcpu(), i);
		CPU_ZERO(&set);
		CHECK_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
		CHECK_EQ(CPU_COUNT(&set), 1);
		CHECK(CPU_ISSET(i, &set));
	}
	CPU_ZERO(&set);
	CPU_SET(63, &set);
	expect_error(sched_setaffinity(0, sizeof(set), &set), EINVAL);
	expect_error(sched_setaffinity(99999, sizeof(set), &set), ESRCH);
	expect_error(syscall(SYS_sched_setaffinity, 0, 8, 8), EFAULT);
	expect_error(syscall(SYS_sched_getaffinity, 0, 4, &set), EINVAL);
	expect_error(syscall(SYS_getcpu, 8, NULL, NULL), EFAULT);
}

static void burn(uint64_t ns)
{
	const uint64_t end = timer_now_ns() + ns;

	while (timer_now_ns() < end)
		;
}

static uint64_t read_ns(clockid_t clock)
{
	struct timespec time;

	CHECK_EQ(clock_gettime(clock, &time), 0);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* For a while at least, and until it has been looked at. */
static void *burn_some(void *was_read)
{
	burn(3000000);
	while (!__atomic_load_n((bool *)was_read, __ATOMIC_ACQUIRE))
		sched_yield();
	return NULL;
}

TEST(cpu_time_is_what_threads_ran)
{
	const uint64_t all = read_ns(CLOCK_PROCESS_CPUTIME_ID);
	static bool was_read; /* a thread may outlive a test that fails */
	pthread_t thread;
	clockid_t clock;
	struct rusage usage;
	struct tms tms;

	was_read = false;
	CHECK_EQ(pthread_create(&thread, NULL, burn_some, &was_read), 0);
	CHECK_EQ(pthread_getcpuclockid(thread, &clock), 0);
	(void)read_ns(clock);
	__atomic_store_n(&was_read, true, __ATOMIC_RELEASE);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	expect_error(clock_gettime(clock, &(struct timespec){ 0 }), EINVAL);
	CHECK(read_ns(CLOCK_PROCESS_CPUTIME_ID) - all > 1000000);
	CHECK_EQ(clock_getcpuclockid(0, &clock), 0);
	CHECK(read_ns(clock) >= all);
	CHECK_EQ(getrusage(RUSAGE_SELF, &usage), 0);
	CHECK(usage.ru_utime.tv_sec > 0 || usage.ru_utime.tv_usec > 0);
	CHECK(usage.ru_nvcsw > 0);
	expect_error(getrusage(77, &usage), EINVAL);
	CHECK(times(&tms) != -1);
	CHECK((uint64_t)tms.tms_utime <=
	      read_ns(CLOCK_PROCESS_CPUTIME_ID) / 10000000 + 1);
}

TEST(limits_are_kept)
{
	struct rlimit limit, before;

	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = 100;
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
	CHECK_EQ(limit.rlim_cur, 100);
	CHECK(fcntl(1, F_DUPFD, 99) >= 0 && close(99) == 0);
	expect_error(fcntl(1, F_DUPFD, 100), EINVAL);
	limit.rlim_cur = limit.rlim_max;
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	CHECK_EQ(fcntl(1, F_DUPFD, 5000), 5000);
	CHECK_EQ(close(5000), 0);
	limit.rlim_max++;
	expect_error(setrlimit(RLIMIT_NOFILE, &limit), EPERM);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
	limit.rlim_cur = 10;
	limit.rlim_max = 5;
	expect_error(setrlimit(RLIMIT_NOFILE, &limit), EINVAL);
	expect_error(getrlimit(99, &limit), EINVAL);
	CHECK_EQ(getrlimit(RLIMIT_STACK, &limit), 0);
	CHECK(limit.rlim_cur >= 65536);
}

static void *set_user(void *unused)
{
	(void)unused;
	return setresuid(0, 1000, 0) == 0 && geteuid() == 1000 ? NULL
	                                                       : (void *)1;
}

/* One call is enough for all threads: no signals to each of them. */
TEST(users_belong_to_the_process)
{
	gid_t groups[2] = { 5, 6 }, now[2];
	pthread_t thread;
	void *result;

	CHECK_EQ(setgroups(2, groups), 0);
	CHECK_EQ(getgroups(2, now), 2);
	CHECK_EQ(now[1], 6);
	expect_error(getgroups(1, now), EINVAL);
	CHECK_EQ(setgroups(0, NULL), 0);
	CHECK_EQ(pthread_create(&thread, NULL, set_user, NULL), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ(result, 0);
	CHECK_EQ(geteuid(), 1000);
	expect_error(setuid(77), EPERM);
	CHECK_EQ(seteuid(0), 0);
	CHECK_EQ(geteuid(), 0);
	CHECK_EQ(getuid(), 0);
}

TEST(names_and_small_questions_are_answered)
{
	struct utsname name;

	CHECK_EQ(uname(&name), 0);
	CHECK_EQ(strcmp(name.machine, "riscv64"), 0);
	expect_error(syscall(SYS_uname, 8), EFAULT);
	expect_error(syscall(SYS_sysinfo, 8), EFAULT);
	CHECK_EQ(getpid(), 1);
	CHECK_EQ(getpgid(0), 1);
	expect_error(setsid(), EPERM);
	expect_error(getpgid(5), ESRCH);
	CHECK(syscall(SYS_membarrier, 0, 0) > 0);
	CHECK_EQ(syscall(SYS_membarrier, 1, 0), 0);
	expect_error(syscall(SYS_membarrier, 1 << 20, 0), EINVAL);
}
