/* SPDX-License-Identifier: MIT */
/* Threads of the C library: how they begin and end, and what each has of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fenv.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/compiler.h"
#include "core/work.h"
#include "posix/task.h"
#include "test.h"

#define MANY 50

static void *add_one(void *argument)
{
	return (char *)argument + 1;
}

TEST(a_thread_gets_its_argument_and_join_its_result)
{
	void *result = NULL;
	pthread_t thread;

	test_use_all_harts();
	CHECK_EQ(pthread_create(&thread, NULL, add_one, (void *)41), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ(result, 42);
}

static void *stay(void *barrier)
{
	pthread_barrier_wait(barrier);
	return (void *)(long)gettid();
}

TEST(many_threads_live_at_once_and_have_numbers_of_their_own)
{
	static pthread_t threads[MANY];
	static long tids[MANY];
	const unsigned int alive = tasks_alive();
	pthread_barrier_t barrier;

	test_use_all_harts();
	CHECK_EQ(pthread_barrier_init(&barrier, NULL, MANY + 1), 0);
	for (int i = 0; i < MANY; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, stay, &barrier), 0);
	CHECK_EQ(tasks_alive(), alive + MANY);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < MANY; i++) {
		void *tid;

		CHECK_EQ(pthread_join(threads[i], &tid), 0);
		tids[i] = (long)tid;
		for (int j = 0; j < i; j++)
			CHECK(tids[j] != tids[i]);
	}
	CHECK_EQ(tasks_alive(), alive);
	pthread_barrier_destroy(&barrier);
}

static void *note_end(void *done)
{
	*(volatile int *)done = 1;
	return NULL;
}

/* The stack of a detached thread goes with it; the runner looks for areas. */
static void wait_for_burials(void)
{
	while (!task_is_alone())
		sched_yield();
	work_flush();
}

TEST(detached_threads_clean_up_after_themselves)
{
	volatile int done = 0;
	pthread_attr_t attr;
	pthread_t thread;

	test_use_all_harts();
	CHECK_EQ(pthread_attr_init(&attr), 0);
	CHECK_EQ(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED),
	         0);
	CHECK_EQ(pthread_create(&thread, &attr, note_end, (void *)&done), 0);
	wait_for_burials();
	CHECK_EQ(done, 1);

	done = 0;
	CHECK_EQ(pthread_create(&thread, NULL, note_end, (void *)&done), 0);
	CHECK_EQ(pthread_detach(thread), 0);
	wait_for_burials();
	CHECK_EQ(done, 1);
}

static void *touch_stack(void *bytes)
{
	const size_t room = (size_t)bytes;
	volatile char *low = __builtin_alloca(room);

	for (size_t i = 0; i < room; i += 256)
		low[i] = 1;
	return NULL;
}

TEST(stacks_are_as_large_as_asked)
{
	static const size_t sizes[] = { PTHREAD_STACK_MIN, 16384, 1 << 20 };
	static char own[32768] __attribute__((aligned(16)));
	pthread_attr_t attr;
	pthread_t thread;

	test_use_all_harts();
	CHECK_EQ(pthread_attr_init(&attr), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		CHECK_EQ(pthread_attr_setstacksize(&attr, sizes[i]), 0);
		CHECK_EQ(pthread_create(&thread, &attr, touch_stack,
		                        (void *)(sizes[i] - 1024)),
		         0);
		CHECK_EQ(pthread_join(thread, NULL), 0);
	}
	CHECK_EQ(pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN - 1),
	         EINVAL);
	CHECK_EQ(pthread_attr_setstack(&attr, own, sizeof(own)), 0);
	CHECK_EQ(pthread_create(&thread, &attr, touch_stack, (void *)24576), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(pthread_attr_setguardsize(&attr, 0), 0);
}

/* Of the least size: what calls need of it must be there. */
static void *call_on_least_stack(void *unused)
{
	char text[16];
	void *page;

	(void)unused;
	page = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
	            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || munmap(page, 65536) != 0)
		return (void *)1;
	if (syscall(SYS_write, 1, "", 0) != 0)
		return (void *)2;
	usleep(10);
	raise(SIGCHLD);
	snprintf(text, sizeof(text), "%d", gettid());
	return NULL;
}

TEST(the_least_stack_is_enough_for_calls)
{
	pthread_attr_t attr;
	pthread_t thread;
	void *result;

	test_use_all_harts();
	CHECK_EQ(pthread_attr_init(&attr), 0);
	CHECK_EQ(pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN), 0);
	CHECK_EQ(pthread_create(&thread, &attr, call_on_least_stack, NULL), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ(result, 0);
}

static void *own_attributes(void *out)
{
	return (void *)(long)pthread_getattr_np(pthread_self(), out);
}

TEST(attributes_of_a_running_thread_can_be_read)
{
	pthread_attr_t attr;
	pthread_t thread;
	void *result, *base;
	size_t size;
	int state;

	test_use_all_harts();
	CHECK_EQ(pthread_create(&thread, NULL, own_attributes, &attr), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ(result, 0);
	CHECK_EQ(pthread_attr_getstack(&attr, &base, &size), 0);
	CHECK(size >= 65536);
	CHECK_EQ(pthread_attr_getdetachstate(&attr, &state), 0);
	CHECK_EQ(state, PTHREAD_CREATE_JOINABLE);
}

static pthread_key_t keys[20];
static volatile int destroyed;

static void destroy(void *value)
{
	destroyed += value == &keys;
}

static void *set_keys(void *unused)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++) {
		if (pthread_getspecific(keys[i]) ||
		    pthread_setspecific(keys[i], &keys) != 0)
			return &keys;
	}
	return unused;
}

TEST(keys_have_values_of_each_thread_and_destructors)
{
	pthread_t thread;
	void *result;

	test_use_all_harts();
	destroyed = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++)
		CHECK_EQ(pthread_key_create(&keys[i], destroy), 0);
	CHECK_EQ(pthread_setspecific(keys[3], keys), 0);
	CHECK_EQ(pthread_create(&thread, NULL, set_keys, NULL), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ(result, 0);
	CHECK_EQ(destroyed, ARRAY_SIZE(keys));
	CHECK(pthread_getspecific(keys[3]) == keys);
	for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++)
		CHECK_EQ(pthread_key_delete(keys[i]), 0);
}

#define TLS(alignment)                                           \
	static _Thread_local struct {                            \
		char bytes[(alignment) < 16 ? 16 : (alignment)]; \
	} __attribute__((aligned(alignment))) tls_##alignment = { { 7 } };

TLS(1)
TLS(2)
TLS(8)
TLS(64)
TLS(256)
TLS(4096)
static _Thread_local char zeros[333];
static _Thread_local char text[] = "more than fifteen bytes of it";

static bool tls_is_right(void)
{
	static const char expected[] = "more than fifteen bytes of it";

	for (unsigned int i = 0; i < sizeof(zeros); i++)
		if (zeros[i] != 0)
			return false;
#define ALIGNED(n)                                                        \
	(((uintptr_t)&tls_##n & ((n)-1)) == 0 && tls_##n.bytes[0] == 7 && \
	 tls_##n.bytes[1] == 0)
	return ALIGNED(1) && ALIGNED(2) && ALIGNED(8) && ALIGNED(64) &&
	       ALIGNED(256) && ALIGNED(4096) && strcmp(text, expected) == 0;
}

static void *check_tls(void *unused)
{
	if (!tls_is_right())
		return &keys;
	memset(zeros, 1, sizeof(zeros));
	memset(text, 'x', sizeof(text) - 1);
	memset(&tls_4096, 2, sizeof(tls_4096));
	return unused;
}

TEST(thread_local_storage_is_aligned_and_fresh_in_every_thread)
{
	test_use_all_harts();
	for (int i = 0; i < 5; i++) {
		pthread_t thread;
		void *result;

		CHECK_EQ(pthread_create(&thread, NULL, check_tls, NULL), 0);
		CHECK_EQ(pthread_join(thread, &result), 0);
		CHECK_EQ(result, 0);
	}
	CHECK(tls_is_right());
}

static void *rounding(void *unused)
{
	const int inherited = fegetround();

	(void)unused;
	fesetround(FE_TOWARDZERO);
	sched_yield();
	return (void *)(long)(inherited == FE_UPWARD &&
	                      fegetround() == FE_TOWARDZERO);
}

TEST(the_rounding_mode_is_inherited_and_then_the_threads)
{
	pthread_t thread;
	void *result;

	test_use_all_harts();
	fesetround(FE_UPWARD);
	CHECK_EQ(pthread_create(&thread, NULL, rounding, NULL), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ(result, 1);
	CHECK_EQ(fegetround(), FE_UPWARD);
	fesetround(FE_TONEAREST);
}

static void *wrong_calls(void *unused)
{
	errno = 0;
	close(-1);
	return errno == EBADF ? unused : &keys;
}

TEST(errno_is_of_each_thread)
{
	pthread_t thread;
	void *result;

	test_use_all_harts();
	errno = ENOMEM;
	CHECK_EQ(pthread_create(&thread, NULL, wrong_calls, NULL), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ(result, 0);
	CHECK_EQ(errno, ENOMEM);
}

static void *own_name(void *name)
{
	prctl(PR_SET_NAME, "a name that is too long");
	prctl(PR_GET_NAME, name);
	return NULL;
}

TEST(threads_have_names)
{
	pthread_t thread;
	char name[16], before[16];

	test_use_all_harts();
	CHECK_EQ(prctl(PR_GET_NAME, before), 0);
	CHECK_EQ(pthread_create(&thread, NULL, own_name, name), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(strcmp(name, "a name that is "), 0);
	CHECK_EQ(prctl(PR_GET_NAME, name), 0);
	CHECK_EQ(strcmp(name, before), 0);
	CHECK_EQ(prctl(PR_SET_NAME, (void *)8), -1);
	CHECK_EQ(errno, EFAULT);
}

TEST(what_needs_a_second_process_is_refused)
{
	test_use_all_harts();
	CHECK_EQ(fork(), -1);
	CHECK_EQ(errno, ENOSYS);
	CHECK_EQ(execl("/bin/true", "true", NULL), -1);
	CHECK_EQ(errno, ENOSYS);
	CHECK_EQ(wait(NULL), -1);
	CHECK_EQ(errno, ECHILD);
}
