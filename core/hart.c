/* SPDX-License-Identifier: MIT */
/*
 * Two mailboxes a hart: one for a thread of its own, one for its interrupt. A
 * caller owns a mailbox from the moment it has put its function there until the
 * hart has put NULL back.
 *
 * Sleep and wake: the sleeper writes idle, then looks for work; the waker writes
 * work, then looks at idle. Both sides are sequentially consistent, so one of
 * them sees the other (Dekker).
 */
#include "core/hart.h"

#include "arch/barrier.h"
#include "arch/csr.h"
#include "arch/sbi.h"
#include "core/assert.h"
#include "core/lock.h"
#include "core/pause.h"
#include "core/race_window.h"
#include "core/sched.h"
#include "core/thread.h"
#include "core/trap.h"

struct hart boot_hart;
struct hart *harts[CONFIG_NR_HARTS] = { &boot_hart };
unsigned int nr_harts = 1;

static struct spinlock hart_call_lock =
	SPINLOCK_INIT(LOCK_HART_CALL, "hart_call_lock");
static hart_hook *wake_hook;
static hart_hook *interrupt_hook;
static unsigned int stopping; /* [A] a hart panics */
static unsigned int stopped;  /* [A] harts that obeyed */

void hart_set_hooks(hart_hook *wake, hart_hook *interrupt)
{
	wake_hook = wake;
	interrupt_hook = interrupt;
}

static void hart_kick(const struct hart *hart)
{
	sbi_send_ipi(1, hart->id);
}

/* Put @function into the mailbox if it is empty. */
static bool hart_post(hart_function **box, void **box_argument,
                      hart_function *function, void *argument)
{
	unsigned long flags = spin_lock_irqsave(&hart_call_lock);
	bool empty = !__atomic_load_n(box, __ATOMIC_ACQUIRE);

	if (empty) {
		*box_argument = argument;
		__atomic_store_n(box, function, __ATOMIC_SEQ_CST);
	}
	spin_unlock_irqrestore(&hart_call_lock, flags);
	return empty;
}

static struct hart *hart_at(unsigned int index)
{
	ASSERT(index < nr_harts);
	return harts[index];
}

void hart_call_start(unsigned int index, hart_function *function,
                     void *argument)
{
	struct hart *hart = hart_at(index);
	struct pause pause = { 0 };

	ASSERT(index != 0 && !in_interrupt());
	assert_no_lock_held("a call of another hart");
	while (!hart_post(&hart->call, &hart->call_argument, function,
	                  argument))
		pause_before_next_look(&pause);
	thread_wake(hart->caller);
}

void hart_call_wait(unsigned int index)
{
	const struct hart *hart = hart_at(index);
	struct pause pause = { 0 };

	assert_no_lock_held("a wait for another hart");
	while (__atomic_load_n(&hart->call, __ATOMIC_ACQUIRE))
		pause_before_next_look(&pause);
}

void hart_interrupt(unsigned int index, hart_function *function, void *argument)
{
	struct hart *hart = hart_at(index);
	struct pause pause = { 0 };

	ASSERT(!in_interrupt());
	assert_no_lock_held("an interrupt of another hart");
	while (!hart_post(&hart->interrupt, &hart->interrupt_argument, function,
	                  argument))
		pause_before_next_look(&pause);
	hart_kick(hart);
	while (__atomic_load_n(&hart->interrupt, __ATOMIC_ACQUIRE))
		pause_before_next_look(&pause);
}

/* Here first: afterwards the thread may go on anywhere. */
void hart_run_everywhere(hart_function *function, void *argument)
{
	unsigned long flags = irq_save();
	unsigned int here = this_hart->index;
	unsigned int i;

	function(argument);
	irq_restore(flags);
	for (i = 0; i < nr_harts; i++) {
		if (i != here)
			hart_interrupt(i, function, argument);
	}
}

void hart_stop_this(void)
{
	irq_save();
	__atomic_fetch_add(&stopped, 1, __ATOMIC_RELEASE);
	for (;;)
		wait_for_interrupt();
}

static void hart_software_interrupt(void)
{
	struct hart *hart = this_hart;
	hart_function *function;

	csr_clear(sip, SIE_SSIE);
	hart->ipis++;
	if (__atomic_load_n(&stopping, __ATOMIC_ACQUIRE))
		hart_stop_this();
	if (interrupt_hook)
		interrupt_hook();
	sched_look();
	function = __atomic_load_n(&hart->interrupt, __ATOMIC_ACQUIRE);
	if (function) {
		function(hart->interrupt_argument);
		__atomic_store_n(&hart->interrupt, NULL, __ATOMIC_RELEASE);
	}
}

/* With -icount QEMU's count of instructions is its time, which goes on. */
static void sleep_until_interrupt(struct hart *hart)
{
	const unsigned long before = read_instret();

	wait_for_interrupt();
	hart->asleep_instret += read_instret() - before;
}

/* Interrupts stay off while idle is set: nothing runs before the flush. */
void hart_idle(uint64_t until_ns)
{
	unsigned long flags = irq_save();
	struct hart *hart = this_hart;
	const bool is_idle = hart->thread == hart->queue.idle;

	assert_no_lock_held("idling");
	__atomic_store_n(&hart->idle, 1, __ATOMIC_SEQ_CST);
	/* Partner: tell_other_hart() in core/sched_wake.c. */
	if (__atomic_load_n(&hart->queue.ready, __ATOMIC_SEQ_CST) == 0) {
		if (until_ns < hart->timer.alarm_ns)
			timer_set_ns(until_ns);
		sleep_until_interrupt(hart);
	}
	/* Partner: tlb.c sets flush_on_wake, then looks at idle. */
	__atomic_exchange_n(&hart->idle, 0, __ATOMIC_SEQ_CST);
	race_window(RACE_HART_WAKES);
	if (__atomic_load_n(&hart->flush_on_wake, __ATOMIC_SEQ_CST) &&
	    wake_hook)
		wake_hook();
	if (is_idle && flags & SSTATUS_SIE)
		trap_serve_pending();
	irq_restore(flags);
	if (!is_idle && READ_ONCE(hart->queue.ready) && thread_may_switch())
		thread_yield();
}

/* Woken by hart_call_start() after it has filled the mailbox. */
static void wait_for_call(struct hart *hart)
{
	thread_will_wait(THREAD_UNINTERRUPTIBLE);
	if (!__atomic_load_n(&hart->call, __ATOMIC_ACQUIRE))
		(void)thread_wait_until(UINT64_MAX);
	thread_will_not_wait();
}

void hart_serve_calls(void *argument)
{
	struct hart *hart = argument;

	for (;;) {
		hart_function *function =
			__atomic_load_n(&hart->call, __ATOMIC_ACQUIRE);

		if (function) {
			function(hart->call_argument);
			assert_no_lock_held("the end of a hart's call");
			__atomic_store_n(&hart->call, NULL, __ATOMIC_RELEASE);
		} else {
			wait_for_call(hart);
		}
	}
}

void hart_init_this(void)
{
	trap_set_interrupt(IRQ_SOFTWARE, hart_software_interrupt);
	csr_set(sie, SIE_SSIE);
	__atomic_store_n(&this_hart->online, 1, __ATOMIC_RELEASE);
}

unsigned int hart_stop_others(uint64_t timeout_ns)
{
	uint64_t until_ns = timer_now_ns() + timeout_ns;
	unsigned int others = nr_harts - 1;
	unsigned int i;

	__atomic_store_n(&stopping, 1, __ATOMIC_RELEASE);
	for (i = 0; i < nr_harts; i++) {
		if (harts[i] != this_hart)
			hart_kick(harts[i]);
	}
	while (__atomic_load_n(&stopped, __ATOMIC_ACQUIRE) < others &&
	       timer_now_ns() < until_ns)
		cpu_relax();
	return others - __atomic_load_n(&stopped, __ATOMIC_RELAXED);
}
