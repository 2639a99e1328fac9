/* SPDX-License-Identifier: MIT */
/* Deeds with memory that vmalloc owns. */
#include <linux/vmalloc.h>

#include "core/hart.h"
#include "core/timer.h"
#include "later.h"
#include "mm/page_alloc.h"
#include "mm/vm_area.h"
#include "pages.h"
#include "stress.h"

/* Marked and registered, or NULL and noted. */
static void *have_area(struct worker *worker, void *at, unsigned int pages)
{
	WANT(worker, at);
	if (!at)
		return NULL;
	live_begin(worker, at, pages + 1ul);
	mark(worker, at, pages);
	return at;
}

/* Checked and out of the register: to be freed. */
static void *part_with(struct worker *worker, void *at)
{
	unsigned int pages = marked_pages(at);

	check_mark(worker, at, pages);
	live_end(worker, at, pages + 1ul);
	return at;
}

/* --- each hart its own ----------------------------------------------------- */

#define LIVE 16u

static void *live[CONFIG_NR_HARTS][LIVE];

static void alloc_once(struct worker *worker)
{
	unsigned int pages = worker_pages(worker);
	void **slot = &live[worker->index][worker_choose(worker, LIVE)];
	void *at;

	if (*slot) {
		vfree(part_with(worker, *slot));
		*slot = NULL;
		return;
	}
	if (worker_choose(worker, 8) == 0)
		at = vzalloc(pages * PAGE_SIZE);
	else if (worker_choose(worker, 200) == 0)
		at = vmalloc((pages = 512 + 3) * PAGE_SIZE);
	else
		at = vmalloc(pages * PAGE_SIZE);
	*slot = have_area(worker, at, pages);
}

static void alloc_finish(struct worker *worker)
{
	for (unsigned int i = 0; i < LIVE; i++) {
		if (live[worker->index][i])
			vfree(part_with(worker, live[worker->index][i]));
		live[worker->index][i] = NULL;
	}
}

const struct deed deed_alloc = { "alloc", alloc_once, alloc_finish };

/* --- what one allocates another frees --------------------------------------- */

#define RING 32u

static void *ring[RING]; /* [A] */

static void *exchange(struct worker *worker, void *at)
{
	return __atomic_exchange_n(&ring[worker_choose(worker, RING)], at,
	                           __ATOMIC_ACQ_REL);
}

static void hand_over_once(struct worker *worker)
{
	unsigned int pages = worker_pages(worker);
	void *at = have_area(worker, vmalloc(pages * PAGE_SIZE), pages);

	at = exchange(worker, at);
	if (at)
		vfree(part_with(worker, at));
}

static void hand_over_finish(struct worker *worker)
{
	for (unsigned int i = 0; i < RING; i++) {
		void *at =
			__atomic_exchange_n(&ring[i], NULL, __ATOMIC_ACQ_REL);

		if (at)
			vfree(part_with(worker, at));
	}
}

const struct deed deed_hand_over = { "hand over", hand_over_once,
	                             hand_over_finish };

/* --- frees and allocations in interrupts ------------------------------------ */

#define TIMERS 4u

static struct timed_free {
	struct later later;
	void *at; /* [A] NULL: not pending */
} timed_frees[CONFIG_NR_HARTS][TIMERS];

static void vfree_in_interrupt(void *at)
{
	vfree(at);
}

static void vfree_in_timer(void *argument)
{
	struct timed_free *timed = argument;

	vfree(timed->at);
	__atomic_store_n(&timed->at, NULL, __ATOMIC_RELEASE);
}

/* What is at hand is good enough there; nothing is no failure. */
static void alloc_in_interrupt(void *unused)
{
	(void)unused;
	vfree(__vmalloc(2 * PAGE_SIZE, GFP_ATOMIC | __GFP_NOWARN, PAGE_KERNEL));
}

static unsigned int another_hart(struct worker *worker)
{
	unsigned int step = 1 + worker_choose(worker, worker->harts - 1);

	return (worker->index + step) % worker->harts;
}

static bool is_pending(const struct timed_free *timed)
{
	return __atomic_load_n(&timed->at, __ATOMIC_ACQUIRE) != NULL;
}

static struct timed_free *free_timer(const struct worker *worker)
{
	struct timed_free *timed = timed_frees[worker->index];

	for (unsigned int i = 0; i < TIMERS; i++) {
		if (!is_pending(&timed[i]))
			return &timed[i];
	}
	return NULL;
}

static void interrupt_once(struct worker *worker)
{
	unsigned int pages = worker_pages(worker);
	void *at = have_area(worker, vmalloc(pages * PAGE_SIZE), pages);
	struct timed_free *timed;

	if (!at)
		return;
	(void)part_with(worker, at);
	if (worker_choose(worker, 4) == 0) {
		hart_interrupt(another_hart(worker), vfree_in_interrupt, at);
		hart_interrupt(another_hart(worker), alloc_in_interrupt, NULL);
	} else if ((timed = free_timer(worker))) {
		timed->at = at;
		later_at(&timed->later,
		         timer_now_ns() + worker_choose(worker, 50000),
		         vfree_in_timer, timed);
	} else {
		vfree_atomic(at);
	}
}

static void interrupt_finish(struct worker *worker)
{
	for (unsigned int i = 0; i < TIMERS; i++) {
		while (is_pending(&timed_frees[worker->index][i]))
			;
	}
	vm_area_run_deferred();
}

const struct deed deed_interrupt = { "interrupt", interrupt_once,
	                             interrupt_finish };

/* --- resizing ----------------------------------------------------------------- */

static void *resized[CONFIG_NR_HARTS];

static void vrealloc_once(struct worker *worker)
{
	unsigned int pages = worker_pages(worker);
	void **slot = &resized[worker->index];
	unsigned long first;
	void *at;

	if (!*slot) {
		at = vmalloc(pages * PAGE_SIZE);
		*slot = have_area(worker, at, pages);
		return;
	}
	first = *(unsigned long *)part_with(worker, *slot);
	at = vrealloc(*slot, pages * PAGE_SIZE, GFP_KERNEL);
	WANT(worker, at && *(unsigned long *)at == first);
	*slot = have_area(worker, at, pages);
}

static void vrealloc_finish(struct worker *worker)
{
	if (resized[worker->index])
		vfree(part_with(worker, resized[worker->index]));
	resized[worker->index] = NULL;
}

const struct deed deed_vrealloc = { "vrealloc", vrealloc_once,
	                            vrealloc_finish };

/* --- protection ------------------------------------------------------------------ */

static void set_memory_once(struct worker *worker)
{
	char *at = have_area(worker, vmalloc(3 * PAGE_SIZE), 3);
	unsigned long middle = (unsigned long)at + PAGE_SIZE;

	if (!at)
		return;
	WANT(worker, set_memory_ro(middle, 1) == 0);
	WANT(worker, !can_write(at + PAGE_SIZE));
	WANT(worker, can_write(at) && can_write(at + 2 * PAGE_SIZE));
	WANT(worker, set_memory_rw(middle, 1) == 0);
	WANT(worker, can_write(at + PAGE_SIZE));
	vfree(part_with(worker, at));
}

const struct deed deed_set_memory = { "set_memory", set_memory_once, NULL };

/* --- tables come and go -------------------------------------------------------------- */

#define SPREAD 4u

static void *spread[CONFIG_NR_HARTS][SPREAD];

/* Somewhere in the upper half of the window, in a slot that is mostly empty. */
static void *vmalloc_far_away(struct worker *worker, unsigned int pages)
{
	unsigned long gib = 32 + worker_choose(worker, 24);
	unsigned long slot = worker_choose(worker, 512);
	unsigned long start = VMALLOC_START + (gib << 30) + (slot << 21);

	return __vmalloc_node_range(pages * PAGE_SIZE, PAGE_SIZE, start,
	                            start + (8ul << 21), GFP_KERNEL,
	                            PAGE_KERNEL, -1, CALLER());
}

static void reclaim_once(struct worker *worker)
{
	void **slot = &spread[worker->index][worker_choose(worker, SPREAD)];
	unsigned int pages = worker_pages(worker);

	if (*slot) {
		vfree(part_with(worker, *slot));
		*slot = NULL;
		if (worker_choose(worker, 16) == 0)
			vmap_drain();
		return;
	}
	*slot = have_area(worker, vmalloc_far_away(worker, pages), pages);
}

static void reclaim_finish(struct worker *worker)
{
	for (unsigned int i = 0; i < SPREAD; i++) {
		if (spread[worker->index][i])
			vfree(part_with(worker, spread[worker->index][i]));
		spread[worker->index][i] = NULL;
	}
}

const struct deed deed_reclaim = { "reclaim", reclaim_once, reclaim_finish };
