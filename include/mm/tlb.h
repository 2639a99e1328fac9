/* SPDX-License-Identifier: MIT */
/*
 * Translation caches. Policy (docs/architecture.md): no fence after mapping
 * (the fault handler repairs and counts); after unmapping one full flush for
 * many ranges. Flushes are numbered: an unmapping stamped s is gone from every
 * hart once tlb_done > s. So any flush, whoever asked, cleans everybody's
 * leftovers.
 *
 * An idle hart (struct hart, idle) is not interrupted: it owes a local flush
 * when it wakes, before it touches a vmalloc address.
 *
 * vmap.flush= on the command line, for comparison:
 *   lazy     as above; remote harts by one SBI call, or when nobody waits by an
 *            interrupt that they answer in their own time (the default)
 *   eager    the same, and the vmap layer flushes at each unmapping
 *   rfence   an SBI call that is waited for, also to idle harts
 *   ipi      interrupts of our own that are waited for
 *   svinval  lazy, and ranges by single addresses where the machine has Svinval
 */
#ifndef MM_TLB_H
#define MM_TLB_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/sfence.h"
#include "mm/types.h"

extern uint64_t tlb_started; /* [A] number of the newest flush begun */
extern uint64_t tlb_done;    /* [A] newest flush that is complete everywhere */
extern bool tlb_eager;       /* [I] purge at each unmapping */

/* Number to remember for entries cleared before this call. 2-3 instructions */
static inline uint64_t tlb_stamp(void)
{
	/* Partner: flush_begin(). The cleared entries, then the number. */
	if (CONFIG_NR_HARTS > 1)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(&tlb_started, __ATOMIC_RELAXED);
}

static inline bool tlb_is_clean(uint64_t stamp)
{
	return __atomic_load_n(&tlb_done, __ATOMIC_ACQUIRE) > stamp;
}

/*
 * Flush all levels of everything on every hart. When it returns, every unmapping
 * stamped before the call is clean. Concurrent callers share flushes. Context:
 * threads that hold no lock; also with interrupts off, as SBI fences need no help
 * of ours.
 */
void tlb_flush_all(void);

/*
 * Begin the same and do not wait: other harts are interrupted and fence when
 * they get to it, however long that takes; tlb_is_clean() tells. One such flush
 * is under way at a time; nothing is begun while it is. With one hart, and by
 * the policies that exist to be compared (eager, rfence, ipi), it is
 * tlb_flush_all(). Context: as there.
 */
void tlb_flush_start(void);

/*
 * Flush a range on all harts now (unmap_kernel_range): start < end. Level-0
 * entries only, when it is one page or the policy is svinval; tables and large
 * leaves that were taken apart need tlb_flush_all().
 */
void tlb_flush_range(vaddr_t start, vaddr_t end);

/* Of this hart only. */
static inline void tlb_flush_local(void)
{
	sfence_vma_all();
}

static inline void tlb_flush_local_page(vaddr_t va)
{
	sfence_vma_page(va);
}

struct tlb_counters {
	unsigned long local_fences;  /* of the whole address space, all harts */
	unsigned long page_fences;   /* of single pages, all harts */
	unsigned long remote_fences; /* SBI calls and own interrupts */
	unsigned long flushes;       /* tlb_flush_all() that did work */
	unsigned long wake_flushes;
	unsigned long repaired_faults;
};

/* Sums over all harts. */
void tlb_read_counters(struct tlb_counters *out);

/* mm/fault.c: one fault repaired by one tlb_flush_local_page(). */
void tlb_count_repair(void);

/* Policy by vmap.flush=, wake hook. Context: boot, after cmdline_init(). */
void tlb_init(void);

#endif /* MM_TLB_H */
