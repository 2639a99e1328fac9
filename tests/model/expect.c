/* SPDX-License-Identifier: MIT */
/*
 * What the next call may do: fail, report, flush. A failure must have an excuse:
 * no memory, no hole, a failure that was ordered. Everything else that returns
 * NULL is a bug.
 */
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "core/hart.h"
#include "core/report.h"
#include "mm/fault_inject.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "mm/vm_index.h"
#include "mm/vm_walk.h"
#include "mm/vspace.h"
#include "model.h"

/* --- state --------------------------------------------------------------- */

void digest_take(struct digest *digest)
{
	struct vmap_counters counters;

	vmap_read_counters(&counters);
	*digest = (struct digest){
		.pages = nr_free_pages() + kmem_slab_pages() + pgtable_pages() +
		         vm_index_pages(),
		.free_bytes = vspace_free_bytes(),
		.holes = vspace_holes(),
		.maps = counters.maps,
		.unmaps = counters.unmaps,
		.vmalloc_pages = (unsigned long)counters.vmalloc_pages,
		.map_ram_maps = counters.map_ram_maps,
		.busy_areas = (unsigned long)counters.busy_areas,
	};
}

#define SAME(field)                                                          \
	MUST(now.field == before->field, #field ": %lu, was %lu", now.field, \
	     before->field)

void digest_check_same(const struct digest *before)
{
	struct digest now;

	digest_take(&now);
	SAME(pages);
	SAME(free_bytes);
	SAME(holes);
	SAME(maps);
	SAME(unmaps);
	SAME(vmalloc_pages);
	SAME(map_ram_maps);
	SAME(busy_areas);
}

/* --- injected failures --------------------------------------------------- */

static bool injected;

void inject_something(void)
{
	injected = true;
	fault_inject_set((enum fault_kind)choose(FAULT_KINDS),
	                 1 + choose(one_in(4) ? 40 : 4));
}

void inject_stop(void)
{
	for (enum fault_kind kind = 0; injected && kind < FAULT_KINDS; kind++)
		fault_inject_set(kind, 0);
	injected = false;
}

bool is_injected(void)
{
	return injected;
}

/* --- interrupts ---------------------------------------------------------- */

static unsigned long irq_flags;
static bool interrupt;

void interrupt_begin(void)
{
	irq_flags = irq_save();
	this_hart->irq_depth++;
	interrupt = true;
}

void interrupt_end(void)
{
	interrupt = false;
	this_hart->irq_depth--;
	irq_restore(irq_flags);
}

bool in_model_interrupt(void)
{
	return interrupt;
}

/* --- memory that somebody else has --------------------------------------- */

#define LEFT_OVER 40u

struct hog {
	struct hog *next; /* through the first page of each block */
	unsigned int order;
};

static struct hog *hogs;
static unsigned long hogged;

static bool hog_block(unsigned int order)
{
	struct page *page = alloc_pages(GFP_NOWAIT | __GFP_NOWARN, order);
	struct hog *hog = page ? page_address(page) : NULL;

	if (!hog)
		return false;
	*hog = (struct hog){ hogs, order };
	hogs = hog;
	hogged += 1ul << order;
	return true;
}

void hog_memory(void)
{
	unsigned long left = choose(LEFT_OVER);

	for (unsigned int order = MAX_ORDER + 1; order-- > 0;) {
		while (nr_free_pages() > left + (1ul << order) - 1)
			if (!hog_block(order))
				break;
	}
}

void hog_release(void)
{
	while (hogs) {
		struct hog *hog = hogs;
		unsigned int order = hog->order;

		hogs = hog->next;
		hogged -= 1ul << order;
		__free_pages(virt_to_page(hog), order);
	}
}

bool is_hogged(void)
{
	return hogs;
}

unsigned long hogged_pages(void)
{
	return hogged;
}

/* --- room ---------------------------------------------------------------- */

/* Tables, index pages and slabs that a request may need beside its pages. */
#define OVERHEAD 96ul

bool memory_is_short(unsigned long frames)
{
	return injected || hogs ||
	       nr_free_pages() < frames + frames / 64 + OVERHEAD;
}

struct place anywhere(unsigned long pages)
{
	return (struct place){ .pages = pages,
		               .align = PAGE_SIZE,
		               .start = VMALLOC_START,
		               .end = VMALLOC_END };
}

/* The lowest fit in [from, to), clipped to @place; 0: none. */
static vaddr_t fit_between(const struct place *place, vaddr_t from, vaddr_t to)
{
	unsigned long size = place->pages << PAGE_SHIFT;
	vaddr_t start = ALIGN_UP(place->start, PAGE_SIZE);
	vaddr_t end = ALIGN_DOWN(place->end, PAGE_SIZE);
	vaddr_t at = from > start ? from : start;

	if (to < end)
		end = to;
	at = ALIGN_UP(at, place->align < PAGE_SIZE ? PAGE_SIZE : place->align);
	if (at < from || at >= end || end - at < size ||
	    to - from < size + place->slack)
		return 0;
	return at;
}

vaddr_t lowest_fit(const struct place *place, bool lazy_counts)
{
	static struct area_note notes[32];
	vaddr_t hole = VMALLOC_START + PAGE_SIZE;
	vaddr_t from = VMALLOC_START;
	unsigned int count;

	if (place->pages > VMALLOC_SIZE >> PAGE_SHIFT ||
	    place->start > place->end || place->start >= VMALLOC_END)
		return 0;
	do {
		count = vm_walk(from, notes, ARRAY_SIZE(notes));
		for (unsigned int i = 0; i < count; i++) {
			vaddr_t at;

			from = notes[i].end;
			if (notes[i].kind == KIND_LAZY && !lazy_counts)
				continue;
			at = fit_between(place, hole, notes[i].start);
			if (at)
				return at;
			hole = notes[i].end;
		}
	} while (count == ARRAY_SIZE(notes));
	return fit_between(place, hole, VMALLOC_END);
}

bool may_fail(unsigned long frames, const struct place *place)
{
	return memory_is_short(frames) || interrupt ||
	       (place && !lowest_fit(place, false));
}

/* --- reports and flushes ------------------------------------------------- */

static unsigned long reports_before;
static unsigned long reports_least;
static unsigned long reports_most;
static unsigned long flushes_before;
static unsigned long flushes_most;

static unsigned long flushes_beside_purges(void)
{
	struct vmap_counters vmap;
	struct tlb_counters tlb;

	vmap_read_counters(&vmap);
	tlb_read_counters(&tlb);
	return tlb.flushes - vmap.purges;
}

void expect_reports(unsigned long count)
{
	reports_least += count;
	reports_most += count;
}

void allow_reports(unsigned long count)
{
	reports_most += count;
}

void allow_flushes(unsigned long count)
{
	flushes_most += count;
}

void expectations_begin(void)
{
	reports_before = report_count();
	reports_least = 0;
	reports_most = 0;
}

void expectations_check(void)
{
	unsigned long made = report_count() - reports_before;

	MUST(made >= reports_least && made <= reports_most,
	     "I-12: %lu reports, not %lu to %lu; the last: %s", made,
	     reports_least, reports_most, report_last());
}

void flushes_begin(void)
{
	flushes_before = flushes_beside_purges();
	flushes_most = 0;
}

void flushes_check(void)
{
	unsigned long made = flushes_beside_purges() - flushes_before;

	MUST((long)made <= (long)flushes_most,
	     "I-19: %lu flushes beside purges, %lu accounted for", made,
	     flushes_most);
}
