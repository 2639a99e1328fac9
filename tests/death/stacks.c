/* SPDX-License-Identifier: MIT */
/* Stacks that end, traps in traps, locks against their order, a raised abort. */
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <stdlib.h>
#include <string.h>

#include "acts.h"
#include "core/assert.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/panic.h"
#include "core/timer.h"
#include "core/trap.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "tests/image/later.h"

static volatile int depth;
static volatile int deepest = 1 << 30;
static char *volatile nowhere = (char *)16;

static __noinline int recurse(int n)
{
	volatile char frame[400];

	frame[n % 400] = (char)n;
	depth = n;
	return n < deepest ? recurse(n + 1) + frame[n % 400] : 0;
}

static void stack_overflow(void)
{
	depth = recurse(1);
}

/* The first store is below the stack already. */
static void large_frame(void)
{
	volatile char frame[66 << 10];

	frame[0] = 1;
	depth = frame[0];
}

static void overflow_in_call(void *unused)
{
	(void)unused;
	depth = recurse(1);
}

static void overflow_on_another_hart(void)
{
	hart_call_start(1, overflow_in_call, NULL);
	hart_call_wait(1);
}

/* B41: both at once; the reports must not destroy each other. */
static void overflow_on_both_harts(void)
{
	hart_call_start(1, overflow_in_call, NULL);
	depth = recurse(1);
}

static void fault_in_interrupt_call(void *unused)
{
	(void)unused;
	*nowhere = 1;
}

static struct later soon;

static void fault_in_interrupt(void)
{
	later_at(&soon, timer_now_ns() + 100000, fault_in_interrupt_call, NULL);
	for (;;)
		;
}

static void overflow_in_interrupt(void)
{
	later_at(&soon, timer_now_ns() + 100000, overflow_in_call, NULL);
	for (;;)
		;
}

static int handler_that_faults(struct trap_frame *frame)
{
	(void)frame;
	*nowhere = 1;
	return 1;
}

static void fault_in_the_fault_handler(void)
{
	trap_set_page_fault_handler(handler_that_faults);
	*nowhere = 1;
}

/* sp itself is garbage: the trap must not need it. */
static void broken_stack_pointer(void)
{
	__asm__ volatile("li sp, 0x123456789abcdef0\n\t"
	                 "sd zero, 0(sp)");
}

static void failed_assertion(void)
{
	ASSERT(depth == 77);
}

static void panic_with_numbers(void)
{
	panic("the answer is %d, not %s", 42, "forty-three");
}

static struct spinlock outer = SPINLOCK_INIT(LOCK_CONSOLE, "outer");
static struct spinlock inner = SPINLOCK_INIT(LOCK_VSPACE, "inner");

/* On purpose what the analysis would forbid. */
static void __no_lock_analysis wrong_lock_order(void)
{
	spin_lock_irqsave(&outer);
	spin_lock_irqsave(&inner);
}

static void __no_lock_analysis lock_taken_twice(void)
{
	spin_lock_irqsave(&inner);
	spin_lock_irqsave(&inner);
}

static void __no_lock_analysis flush_under_a_lock(void)
{
	spin_lock_irqsave(&inner);
	tlb_flush_all();
	spin_unlock(&inner);
}

static void __no_lock_analysis allocation_under_a_lock(void)
{
	/* So that one is at hand and no page is needed. */
	kfree(kmalloc(64, GFP_KERNEL));
	spin_lock_irqsave(&inner);
	kfree(kmalloc(64, GFP_KERNEL));
}

static void __no_lock_analysis page_under_a_lock(void)
{
	spin_lock_irqsave(&inner);
	__free_page(alloc_page(GFP_KERNEL));
}

static void __no_lock_analysis call_under_a_lock(void)
{
	spin_lock_irqsave(&inner);
	hart_call_start(1, NULL, NULL);
	spin_unlock(&inner);
}

static struct spinlock nameless;

static void __no_lock_analysis lock_without_a_rank(void)
{
	spin_lock_irqsave(&nameless);
}

static void call_abort(void)
{
	abort();
}

/* The compiler's canary catches what no page fault does. */
static __noinline void fill(volatile char *at, size_t count)
{
	while (count--)
		*at++ = 'x';
}

static __noinline void smash(void)
{
	char small[16];

	fill(small, 64);
}

static void smashed_canary(void)
{
	smash();
}

const struct act stack_acts[] = {
	{ "stack-overflow", stack_overflow },
	{ "large-frame", large_frame },
	{ "overflow-other-hart", overflow_on_another_hart },
	{ "overflow-both-harts", overflow_on_both_harts },
	{ "fault-in-interrupt", fault_in_interrupt },
	{ "overflow-in-interrupt", overflow_in_interrupt },
	{ "fault-in-fault-handler", fault_in_the_fault_handler },
	{ "broken-stack-pointer", broken_stack_pointer },
	{ "failed-assertion", failed_assertion },
	{ "panic", panic_with_numbers },
	{ "lock-order", wrong_lock_order },
	{ "lock-twice", lock_taken_twice },
	{ "lock-flush", flush_under_a_lock },
	{ "lock-allocation", allocation_under_a_lock },
	{ "lock-page", page_under_a_lock },
	{ "lock-call", call_under_a_lock },
	{ "lock-without-rank", lock_without_a_rank },
	{ "abort", call_abort },
	{ "smashed-canary", smashed_canary },
	{ NULL, NULL },
};
