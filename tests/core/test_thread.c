/* SPDX-License-Identifier: MIT */
/* One thread: its life, its waits, its registers. */
#include <errno.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "arch/csr.h"
#include "core/hart.h"
#include "core/machine.h"
#include "core/mutex.h"
#include "core/thread.h"
#include "core/timer.h"
#include "core/work.h"
#include "crew.h"
#include "mm/kthread.h"
#include "race.h"
#include "test.h"

#define NORMAL THREAD_PRIORITY_NORMAL

static bool stop; /* [A] */

/* --- life --------------------------------------------------------------- */

struct facts {
	unsigned int id;
	char name[THREAD_NAME_BYTES];
	bool found, on_its_stack, interrupts_are_on;
	unsigned long fcsr;
};

static void look_at_itself(void *argument)
{
	struct thread *self = current_thread();
	struct facts *facts = argument;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	facts->fcsr = csr_read(fcsr);
	facts->id = self->id;
	memcpy(facts->name, self->name, sizeof(facts->name));
	facts->found = thread_find(self->id) == self;
	facts->on_its_stack = here - self->stack_bottom < self->stack_bytes;
	facts->interrupts_are_on = csr_read(sstatus) & SSTATUS_SIE;
}

TEST(thread_is_what_it_was_made_as)
{
	struct facts facts[2] = { 0 };

	crew_add(look_at_itself, &facts[0], NORMAL, ~0ull);
	crew_add(look_at_itself, &facts[1], NORMAL, ~0ull);
	crew_wait();
	for (unsigned int i = 0; i < 2; i++) {
		CHECK(facts[i].found && facts[i].on_its_stack);
		CHECK(facts[i].interrupts_are_on);
		CHECK(strcmp(facts[i].name, "crew") == 0);
		CHECK(!thread_find(facts[i].id));
	}
	CHECK(facts[0].id != facts[1].id);
	CHECK_EQ(current_thread()->id, MAIN_THREAD_ID);
	CHECK_EQ(thread_find(MAIN_THREAD_ID), current_thread());
}

TEST(states_have_names)
{
	CHECK(strcmp(thread_state_name(THREAD_WAITING), "waiting") == 0);
	CHECK(strcmp(thread_state_name(THREAD_DEAD), "dead") == 0);
	CHECK(strcmp(thread_state_name(77), "?") == 0);
}

static void count_one(void *argument)
{
	__atomic_fetch_add((unsigned long *)argument, 1, __ATOMIC_RELAXED);
}

static void end_in_the_middle(void *argument)
{
	count_one(argument);
	thread_exit();
	count_one(argument);
}

/* The runner compares pages, areas and objects before and after. */
TEST(thousands_of_threads_leave_nothing)
{
	unsigned long count = 0, wanted = 0;

	for (unsigned int i = 0; i < 100 * test_loops(); i++) {
		for (unsigned int n = 0; n < 20; n++)
			crew_add(count_one, &count, NORMAL, ~0ull);
		crew_wait();
		wanted += 20;
	}
	CHECK_EQ(count, wanted);
}

TEST(exit_ends_the_thread_at_once)
{
	unsigned int before = threads_visit(NULL, NULL);
	unsigned long count = 0;

	CHECK(kthread_run(end_in_the_middle, &count, "short", NORMAL, 0));
	CHECK(sleep_until_count(&count, 1));
	while (threads_visit(NULL, NULL) > before)
		thread_yield();
	threads_wait_for_burials();
	work_flush();
	CHECK_EQ(count, 1);
}

static void hold_burial(void *unused)
{
	(void)unused;
	if (race_is_first())
		race_wait_until(&race.open, RACE_SOON_NS);
}

static void tell_stack(void *argument)
{
	*(uintptr_t *)argument = current_thread()->stack_bottom;
}

TEST(stack_of_a_thread_is_free_when_its_burial_was_waited_for)
{
	uintptr_t stack = 0;

	race_begin(2);
	race_window_open(RACE_THREAD_OFF_LIST, hold_burial, NULL);
	CHECK(kthread_run(tell_stack, &stack, "short", NORMAL, LAST_HART));
	race_wait_for_arrivals(1);
	threads_wait_for_burials();
	work_flush();
	race_window_close(RACE_THREAD_OFF_LIST);
	CHECK(stack && !find_vm_area((void *)stack));
}

/* --- waits -------------------------------------------------------------- */

TEST(sleep_is_never_short)
{
	for (unsigned int i = 0; i < 20; i++) {
		uint64_t until_ns = timer_now_ns() + i * 100000;

		CHECK_EQ(thread_sleep_until(until_ns, THREAD_INTERRUPTIBLE), 0);
		CHECK(timer_now_ns() >= until_ns);
	}
	CHECK_EQ(thread_sleep_until(0, THREAD_UNINTERRUPTIBLE), 0);
}

/* The best of some: a busy host may be late with any one of them. */
TEST(sleep_ends_soon_after_its_time)
{
	uint64_t best = UINT64_MAX;

	for (unsigned int i = 0; i < 20; i++) {
		uint64_t until_ns = timer_now_ns() + MS;
		uint64_t late_ns;

		(void)thread_sleep_until(until_ns, THREAD_UNINTERRUPTIBLE);
		late_ns = timer_now_ns() - until_ns;
		if (late_ns < best)
			best = late_ns;
	}
	CHECK(best < 2 * MS);
}

TEST(wait_ends_with_its_deadline)
{
	uint64_t start = timer_now_ns();

	thread_will_wait(THREAD_UNINTERRUPTIBLE);
	CHECK_EQ(thread_wait_until(start), -ETIMEDOUT);
	thread_will_wait(THREAD_UNINTERRUPTIBLE);
	CHECK_EQ(thread_wait_until(start + 2 * MS), -ETIMEDOUT);
	CHECK(timer_now_ns() >= start + 2 * MS);
	CHECK_EQ(current_thread()->state, THREAD_RUNNING);
}

TEST(wake_of_a_thread_that_does_not_wait_does_nothing)
{
	CHECK(!thread_wake(current_thread()));
	thread_will_wait(THREAD_UNINTERRUPTIBLE);
	CHECK(thread_wake(current_thread()));
	CHECK_EQ(thread_wait_until(UINT64_MAX), 0);
	thread_will_wait(THREAD_UNINTERRUPTIBLE);
	thread_will_not_wait();
	CHECK(!thread_wake(current_thread()));
}

static void interrupt_soon(void *argument)
{
	struct thread *thread = argument;

	(void)thread_sleep_until(timer_now_ns() + 3 * MS,
	                         THREAD_UNINTERRUPTIBLE);
	thread_interrupt(thread);
}

TEST(interrupt_ends_a_wait_and_lasts_until_it_is_taken)
{
	struct thread *self = current_thread();

	CHECK(!thread_take_interrupt());
	crew_add(interrupt_soon, self, NORMAL, ~0ull);
	CHECK_EQ(thread_sleep_until(UINT64_MAX, THREAD_INTERRUPTIBLE), -EINTR);
	/* Pending already: it does not even begin to wait. */
	CHECK_EQ(thread_sleep_until(UINT64_MAX, THREAD_INTERRUPTIBLE), -EINTR);
	CHECK_EQ(thread_sleep_until(timer_now_ns() + MS, THREAD_INTERRUPTIBLE),
	         -EINTR);
	CHECK_EQ(thread_sleep_until(0, THREAD_INTERRUPTIBLE), -EINTR);
	CHECK_EQ(
		thread_sleep_until(timer_now_ns() + MS, THREAD_UNINTERRUPTIBLE),
		0);
	CHECK(thread_take_interrupt());
	CHECK(!thread_take_interrupt());
	CHECK_EQ(thread_sleep_until(timer_now_ns() + MS, THREAD_INTERRUPTIBLE),
	         0);
	crew_wait();
}

TEST(interrupt_does_not_end_an_uninterruptible_wait)
{
	uint64_t until_ns = timer_now_ns() + 15 * MS;

	crew_add(interrupt_soon, current_thread(), NORMAL, ~0ull);
	CHECK_EQ(thread_sleep_until(until_ns, THREAD_UNINTERRUPTIBLE), 0);
	CHECK(timer_now_ns() >= until_ns);
	crew_wait();
	CHECK(thread_take_interrupt());
}

static uint64_t run_ns_of_a_sleep(void)
{
	uint64_t before = thread_run_ns(current_thread());

	(void)thread_sleep_until(timer_now_ns() + 50 * MS,
	                         THREAD_UNINTERRUPTIBLE);
	return thread_run_ns(current_thread()) - before;
}

/* A host that is busy may take its processor away from a thread that runs. */
TEST(time_that_a_thread_sleeps_is_not_its_own)
{
	uint64_t before;
	unsigned int i = 0;

	while (run_ns_of_a_sleep() >= 25 * MS)
		CHECK(++i < 20);
	before = thread_run_ns(current_thread());
	spin_ns(20 * MS);
	CHECK(thread_run_ns(current_thread()) - before > 10 * MS);
}

TEST(thread_that_keeps_its_hart_may_not_switch)
{
	unsigned long flags;

	CHECK(thread_may_switch());
	preempt_disable();
	CHECK(!thread_may_switch());
	preempt_enable();
	flags = irq_save();
	CHECK(!thread_may_switch());
	irq_restore(flags);
	CHECK(thread_may_switch());
}

/* --- registers ------------------------------------------------------------ */

#define FP_THREADS 5u

struct computer {
	unsigned long seed;
	unsigned long rounds;
	unsigned long wrong;
	bool yields;
};

#define F_LOAD(n) "fmv.d.x f" #n ", %0\n\taddi %0, %0, 1\n\t"
#define F_CHECK(n)                                  \
	"fmv.x.d t0, f" #n "\n\txor t0, t0, %0\n\t" \
	"or %1, %1, t0\n\taddi %0, %0, 1\n\t"
#define F_ALL(m)                                                            \
	m(0) m(1) m(2) m(3) m(4) m(5) m(6) m(7) m(8) m(9) m(10) m(11) m(12) \
		m(13) m(14) m(15) m(16) m(17) m(18) m(19) m(20) m(21) m(22) \
			m(23) m(24) m(25) m(26) m(27) m(28) m(29) m(30) m(31)
#define F_CLOBBERS                                                             \
	"f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10",     \
		"f11", "f12", "f13", "f14", "f15", "f16", "f17", "f18", "f19", \
		"f20", "f21", "f22", "f23", "f24", "f25", "f26", "f27", "f28", \
		"f29", "f30", "f31"

/* All 32 at once, for long enough that an interrupt comes between. */
static unsigned long fill_wait_and_compare(unsigned long seed)
{
	unsigned long differs = 0, value = seed, spins = 20000;

	__asm__ volatile(F_ALL(F_LOAD) "1: addi %2, %2, -1\n\tbnez %2, 1b\n\t"
	                               "addi %0, %0, -32\n\t" F_ALL(F_CHECK)
	                 : "+r"(value), "+r"(differs), "+r"(spins)
	                 :
	                 : "t0", F_CLOBBERS);
	return differs;
}

/* What a call keeps: fs0 to fs11. */
static unsigned long fill_yield_and_compare(unsigned long seed)
{
	const double first = (double)seed, last = first + 1;
	register double s0 __asm__("fs0") = first;
	register double s11 __asm__("fs11") = last;

	__asm__ volatile("" : "+f"(s0), "+f"(s11));
	thread_yield();
	__asm__ volatile("" : "+f"(s0), "+f"(s11));
	return s0 != first || s11 != last;
}

static void compute(void *argument)
{
	struct computer *own = argument;
	unsigned long fcsr = (own->seed % 5) << 5 | (own->seed & 31);

	csr_write(fcsr, fcsr);
	while (!flag_is_set(&stop)) {
		own->wrong += fill_wait_and_compare(own->seed << 40) != 0;
		if (own->yields)
			own->wrong += fill_yield_and_compare(own->seed);
		own->wrong += csr_read(fcsr) >> 5 != fcsr >> 5;
		WRITE_ONCE(own->rounds, own->rounds + 1);
	}
}

/* Preempted by each other and by threads that switch by calls. */
TEST(floating_point_registers_are_each_threads_own)
{
	struct computer computers[FP_THREADS] = { 0 };

	stop = false;
	for (unsigned int i = 0; i < FP_THREADS; i++) {
		computers[i].seed = 3 + 7 * i;
		computers[i].yields = i % 2;
		crew_add(compute, &computers[i], NORMAL,
		         i < 3 ? HART_0 : ~0ull);
	}
	for (unsigned int i = 0; i < 20; i++) {
		(void)thread_sleep_until(timer_now_ns() + 3 * MS,
		                         THREAD_UNINTERRUPTIBLE);
		spin_ns(MS);
	}
	flag_set(&stop);
	crew_wait();
	for (unsigned int i = 0; i < FP_THREADS; i++) {
		CHECK(computers[i].rounds > 0);
		CHECK_EQ(computers[i].wrong, 0);
	}
}

/* Its maker rounds down; it begins with the default, on either way in. */
TEST(new_thread_begins_with_a_clean_fcsr)
{
	struct facts called = { .fcsr = 1 }, preempted = { .fcsr = 1 };

	csr_write(fcsr, 2ul << 5 | 1);
	crew_add(look_at_itself, &called, NORMAL, HART_0);
	thread_yield();
	csr_write(fcsr, 2ul << 5 | 1);
	crew_add(look_at_itself, &preempted, THREAD_PRIORITY_HIGH, HART_0);
	CHECK_EQ(csr_read(fcsr), 2ul << 5 | 1);
	csr_write(fcsr, 0);
	crew_wait();
	CHECK_EQ(called.fcsr, 0);
	CHECK_EQ(preempted.fcsr, 0);
}

static unsigned long fpu_state(void)
{
	return csr_read(sstatus) & SSTATUS_FS;
}

static void nothing(void *argument)
{
	(void)argument;
}

static void sleep_a_little(void)
{
	(void)thread_sleep_until(timer_now_ns() + MS, THREAD_UNINTERRUPTIBLE);
}

static unsigned long switches_before; /* the one that is looked at */

/* The other may have run already: then it is tried again. */
static void yield_to_another(void)
{
	crew_add(nothing, NULL, NORMAL, HART_0);
	csr_write(fcsr, 0);
	switches_before = READ_ONCE(current_thread()->switches);
	thread_yield();
}

static void move_and_stay(void)
{
	(void)thread_set_allowed_harts(current_thread(), LAST_HART);
}

/* What the state is right after the switch; there need not be one: time passes. */
static unsigned long fpu_state_after(void (*way)(void))
{
	const struct thread *self = current_thread();
	unsigned int tries = 0;
	unsigned long state;

	do {
		CHECK(tries++ < 100);
		CHECK_EQ(thread_set_allowed_harts(current_thread(), HART_0), 0);
		csr_write(fcsr, 0);
		switches_before = READ_ONCE(self->switches);
		way();
		state = fpu_state();
	} while (READ_ONCE(self->switches) == switches_before);
	CHECK_EQ(thread_set_allowed_harts(current_thread(), ~0ull), 0);
	crew_wait();
	return state;
}

/* Or each later switch would save them again. */
TEST(registers_that_a_switch_saved_are_not_dirty_after_it)
{
	CHECK_EQ(fpu_state_after(sleep_a_little), SSTATUS_FS_CLEAN);
	CHECK_EQ(fpu_state_after(yield_to_another), SSTATUS_FS_CLEAN);
	if (LAST_HART != HART_0)
		CHECK_EQ(fpu_state_after(move_and_stay), SSTATUS_FS_CLEAN);
}

/* It computes nothing, and each switch to it would load them. */
TEST(idle_threads_have_no_floating_point_registers)
{
	unsigned int i;

	for (i = 0; i < nr_harts; i++)
		CHECK_EQ(harts[i]->queue.idle->fpu_is_saved, 0);
}

/* Constructors have used some, malloc()'s at least. */
TEST(main_begins_without_floating_point_registers)
{
	CHECK_EQ(test_status_at_main & SSTATUS_FS, SSTATUS_FS_INITIAL);
}

/* NV by a comparison with a signaling NaN, from registers that are clean. */
TEST(flags_of_a_comparison_outlive_a_switch)
{
	const unsigned long nan = 0x7ff0000000000001ul;
	register double value __asm__("fs0");

	__asm__ volatile("fscsr zero\n\tfmv.d.x %0, %1"
	                 : "=f"(value)
	                 : "r"(nan));
	(void)thread_sleep_until(timer_now_ns() + MS, THREAD_UNINTERRUPTIBLE);
	__asm__ volatile("feq.d t0, %0, %0" : : "f"(value) : "t0");
	(void)thread_sleep_until(timer_now_ns() + MS, THREAD_UNINTERRUPTIBLE);
	CHECK_EQ(csr_read(fcsr), 0x10);
	csr_write(fcsr, 0);
}

/* As when main() begins. Flags are no register's contents: they stay. */
TEST(registers_that_are_forgotten_are_not_saved)
{
	csr_write(fcsr, 0);
	thread_forget_fpu();
	CHECK_EQ(fpu_state(), SSTATUS_FS_INITIAL);
	(void)thread_sleep_until(timer_now_ns() + MS, THREAD_UNINTERRUPTIBLE);
	CHECK_EQ(current_thread()->fpu_is_saved, 0);

	csr_write(fcsr, 1);
	thread_forget_fpu();
	CHECK(fpu_state() != SSTATUS_FS_INITIAL);
	(void)thread_sleep_until(timer_now_ns() + MS, THREAD_UNINTERRUPTIBLE);
	CHECK_EQ(csr_read(fcsr), 1);
	csr_write(fcsr, 0);
}

#define VECTOR_ASM(text) \
	".option push\n\t.option arch, +v\n\t" text "\n\t.option pop"

/* v8 to v15 and the type hold over many interrupts, in one piece of code. */
static unsigned long vector_round(unsigned long seed)
{
	unsigned long differs, spins = 20000, vl, vtype;

	__asm__ volatile(VECTOR_ASM("vsetvli %1, zero, e64, m8, ta, ma\n\t"
	                            "vmv.v.x v8, %4\n\t"
	                            "vmv.v.x v24, %4\n\t"
	                            "1: addi %2, %2, -1\n\tbnez %2, 1b\n\t"
	                            "csrr %3, vtype\n\t"
	                            "vxor.vx v8, v8, %4\n\t"
	                            "vxor.vx v24, v24, %4\n\t"
	                            "vor.vv v8, v8, v24\n\t"
	                            "vmv.v.x v16, zero\n\t"
	                            "vredor.vs v16, v8, v16\n\t"
	                            "vmv.x.s %0, v16")
	                 : "=&r"(differs), "=&r"(vl), "+&r"(spins), "=&r"(vtype)
	                 : "r"(seed));
	return differs | (vtype != 0xdb) | (vl == 0);
}

static void compute_vectors(void *argument)
{
	struct computer *own = argument;

	while (!flag_is_set(&stop)) {
		own->wrong += vector_round(own->seed) != 0;
		if (own->yields)
			thread_yield();
		WRITE_ONCE(own->rounds, own->rounds + 1);
	}
}

TEST(vector_registers_are_each_threads_own)
{
	struct computer computers[FP_THREADS] = { 0 };

	if (!isa_has(ISA_V)) {
		CHECK_EQ(thread_vector_bytes(), 0);
		test_skip("needs V");
	}
	CHECK(thread_vector_bytes() >= 32 + 32 * 16);
	stop = false;
	for (unsigned int i = 0; i < FP_THREADS; i++) {
		computers[i].seed = 0x1111111111111111ul * (i + 1);
		computers[i].yields = i % 2;
		crew_add(compute_vectors, &computers[i], NORMAL,
		         i < 3 ? HART_0 : ~0ull);
	}
	for (unsigned int i = 0; i < 20; i++) {
		(void)thread_sleep_until(timer_now_ns() + 3 * MS,
		                         THREAD_UNINTERRUPTIBLE);
		CHECK_EQ(vector_round(i), 0);
	}
	flag_set(&stop);
	crew_wait();
	for (unsigned int i = 0; i < FP_THREADS; i++) {
		CHECK(computers[i].rounds > 0);
		CHECK_EQ(computers[i].wrong, 0);
	}
}
