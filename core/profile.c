/* SPDX-License-Identifier: MIT */
/*
 * Each hart counts into its own part of the table, a hash table of stacks, so
 * that a sample takes no lock and a run may be as long as it likes. Functions
 * are kept, not addresses: few stacks are distinct then. A stack that finds the
 * slots it may use taken is lost, which bounds the time of a sample.
 *
 * That interrupts were off shows in the instruction before the sample: it is the
 * one that turned them on.
 */
#include "core/profile.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "arch/csr.h"
#include "arch/sections.h"
#include "core/backtrace.h"
#include "core/hart.h"
#include "core/profile_internal.h"
#include "core/symbol.h"
#include "core/timer.h"
#include "core/trap.h"

#define PROBES 16u

/* csrs sstatus, register or immediate (unprivileged spec, Zicsr). */
#define CSRS_MASK    0xfff07ffful
#define CSRS_SSTATUS 0x10002073ul
#define CSRS_IMM     0x4000ul

struct profile_hart {
	struct profile_stack *stacks; /* [I] while a profile is taken */
	size_t count;                 /* [I] */
	struct backtrace_memo *memo;  /* [H] */
	struct timer timer;           /* [H] of the next sample */
	uint64_t random;              /* [H] */
	struct profile_totals totals; /* [H] */
};

static_assert(sizeof(struct backtrace_memo) + sizeof(struct profile_stack) <=
                      PROFILE_HART_BYTES,
              "");

struct profile_table profile_table;
static struct profile_hart profile_harts[CONFIG_NR_HARTS];
static struct backtrace_memo *memos; /* [I] one a hart */
static uint64_t period;              /* [I] */
static unsigned int running;         /* [A] 1 while a profile is taken */

static void take_sample(struct timer *timer);

/* xorshift64* (Vigna 2016): the same distances in every run. */
static uint64_t random_below(struct profile_hart *own, uint64_t limit)
{
	uint64_t x = own->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	own->random = x;
	return (x * 0x2545f4914f6cdd1du >> 32) * limit >> 32;
}

/*
 * A machine that is late with its interrupts, as a virtual one on a busy host is,
 * would do nothing but take samples: the next one is as much further off.
 */
static void arm(struct profile_hart *own, uint64_t late_ns)
{
	timer_start(&own->timer, timer_now_ns() + late_ns + period / 2 +
	                                 random_below(own, period));
}

static bool interrupts_went_on_before(uintptr_t pc)
{
	uint32_t word;

	if (probe_read((const void *)(pc - sizeof(word)), &word, sizeof(word)))
		return false;
	return (word & CSRS_MASK & ~CSRS_IMM) == CSRS_SSTATUS;
}

static uint32_t function_at(uintptr_t pc)
{
	uintptr_t start;

	if (!symbol_lookup(pc, &start))
		return PROFILE_UNKNOWN;
	return (uint32_t)(start - (uintptr_t)__image_start);
}

static bool is_idle(uintptr_t pc)
{
	uintptr_t start;

	return symbol_lookup(pc, &start) && start == (uintptr_t)hart_idle;
}

/* The stack of @frame by functions. A return address belongs to the call. */
static void read_stack(const struct trap_frame *frame,
                       struct backtrace_memo *memo, struct profile_stack *stack)
{
	uintptr_t pcs[PROFILE_DEPTH];
	unsigned int i;

	stack->depth =
		(uint16_t)backtrace_trap(frame, pcs, PROFILE_DEPTH, memo);
	for (i = 0; i < stack->depth; i++)
		stack->functions[i] = function_at(i == 0 ? pcs[0] : pcs[i] - 1);
}

static size_t hash(const struct profile_stack *stack)
{
	uint64_t sum = stack->masked;
	unsigned int i;

	for (i = 0; i < stack->depth; i++)
		sum = (sum ^ stack->functions[i]) * 0x9e3779b97f4a7c15ul;
	return sum >> 32;
}

static bool same(const struct profile_stack *a, const struct profile_stack *b)
{
	return a->depth == b->depth && a->masked == b->masked &&
	       memcmp(a->functions, b->functions,
	              a->depth * sizeof(a->functions[0])) == 0;
}

static bool count(struct profile_hart *own, const struct profile_stack *stack)
{
	size_t at = hash(stack) % own->count;
	unsigned int i;

	for (i = 0; i < PROBES; i++) {
		struct profile_stack *slot = &own->stacks[at];

		if (slot->samples == 0)
			*slot = *stack;
		if (same(slot, stack)) {
			slot->samples++;
			return true;
		}
		if (++at == own->count)
			at = 0;
	}
	return false;
}

static void note_wait(struct profile_totals *totals, uint64_t late_ns)
{
	totals->masked++;
	totals->masked_ns += late_ns;
	if (late_ns > totals->masked_max_ns)
		totals->masked_max_ns = late_ns;
}

static void take_sample(struct timer *timer)
{
	struct profile_hart *own =
		container_of(timer, struct profile_hart, timer);
	const struct trap_frame *frame = this_hart->interrupted;
	uint64_t late_ns = timer_now_ns() - timer->at_ns;
	struct profile_stack stack = { 0 };

	own->totals.samples++;
	if (!frame || is_idle(frame->sepc)) {
		own->totals.idle++;
	} else {
		stack.masked = interrupts_went_on_before(frame->sepc);
		if (stack.masked)
			note_wait(&own->totals, late_ns);
		read_stack(frame, own->memo, &stack);
		if (!count(own, &stack))
			own->totals.lost++;
	}
	arm(own, late_ns);
}

static void start_here(void *argument)
{
	struct profile_hart *own = &profile_harts[this_hart->index];

	(void)argument;
	*own = (struct profile_hart){ .random = this_hart->index + 1,
		                      .timer.function = take_sample };
	own->memo = &memos[this_hart->index];
	own->count = profile_table.count / nr_harts;
	own->stacks = profile_table.stacks + this_hart->index * own->count;
	arm(own, 0);
}

static void stop_here(void *argument)
{
	(void)argument;
	timer_stop(&profile_harts[this_hart->index].timer);
}

/* Memos first, stacks behind them. */
static void divide(void *memory, size_t bytes)
{
	size_t for_memos = nr_harts * sizeof(*memos);

	memset(memory, 0, bytes);
	memos = memory;
	profile_table.stacks = (void *)((char *)memory + for_memos);
	profile_table.count =
		(bytes - for_memos) / sizeof(*profile_table.stacks);
}

int profile_start(void *memory, size_t bytes, uint64_t period_ns)
{
	if (function_at((uintptr_t)take_sample) == PROFILE_UNKNOWN)
		return -ENOTSUP;
	if (bytes < nr_harts * PROFILE_HART_BYTES ||
	    period_ns < PROFILE_PERIOD_MIN_NS ||
	    period_ns > PROFILE_PERIOD_MAX_NS)
		return -EINVAL;
	if (__atomic_exchange_n(&running, 1, __ATOMIC_ACQUIRE))
		return -EBUSY;
	divide(memory, bytes);
	period = period_ns;
	hart_run_everywhere(start_here, NULL);
	return 0;
}

void profile_stop(void)
{
	hart_run_everywhere(stop_here, NULL);
	/* Partner: the exchange in profile_start(). */
	__atomic_store_n(&running, 0, __ATOMIC_RELEASE);
}

void profile_read_totals(struct profile_totals *totals)
{
	unsigned int i;

	*totals = (struct profile_totals){ 0 };
	for (i = 0; i < nr_harts; i++) {
		const struct profile_totals *one = &profile_harts[i].totals;

		totals->samples += one->samples;
		totals->idle += one->idle;
		totals->lost += one->lost;
		totals->masked += one->masked;
		totals->masked_ns += one->masked_ns;
		if (one->masked_max_ns > totals->masked_max_ns)
			totals->masked_max_ns = one->masked_max_ns;
	}
}
