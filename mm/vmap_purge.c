/* SPDX-License-Identifier: MIT */
/*
 * Laziness and its end. Unmapped addresses wait until a flush of every hart has
 * passed; one flush serves everybody's (mm/tlb.h). Two strengths:
 *
 *   purge: flush, so that the queues of this hart become reusable in place.
 *          Nobody waits: meanwhile the hart uses other addresses, and only when
 *          the PURGES_AHEADth purge before this one is not done is it too many;
 *   drain: empty all queues of all harts, give empty leaf tables back, flush
 *          once, and return the addresses to the holes.
 *
 * A hart may leave so many 4 KiB entries unflushed that their leaf tables stay
 * a small part of RAM, and LAZY_AREAS areas for each hart of the machine: one
 * fence is shared by some hundred frees, the fences of all harts together do not
 * grow with their number, and the descriptors in the queues stay few.
 */
#include <errno.h>
#include <linux/vmalloc.h>

#include "core/cmdline.h"
#include "core/hart.h"
#include "core/machine.h"
#include "core/pause.h"
#include "core/power.h"
#include "core/race_window.h"
#include "core/report.h"
#include "core/work.h"
#include "mm/mm_internal.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_index.h"
#include "mm/vm_map_ram.h"

#define LAZY_AREAS     256ul /* for each hart: one flush serves all */
#define LAZY_PAGES_MIN 512ul
#define LAZY_PAGES_MAX 65536ul
#define WINDOW_PAGES   (VMALLOC_SIZE >> PAGE_SHIFT)

static unsigned long lazy_max_pages;   /* [I] vmap.lazy_max= or RAM / 3 */
static unsigned long lazy_max_areas;   /* [I] */
static struct thread *notifiers_owner; /* [A] who walks or changes the list */
static struct vmap_purge_notifier *notifiers; /* its owner's */

void vmap_limits_init(void)
{
	unsigned long pages = nr_total_pages() / 3;

	if (pages < LAZY_PAGES_MIN)
		pages = LAZY_PAGES_MIN;
	if (pages > LAZY_PAGES_MAX)
		pages = LAZY_PAGES_MAX;
	lazy_max_pages = cmdline_number("vmap.lazy_max", pages);
	if (lazy_max_pages == 0 || lazy_max_pages > WINDOW_PAGES) {
		refuse_boot("vmap.lazy_max=%lu: want a number of pages from 1 "
		            "to %lu",
		            lazy_max_pages, WINDOW_PAGES);
	}
	lazy_max_areas = LAZY_AREAS * machine.nr_hart_ids;
}

unsigned long vmap_lazy_max_pages(void)
{
	return lazy_max_pages;
}

static long budget(void)
{
	return tlb_eager ? 0 : (long)lazy_max_pages;
}

/* A budget of entries; each area costs some beside its own. */
void vmap_refill_budget(struct vmap_hart *own)
{
	own->lazy_left = budget();
	own->area_cost = (long)(lazy_max_pages / lazy_max_areas) + 1;
}

void vmap_note_unmapped(unsigned long pages)
{
	struct vmap_hart *own = vmap_own();

	own->newest_stamp = tlb_stamp();
	own->lazy_left -= (long)pages;
}

/* The budget anew; what was spent on pages becomes reusable. */
static void settle_budget(struct vmap_hart *own)
{
	unsigned long areas = own->counters.unmaps - own->unmaps_settled;
	long spent = budget() - own->lazy_left - (long)areas * own->area_cost;

	if (spent > 0)
		own->counters.purged_pages += (unsigned long)spent;
	own->unmaps_settled = own->counters.unmaps;
	vmap_refill_budget(own);
}

/* What a purge has to do about the flush. */
enum purge { NOTHING_OWED, BEGIN_FLUSH, WAIT_FOR_FLUSH };

/* Reset this hart's tally; remember what it is about. */
static enum purge settle(void)
{
	unsigned long irq_flags = vmap_lock_own();
	struct vmap_hart *own = vmap_own();
	unsigned int slot = own->purges_begun % PURGES_AHEAD;
	enum purge purge = NOTHING_OWED;

	if (!tlb_is_clean(own->newest_stamp)) {
		purge = tlb_is_clean(own->purge_stamps[slot]) ? BEGIN_FLUSH
		                                              : WAIT_FOR_FLUSH;
		own->purge_stamps[slot] = own->newest_stamp;
		own->purges_begun++;
		own->counters.purges++;
	}
	settle_budget(own);
	vmap_unlock_own(irq_flags);
	return purge;
}

/* What the queues may hold: budgets of purges under way, and as much clean. */
static unsigned long pooled_pages_max(void)
{
	return (nr_harts == 1 ? 2 : 2 + PURGES_AHEAD) * lazy_max_pages;
}

void vmap_purge(void)
{
	enum purge purge = settle();

	assert_no_lock_held("a purge");
	if (purge == BEGIN_FLUSH)
		tlb_flush_start();
	else if (purge == WAIT_FOR_FLUSH)
		tlb_flush_all();
	if (READ_ONCE(vmap_own()->pooled_pages) > pooled_pages_max())
		vmap_drain();
}

/* Every hart's queue of frees that interrupts asked for. */
static struct vm_area *take_deferred(struct vmap_hart *hart)
{
	struct vm_area *list = hart->deferred;

	hart->deferred = NULL;
	return list;
}

static void run_list(struct vm_area *list)
{
	while (list) {
		struct vm_area *next = list->queue_next;

		assert_no_lock_held("a deferred free");
		list->deferred_work(list);
		list = next;
	}
}

static void run_deferred_in_worker(struct work *unused);

/* For the worker, where there is one; else for the next call of this hart. */
void vm_area_defer(struct vm_area *area, vm_area_work *work)
{
	static struct work deferred = { .function = run_deferred_in_worker };
	unsigned long irq_flags = vmap_lock_own();
	struct vmap_hart *own = vmap_own();

	area->deferred_work = work;
	area->queue_next = own->deferred;
	own->deferred = area;
	own->counters.deferred++;
	vmap_unlock_own(irq_flags);
	if (work_has_worker())
		work_queue(&deferred);
}

void vm_area_run_deferred(void)
{
	unsigned long irq_flags;
	struct vm_area *list;

	if (likely(!READ_ONCE(vmap_own()->deferred)) || in_interrupt())
		return;
	irq_flags = vmap_lock_own();
	list = take_deferred(vmap_own());
	vmap_unlock_own(irq_flags);
	run_list(list);
}

static void run_deferred_everywhere(void)
{
	unsigned int i;

	for (i = 0; i < CONFIG_NR_HARTS; i++) {
		struct vmap_hart *hart = harts[i] ? vmap_of(i) : NULL;
		struct vm_area *list;
		unsigned long irq_flags;

		if (!hart || !READ_ONCE(hart->deferred))
			continue;
		irq_flags = spin_lock_irqsave(&hart->lock);
		list = take_deferred(hart);
		spin_unlock_irqrestore(&hart->lock, irq_flags);
		run_list(list);
	}
}

static void run_deferred_in_worker(struct work *unused)
{
	(void)unused;
	run_deferred_everywhere();
}

/* Empty a hart's queues onto @list; true when it has unflushed entries. */
static bool collect(struct vmap_hart *hart, struct vm_area **list)
{
	struct vm_area *all = pool_take_all(hart);
	struct vm_area *last = all;
	bool owed = !tlb_is_clean(hart->newest_stamp);

	settle_budget(hart);
	if (!all)
		return owed;
	while (last->queue_next)
		last = last->queue_next;
	last->queue_next = *list;
	*list = all;
	return owed;
}

/*
 * One drain at a time: addresses on their way to the holes are in nobody's
 * hands, and whoever then found no hole would be wrong to give up.
 */
static unsigned long draining; /* [A] */

void vmap_drain(void)
{
	struct vm_area *list;
	struct vm_area *area;
	void *tables = NULL;
	struct pause pause = { 0 };
	bool owed = false;
	unsigned long irq_flags;
	unsigned int i;

	assert_no_lock_held("a drain");
	run_deferred_everywhere();
	while (__atomic_exchange_n(&draining, 1, __ATOMIC_ACQUIRE))
		pause_before_next_look(&pause);
	irq_flags = vmap_freeze();
	list = map_ram_release_idle();
	for (i = 0; i < CONFIG_NR_HARTS; i++)
		if (harts[i] && vmap_of(i))
			owed |= collect(vmap_of(i), &list);
	for (area = list; area; area = area->queue_next)
		vm_index_remove(area, &tables);
	vm_index_sweep(&tables);
	vmap_own()->counters.drains++;
	vmap_own()->counters.purges += owed || tables;
	vmap_thaw(irq_flags);

	race_window(RACE_DRAIN_TAKEN);
	if (owed || tables)
		tlb_flush_all();
	if (tables)
		pgtable_free_detached(tables);
	while (list) {
		area = list;
		list = list->queue_next;
		area_release(area);
	}
	__atomic_store_n(&draining, 0, __ATOMIC_RELEASE);
}

/*
 * Whoever walks or changes the list of notifiers owns it meanwhile. A thread and
 * no lock, because notify() may take its time and free what it likes.
 */
static bool notifiers_take(void)
{
	struct thread *self = this_hart->thread;
	struct thread *nobody = NULL;
	struct pause pause = { 0 };

	while (!__atomic_compare_exchange_n(&notifiers_owner, &nobody, self,
	                                    false, __ATOMIC_ACQUIRE,
	                                    __ATOMIC_RELAXED)) {
		if (nobody == self)
			return false;
		nobody = NULL;
		pause_before_next_look(&pause);
	}
	return true;
}

static void notifiers_give(void)
{
	__atomic_store_n(&notifiers_owner, NULL, __ATOMIC_RELEASE);
}

static bool may_change_notifiers(const char *name)
{
	if (!in_interrupt() && notifiers_take())
		return true;
	report("%s: in an interrupt, or by a notifier", name);
	return false;
}

int register_vmap_purge_notifier(struct vmap_purge_notifier *notifier)
{
	if (!may_change_notifiers("register_vmap_purge_notifier"))
		return -EBUSY;
	notifier->next = notifiers;
	notifiers = notifier;
	notifiers_give();
	return 0;
}

int unregister_vmap_purge_notifier(struct vmap_purge_notifier *notifier)
{
	struct vmap_purge_notifier **link = &notifiers;
	int err = -ENOENT;

	if (!may_change_notifiers("unregister_vmap_purge_notifier"))
		return -EBUSY;
	while (*link && *link != notifier)
		link = &(*link)->next;
	if (*link) {
		*link = notifier->next;
		err = 0;
	}
	notifiers_give();
	return err;
}

/*
 * Did anybody free something? No lock is held. What a notifier itself cannot get
 * is not asked of the notifiers again.
 */
bool vmap_notify_purge(void)
{
	struct vmap_purge_notifier *notifier;
	bool freed = false;

	assert_no_lock_held("a purge notifier");
	if (!notifiers_take())
		return false;
	for (notifier = notifiers; notifier; notifier = notifier->next)
		freed |= notifier->notify(notifier) != 0;
	notifiers_give();
	if (freed)
		vmap_drain();
	return freed;
}

/* What waits in the queues for a flush, counted one by one. */
static void count_lazy(const struct vmap_hart *hart, struct vmap_counters *out)
{
	unsigned int i;

	for (i = 0; i < POOL_QUEUES; i++) {
		const struct vm_area *area = hart->queues[i].head;

		for (; area; area = area->queue_next) {
			if (tlb_is_clean(area->stamp))
				continue;
			out->lazy_areas++;
			out->lazy_pages += area->va_pages;
		}
	}
}

void vmap_read_counters(struct vmap_counters *out)
{
	unsigned long irq_flags = vmap_freeze();
	unsigned int i;

	*out = (struct vmap_counters){ 0 };
	for (i = 0; i < CONFIG_NR_HARTS; i++) {
		const unsigned long *from;
		unsigned long *to = (unsigned long *)out;
		unsigned int field;

		if (!harts[i] || !vmap_of(i))
			continue;
		from = (const unsigned long *)&vmap_of(i)->counters;
		for (field = 0; field < sizeof(*out) / sizeof(*to); field++)
			to[field] += from[field];
		count_lazy(vmap_of(i), out);
		out->pooled_pages += vmap_of(i)->pooled_pages;
	}
	out->busy_areas = (long)(out->maps - out->unmaps);
	out->map_ram_unmaps = out->map_ram_maps - map_ram_live_mappings();
	vmap_thaw(irq_flags);
}
