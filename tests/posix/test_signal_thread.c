/* SPDX-License-Identifier: MIT */
/*
 * Signals and threads: who takes a signal, handlers between two instructions, faults,
 * queues of real-time signals, signal stacks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "core/thread.h"
#include "test.h"

#define QUEUED 20

static volatile int count;
static volatile pid_t tid, handled_by;
static volatile int values[QUEUED];

static void on_signal(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	handled_by = gettid();
	if (count < QUEUED)
		values[count] = info->si_value.sival_int;
	count++;
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *),
                   int flags)
{
	struct sigaction action = { .sa_sigaction = handler,
		                    .sa_flags = SA_SIGINFO | flags };

	count = 0;
	handled_by = 0;
	CHECK_EQ(sigaction(signal, &action, NULL), 0);
}

static void forget(int signal)
{
	CHECK(sigset(signal, SIG_DFL) != SIG_ERR);
}

static void block(int signal, int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	CHECK_EQ(pthread_sigmask(how, &set, NULL), 0);
}

static volatile int stage;

static void *compute(void *unused)
{
	unsigned long sum = 0;

	(void)unused;
	tid = gettid();
	while (stage == 0)
		sum++;
	return (void *)sum;
}

static void start(pthread_t *thread, void *(*function)(void *))
{
	tid = 0;
	stage = 0;
	CHECK_EQ(pthread_create(thread, NULL, function, NULL), 0);
	while (tid == 0)
		sched_yield();
}

static void end(pthread_t thread)
{
	stage = 1;
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

static void wait_for_count(int wanted)
{
	while (count < wanted)
		sched_yield();
}

TEST(a_thread_that_computes_is_interrupted)
{
	pthread_t thread;

	test_use_all_harts();
	handle(SIGUSR1, on_signal, 0);
	start(&thread, compute);
	CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
	wait_for_count(1);
	CHECK_EQ(handled_by, tid);
	end(thread);
	forget(SIGUSR1);
}

TEST(a_signal_of_the_process_goes_to_who_lets_it_through)
{
	pthread_t thread;

	test_use_all_harts();
	handle(SIGUSR1, on_signal, 0);
	start(&thread, compute);
	block(SIGUSR1, SIG_BLOCK);
	CHECK_EQ(kill(getpid(), SIGUSR1), 0);
	wait_for_count(1);
	CHECK_EQ(handled_by, tid);
	end(thread);

	/* Nobody does: it waits for the first who will. */
	CHECK_EQ(kill(getpid(), SIGUSR1), 0);
	CHECK_EQ(count, 1);
	block(SIGUSR1, SIG_UNBLOCK);
	CHECK_EQ(count, 2);
	CHECK_EQ(handled_by, gettid());
	forget(SIGUSR1);
}

/* Every register of a loop survives handlers that come between its instructions. */
static void *checksum(void *unused)
{
	double x = 1.5, y = 0.25;
	unsigned long a = 1, b = 2, c = 3, d = 4;

	(void)unused;
	tid = gettid();
	for (int i = 0; stage == 0 || i < 1000; i++) {
		a += b ^ c;
		b = b * 3 + d;
		c ^= a >> 3;
		d += 7;
		x = x * 1.0000001 + y;
		y += 0.125;
		if (a != 0 && d % 7 != 4)
			return (void *)1;
		if (y != 0.25 + 0.125 * (i + 1))
			return (void *)2;
	}
	return x > 1.5 ? NULL : (void *)3;
}

static volatile double scratch;

static void spoil(int signal, siginfo_t *info, void *context)
{
	double x = signal;

	(void)info;
	(void)context;
	for (int i = 0; i < 20; i++)
		x = x * 1.5 + i;
	scratch = x;
	count++;
}

TEST(handlers_between_instructions_change_nothing)
{
	pthread_t thread;
	void *result;

	test_use_all_harts();
	handle(SIGUSR1, spoil, 0);
	start(&thread, checksum);
	for (int i = 1; i <= 200; i++) {
		CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
		wait_for_count(i);
	}
	stage = 1;
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ(result, 0);
	forget(SIGUSR1);
}

#define V_BYTES 16

/* v8 and v16 keep what they hold while handlers write all of V. */
static void *keep_vectors(void *unused)
{
	static unsigned char in[V_BYTES], out[2 * V_BYTES];

	(void)unused;
	for (int i = 0; i < V_BYTES; i++)
		in[i] = (unsigned char)(i + 1);
	__asm__ volatile(".option push\n"
	                 ".option arch, +v\n"
	                 "vsetivli zero, 16, e8, m1, ta, ma\n"
	                 "vle8.v v8, (%0)\n"
	                 "vadd.vi v16, v8, 1\n"
	                 ".option pop\n"
	                 :
	                 : "r"(in)
	                 : "memory");
	tid = gettid();
	/* Nothing in here is a call: those forget V registers. */
	while (stage == 0)
		;
	__asm__ volatile(".option push\n"
	                 ".option arch, +v\n"
	                 "vse8.v v8, (%0)\n"
	                 "vse8.v v16, (%1)\n"
	                 ".option pop\n"
	                 :
	                 : "r"(out), "r"(out + V_BYTES)
	                 : "memory");
	for (int i = 0; i < V_BYTES; i++) {
		if (out[i] != i + 1 || out[V_BYTES + i] != i + 2)
			return out;
	}
	return NULL;
}

static void spoil_vectors(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	(void)context;
	__asm__ volatile(".option push\n"
	                 ".option arch, +v\n"
	                 "vsetvli t0, zero, e64, m8, ta, ma\n"
	                 "vmv.v.i v0, 7\n"
	                 "vmv.v.i v8, 7\n"
	                 "vmv.v.i v16, 7\n"
	                 "vmv.v.i v24, 7\n"
	                 ".option pop\n"
	                 :
	                 :
	                 : "t0");
	count++;
}

TEST(handlers_leave_vector_registers_as_they_were)
{
	pthread_t thread;
	void *result;

	test_use_all_harts();
	if (thread_vector_bytes() == 0)
		test_skip("no V");
	handle(SIGUSR1, spoil_vectors, 0);
	start(&thread, keep_vectors);
	for (int i = 1; i <= 50; i++) {
		CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
		wait_for_count(i);
	}
	stage = 1;
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ(result, 0);
	forget(SIGUSR1);
}

TEST(real_time_signals_queue_in_order)
{
	union sigval value;

	test_use_all_harts();
	handle(SIGRTMIN, on_signal, 0);
	handle(SIGUSR2, on_signal, 0);
	block(SIGRTMIN, SIG_BLOCK);
	block(SIGUSR2, SIG_BLOCK);
	for (int i = 0; i < QUEUED - 1; i++) {
		value.sival_int = 100 + i;
		CHECK_EQ(sigqueue(getpid(), SIGRTMIN, value), 0);
		CHECK_EQ(sigqueue(getpid(), SIGUSR2, value), 0);
	}
	block(SIGUSR2, SIG_UNBLOCK);
	CHECK_EQ(count, 1); /* a standard one counts once, the first */
	CHECK_EQ(values[0], 100);
	count = 0;
	block(SIGRTMIN, SIG_UNBLOCK);
	CHECK_EQ(count, QUEUED - 1);
	for (int i = 0; i < QUEUED - 1; i++)
		CHECK_EQ(values[i], 100 + i);
	forget(SIGRTMIN);
	forget(SIGUSR2);
}

static volatile int depth, deepest, order;

static void nest(int signal, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	if (++depth > deepest)
		deepest = depth;
	order = order * 10 + (signal == SIGUSR1 ? 1 : 2);
	if (signal == SIGUSR1 && count++ < 2) {
		raise(SIGUSR1);
		raise(SIGUSR2);
	}
	depth--;
}

TEST(a_handler_blocks_its_signal_and_those_of_its_mask)
{
	struct sigaction action = { .sa_sigaction = nest,
		                    .sa_flags = SA_SIGINFO };

	test_use_all_harts();
	depth = deepest = order = 0;
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR2);
	handle(SIGUSR2, nest, 0);
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	raise(SIGUSR1);
	CHECK_EQ(deepest, 1);
	CHECK_EQ(count, 3);

	action.sa_flags |= SA_NODEFER;
	sigemptyset(&action.sa_mask);
	count = 0;
	deepest = 0;
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	raise(SIGUSR1);
	CHECK_EQ(deepest, 3);
	forget(SIGUSR1);
	forget(SIGUSR2);
}

static sigjmp_buf back;
static void *volatile fault_address;
static volatile int fault_signal, fault_code;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	fault_signal = signal;
	fault_address = info->si_addr;
	fault_code = info->si_code;
	siglongjmp(back, 1);
}

TEST(faults_become_signals_with_their_address)
{
	volatile int *volatile nothing = (int *)16;

	test_use_all_harts();
	handle(SIGSEGV, on_fault, 0);
	handle(SIGILL, on_fault, 0);
	handle(SIGTRAP, on_fault, 0);
	if (sigsetjmp(back, 1) == 0)
		*nothing = 1;
	CHECK_EQ(fault_signal, SIGSEGV);
	CHECK_EQ(fault_address, 16);
	CHECK_EQ(fault_code, SEGV_MAPERR);
	/* The mask is as it was: it works once more. */
	fault_signal = 0;
	if (sigsetjmp(back, 1) == 0)
		(void)*nothing;
	CHECK_EQ(fault_signal, SIGSEGV);
	if (sigsetjmp(back, 1) == 0)
		__asm__ volatile(".word 0");
	CHECK_EQ(fault_signal, SIGILL);
	if (sigsetjmp(back, 1) == 0)
		__asm__ volatile("ebreak");
	CHECK_EQ(fault_signal, SIGTRAP);
	forget(SIGSEGV);
	forget(SIGILL);
	forget(SIGTRAP);
}

static void step_over(int signal, siginfo_t *info, void *context)
{
	ucontext_t *there = context;

	(void)signal;
	(void)info;
	there->uc_mcontext.__gregs[REG_PC] += 4;
	there->uc_mcontext.__gregs[REG_A0] = 55;
	sigaddset(&there->uc_sigmask, SIGUSR2);
}

TEST(a_handler_may_change_where_it_returns_to)
{
	register long a0 __asm__("a0") = 1;
	sigset_t now;

	test_use_all_harts();
	handle(SIGSEGV, step_over, 0);
	__asm__ volatile(".option push\n"
	                 ".option norvc\n"
	                 "lw t0, 16(zero)\n"
	                 ".option pop\n"
	                 : "+r"(a0)
	                 :
	                 : "t0");
	CHECK_EQ(a0, 55);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
	CHECK(sigismember(&now, SIGUSR2));
	block(SIGUSR2, SIG_UNBLOCK);
	forget(SIGSEGV);
}

static char stack[16384] __attribute__((aligned(16)));
static volatile uintptr_t handler_sp;

static void note_stack(int signal, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	handler_sp = (uintptr_t)__builtin_frame_address(0);
	if (signal == SIGSEGV)
		siglongjmp(back, 1);
}

static bool handler_was_on_stack(void)
{
	return handler_sp - (uintptr_t)stack < sizeof(stack);
}

TEST(handlers_run_on_the_signal_stack_when_asked)
{
	stack_t new = { .ss_sp = stack, .ss_size = sizeof(stack) }, old;
	stack_t off = { .ss_flags = SS_DISABLE };

	test_use_all_harts();
	CHECK_EQ(sigaltstack(&new, &old), 0);
	CHECK_EQ(old.ss_flags, SS_DISABLE);
	handle(SIGUSR1, note_stack, SA_ONSTACK);
	raise(SIGUSR1);
	CHECK(handler_was_on_stack());
	handle(SIGUSR1, note_stack, 0);
	raise(SIGUSR1);
	CHECK(!handler_was_on_stack());
	new.ss_size = MINSIGSTKSZ - 1;
	CHECK_EQ(sigaltstack(&new, NULL), -1);
	CHECK_EQ(errno, ENOMEM);
	new.ss_size = sizeof(stack);
	new.ss_flags = 8;
	CHECK_EQ(sigaltstack(&new, NULL), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(sigaltstack(&off, NULL), 0);
	forget(SIGUSR1);
}

static unsigned long recurse(unsigned long n)
{
	volatile char room[512];

	room[0] = (char)n;
	return n == 0 ? 0 : recurse(n + 1) + (unsigned long)room[0];
}

static void *overflow(void *unused)
{
	const stack_t new = { .ss_sp = stack, .ss_size = sizeof(stack) };

	(void)unused;
	sigaltstack(&new, NULL);
	if (sigsetjmp(back, 1) == 0)
		recurse(1);
	return &stack;
}

/* Only a handler on a stack of its own can hear of it. */
TEST(an_overflow_of_the_stack_reaches_a_handler)
{
	pthread_t thread;
	void *result;

	test_use_all_harts();
	handler_sp = 0;
	handle(SIGSEGV, note_stack, SA_ONSTACK);
	CHECK_EQ(pthread_create(&thread, NULL, overflow, NULL), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK(result == &stack);
	CHECK(handler_was_on_stack());
	forget(SIGSEGV);
}

static void *sleep_long(void *unused)
{
	const struct timespec time = { .tv_sec = 1000 };
	struct timespec rest;

	(void)unused;
	tid = gettid();
	if (nanosleep(&time, &rest) != -1 || errno != EINTR)
		return (void *)1;
	return NULL;
}

static void wait_until_it_waits(void)
{
	for (;;) {
		const struct thread *thread = thread_find((unsigned int)tid);

		if (thread && thread->state == THREAD_WAITING)
			return;
		sched_yield();
	}
}

TEST(a_sleep_never_begins_again)
{
	pthread_t thread;
	void *result;

	test_use_all_harts();
	handle(SIGUSR1, on_signal, SA_RESTART);
	start(&thread, sleep_long);
	wait_until_it_waits();
	CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ(result, 0);
	CHECK_EQ(handled_by, tid);
	forget(SIGUSR1);
}

static void *wait_for_two(void *unused)
{
	sigset_t set;
	siginfo_t info;
	struct timespec time = { .tv_nsec = 1000000 };

	(void)unused;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (sigtimedwait(&set, &info, &time) != -1 || errno != EAGAIN)
		return (void *)1;
	tid = gettid();
	if (sigwaitinfo(&set, &info) != SIGUSR1 || info.si_code != SI_TKILL)
		return (void *)2;
	stage = 2;
	if (sigwaitinfo(&set, &info) != SIGRTMIN + 1 ||
	    info.si_code != SI_QUEUE || info.si_value.sival_int != 9)
		return (void *)3;
	return NULL;
}

TEST(signals_can_be_waited_for)
{
	union sigval nine = { .sival_int = 9 };
	pthread_t thread;
	void *result;

	test_use_all_harts();
	block(SIGRTMIN + 1, SIG_BLOCK);
	start(&thread, wait_for_two);
	CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
	while (stage != 2)
		sched_yield();
	CHECK_EQ(sigqueue(getpid(), SIGRTMIN + 1, nine), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ(result, 0);
	block(SIGRTMIN + 1, SIG_UNBLOCK);
}

static void *suspend(void *unused)
{
	sigset_t none, mask;

	(void)unused;
	block(SIGUSR1, SIG_BLOCK);
	sigemptyset(&none);
	tid = gettid();
	if (sigsuspend(&none) != -1 || errno != EINTR || count != 1)
		return (void *)1;
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	return sigismember(&mask, SIGUSR1) ? NULL : (void *)2;
}

TEST(sigsuspend_lets_the_signal_through_and_puts_the_mask_back)
{
	pthread_t thread;
	void *result;

	test_use_all_harts();
	handle(SIGUSR1, on_signal, SA_RESTART);
	start(&thread, suspend);
	CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ(result, 0);
	CHECK_EQ(handled_by, tid);
	forget(SIGUSR1);
}

static void *leave_pending(void *unused)
{
	block(SIGUSR1, SIG_BLOCK);
	tid = gettid();
	while (stage == 0)
		sched_yield();
	return unused;
}

/* What was sent to it alone goes with it; its memory too (the runner looks). */
TEST(a_thread_takes_its_pending_signals_along)
{
	pthread_t thread;
	sigset_t pending;

	test_use_all_harts();
	handle(SIGUSR1, on_signal, 0);
	start(&thread, leave_pending);
	CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
	end(thread);
	CHECK_EQ(count, 0);
	CHECK_EQ(sigpending(&pending), 0);
	CHECK(!sigismember(&pending, SIGUSR1));
	forget(SIGUSR1);
}

TEST(wrong_arguments_are_refused)
{
	stack_t fine;

	test_use_all_harts();
	CHECK_EQ(syscall(SYS_rt_sigprocmask, 9, &fine, NULL, 8), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, NULL, 16), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_BLOCK, 8, NULL, 8), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(syscall(SYS_rt_sigaction, SIGUSR1, 8, NULL, 8), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(syscall(SYS_rt_sigaction, 65, NULL, NULL, 8), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(syscall(SYS_rt_sigsuspend, 8, 8), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(syscall(SYS_rt_sigtimedwait, 8, NULL, NULL, 8), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(syscall(SYS_rt_sigpending, 8, 8), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(syscall(SYS_tkill, 999999, 0), -1);
	CHECK_EQ(errno, ESRCH);
	CHECK_EQ(syscall(SYS_tkill, 0, SIGUSR1), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(syscall(SYS_tgkill, 2, gettid(), SIGUSR1), -1);
	CHECK_EQ(errno, ESRCH);
	CHECK_EQ(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, 8), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(pthread_kill(pthread_self(), 66), EINVAL);
}
