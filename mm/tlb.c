/* SPDX-License-Identifier: MIT */
/*
 * A flush takes the next number, then reaches every hart, then publishes its
 * number as done. Publishing the larger of two is right in any order: a flush
 * that began later also covers what an earlier one was for. One hart flushes at
 * a time; others that arrive wait and find, when they began early enough, that
 * it was done for them.
 *
 * A purge can wait, so its flush is begun and left to the harts: one that the
 * host has put to sleep, or that has interrupts off, holds up nobody.
 */
#include "mm/tlb.h"

#include <stdbool.h>
#include <string.h>

#include "arch/barrier.h"
#include "arch/csr.h"
#include "arch/sbi.h"
#include "core/assert.h"
#include "core/cmdline.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/machine.h"
#include "core/pause.h"
#include "core/power.h"
#include "core/race_window.h"

#define HARTS_PER_MASK 64u
/* Beyond this many addresses one flush of everything is cheaper. */
#define RANGE_PAGES_MAX 64ul

uint64_t tlb_started;
uint64_t tlb_done;
bool tlb_eager;

static bool spare_idle_harts = true;
static bool use_interrupts;
static bool use_svinval;
static bool waits_for_harts;  /* also in tlb_flush_start() */
static unsigned int flushing; /* [A] 1: a hart is at it */

/* [H] each its own; 64 bytes apart so that harts do not share a line. */
static struct hart_counters {
	struct tlb_counters counters;
} __aligned(64) hart_counters[CONFIG_NR_HARTS];

static struct tlb_counters *own_counters(void)
{
	return &hart_counters[this_hart->index].counters;
}

/* A hart is asked for by its bit: CONFIG_NR_HARTS is at most 64. */
typedef uint64_t hart_set;
_Static_assert(CONFIG_NR_HARTS <= 64, "hart_set");

/*
 * The flush that nobody waits for: harts strike themselves off, the last one
 * publishes the number.
 */
static struct {
	unsigned int under_way; /* [A] 1: the other two are in use */
	uint64_t number;
	hart_set unanswered; /* [A] */
} flight;

/*
 * Does @hart need to be told? An idle one is left a note instead: it clears
 * idle, then reads the note; we write the note, then read idle.
 */
static bool must_reach(struct hart *hart)
{
	if (hart == this_hart ||
	    !__atomic_load_n(&hart->online, __ATOMIC_ACQUIRE))
		return false;
	if (!spare_idle_harts ||
	    !__atomic_load_n(&hart->idle, __ATOMIC_RELAXED))
		return true;
	race_window(RACE_IDLE_SEEN);
	/* Partner: hart_idle() in core/hart.c. */
	__atomic_store_n(&hart->flush_on_wake, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !__atomic_load_n(&hart->idle, __ATOMIC_SEQ_CST);
}

static hart_set harts_to_reach(void)
{
	hart_set set = 0;

	for (unsigned int i = 0; i < nr_harts; i++) {
		if (must_reach(harts[i]))
			set |= 1ull << i;
	}
	return set;
}

/* Take the harts out of *@set that one SBI mask can name with the first. */
static unsigned long next_mask(hart_set *set, unsigned long *base_out)
{
	unsigned long base = ~0ul;
	unsigned long mask = 0;

	for (unsigned int i = 0; i < nr_harts; i++) {
		if (*set >> i & 1 && harts[i]->id < base)
			base = harts[i]->id;
	}
	for (unsigned int i = 0; i < nr_harts; i++) {
		if (!(*set >> i & 1) || harts[i]->id - base >= HARTS_PER_MASK)
			continue;
		mask |= 1ul << (harts[i]->id - base);
		*set &= ~(1ull << i);
	}
	*base_out = base;
	return mask;
}

static void reach_by_sbi(hart_set set, vaddr_t start, size_t size)
{
	while (set) {
		unsigned long base;
		unsigned long mask = next_mask(&set, &base);
		long error = sbi_remote_sfence_vma(mask, base, start, size);

		if (error)
			panic("tlb: SBI remote fence failed: error %ld, harts %#lx from %lu",
			      error, mask, base);
		own_counters()->remote_fences++;
	}
}

static void flush_this(void *unused)
{
	(void)unused;
	tlb_flush_local();
	own_counters()->local_fences++;
}

/* Partner: tlb_stamp(). The number, then the fences. */
static uint64_t flush_begin(void)
{
	own_counters()->flushes++;
	return __atomic_add_fetch(&tlb_started, 1, __ATOMIC_SEQ_CST);
}

static void flush_end(uint64_t number)
{
	uint64_t done = __atomic_load_n(&tlb_done, __ATOMIC_RELAXED);
	bool written = false;

	while (done < number && !written) {
		written = __atomic_compare_exchange_n(&tlb_done, &done, number,
		                                      true, __ATOMIC_RELEASE,
		                                      __ATOMIC_RELAXED);
	}
}

/* Interrupts off. */
static void flush_once(void)
{
	uint64_t number = flush_begin();
	hart_set set = harts_to_reach();

	flush_this(NULL);
	reach_by_sbi(set, 0, ~0ul);
	race_window(RACE_FLUSH_FENCED);
	flush_end(number);
}

/*
 * Which harts are the others and which one this is belongs together: interrupts
 * are off for both, and on as @flags says afterwards. The thread may then go on
 * elsewhere, also on a hart that it has yet to interrupt.
 */
static void flush_by_interrupts(unsigned long flags)
{
	uint64_t number = flush_begin();
	hart_set set = harts_to_reach();

	flush_this(NULL);
	for (unsigned int i = 0; i < nr_harts; i++)
		own_counters()->remote_fences += set >> i & 1;
	irq_restore(flags);
	for (unsigned int i = 0; i < nr_harts; i++) {
		if (set >> i & 1)
			hart_interrupt(i, flush_this, NULL);
	}
	race_window(RACE_FLUSH_FENCED);
	flush_end(number);
}

/* Interrupts are off while this hart flushes: nobody waits for it in vain. */
static void flush_shared(void)
{
	uint64_t stamp = tlb_stamp();
	struct pause pause = { 0 };

	while (!tlb_is_clean(stamp)) {
		race_window(RACE_FLUSH_ASKED);
		if (__atomic_load_n(&flushing, __ATOMIC_RELAXED) ||
		    __atomic_exchange_n(&flushing, 1, __ATOMIC_ACQUIRE)) {
			pause_before_next_look(&pause);
			continue;
		}
		if (!tlb_is_clean(stamp))
			flush_once();
		__atomic_store_n(&flushing, 0, __ATOMIC_RELEASE);
	}
}

void tlb_flush_all(void)
{
	unsigned long flags = irq_save();

	assert_no_lock_held("a flush of all harts");
	if (nr_harts == 1) {
		flush_once();
	} else if (use_interrupts && flags & SSTATUS_SIE) {
		flush_by_interrupts(flags);
		return;
	} else {
		flush_shared();
	}
	irq_restore(flags);
}

static void flight_answer(hart_set bit)
{
	uint64_t number = flight.number;

	flush_this(NULL);
	if (__atomic_fetch_and(&flight.unanswered, ~bit, __ATOMIC_ACQ_REL) !=
	    bit)
		return;
	flush_end(number);
	__atomic_store_n(&flight.under_way, 0, __ATOMIC_RELEASE);
}

static hart_set own_bit(void)
{
	return 1ull << this_hart->index;
}

/* In every inter-hart interrupt. */
static void flight_poll(void)
{
	if (__atomic_load_n(&flight.unanswered, __ATOMIC_ACQUIRE) & own_bit()) {
		race_window(RACE_FLUSH_TOLD);
		flight_answer(own_bit());
	}
}

static void interrupt_harts(hart_set set)
{
	while (set) {
		unsigned long base;
		unsigned long mask = next_mask(&set, &base);

		sbi_send_ipi(mask, base);
		own_counters()->remote_fences++;
	}
}

static void flight_begin(void)
{
	hart_set set;

	flight.number = flush_begin();
	set = harts_to_reach();
	/* Ours keeps it open until all are told. */
	__atomic_store_n(&flight.unanswered, set | own_bit(), __ATOMIC_RELEASE);
	interrupt_harts(set);
	flight_answer(own_bit());
}

void tlb_flush_start(void)
{
	unsigned long flags;

	if (nr_harts == 1 || waits_for_harts) {
		tlb_flush_all();
		return;
	}
	flags = irq_save();
	if (!__atomic_exchange_n(&flight.under_way, 1, __ATOMIC_ACQUIRE))
		flight_begin();
	irq_restore(flags);
}

static void flush_pages_here(vaddr_t start, vaddr_t end)
{
	own_counters()->page_fences += (end - start) >> PAGE_SHIFT;
	if (!use_svinval) {
		tlb_flush_local_page(start);
		return;
	}
	sfence_inval_begin();
	for (; start < end; start += PAGE_SIZE)
		sfence_inval_page(start);
	sfence_inval_end();
}

void tlb_flush_range(vaddr_t start, vaddr_t end)
{
	unsigned long pages_most = use_svinval ? RANGE_PAGES_MAX : 1;
	unsigned long flags;

	ASSERT(start < end);
	assert_no_lock_held("a flush of all harts");
	start = ALIGN_DOWN(start, PAGE_SIZE);
	end = ALIGN_UP(end, PAGE_SIZE);
	if ((end - start) >> PAGE_SHIFT > pages_most || use_interrupts) {
		tlb_flush_all();
		return;
	}
	flags = irq_save();
	/* The cleared entries, then the fences. */
	if (CONFIG_NR_HARTS > 1)
		smp_mb();
	flush_pages_here(start, end);
	reach_by_sbi(harts_to_reach(), start, end - start);
	irq_restore(flags);
}

static void flush_on_wake(void)
{
	__atomic_store_n(&this_hart->flush_on_wake, 0, __ATOMIC_SEQ_CST);
	flush_this(NULL);
	own_counters()->wake_flushes++;
}

void tlb_count_repair(void)
{
	own_counters()->repaired_faults++;
	own_counters()->page_fences++;
}

void tlb_read_counters(struct tlb_counters *out)
{
	struct tlb_counters sum = { 0 };

	for (unsigned int i = 0; i < nr_harts; i++) {
		const struct tlb_counters *hart = &hart_counters[i].counters;

		sum.local_fences += READ_ONCE(hart->local_fences);
		sum.page_fences += READ_ONCE(hart->page_fences);
		sum.remote_fences += READ_ONCE(hart->remote_fences);
		sum.flushes += READ_ONCE(hart->flushes);
		sum.wake_flushes += READ_ONCE(hart->wake_flushes);
		sum.repaired_faults += READ_ONCE(hart->repaired_faults);
	}
	*out = sum;
}

/* The command line is known to hold one of these words. */
static void set_policy(const char *policy)
{
	waits_for_harts = strcmp(policy, "eager") == 0 ||
	                  strcmp(policy, "rfence") == 0 ||
	                  strcmp(policy, "ipi") == 0;
	if (strcmp(policy, "eager") == 0)
		tlb_eager = true;
	else if (strcmp(policy, "rfence") == 0)
		spare_idle_harts = false;
	else if (strcmp(policy, "ipi") == 0)
		use_interrupts = true;
	else if (strcmp(policy, "svinval") == 0)
		use_svinval = isa_has(ISA_SVINVAL);
	/* The figures would be those of another policy. */
	if (strcmp(policy, "svinval") == 0 && !use_svinval)
		refuse_boot("vmap.flush=svinval: this machine has no Svinval "
		            "(QEMU: CPU=rv64,svinval=on)");
}

void tlb_init(void)
{
	const char *policy = cmdline_get("vmap.flush");

	if (policy)
		set_policy(policy);
	hart_set_hooks(flush_on_wake, flight_poll);
}
