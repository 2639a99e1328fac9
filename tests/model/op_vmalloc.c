/* SPDX-License-Identifier: MIT */
/*
 * The vmalloc family: allocate, resize, and requests that cannot be served.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "core/hart.h"
#include "mm/page_alloc.h"
#include "mm/vm_area.h"
#include "model.h"

struct request {
	unsigned long size;
	unsigned long align;
	unsigned long start;
	unsigned long end;
	unsigned long flags; /* beside VM_ALLOC */
	gfp_t gfp;
	unsigned long prot;
	const void *caller;
};

static unsigned long pages_of(const struct request *request)
{
	return PFN_UP(request->size);
}

static struct place place_of(const struct request *request)
{
	return (struct place){ .pages = pages_of(request) + 1,
		               .align = request->align,
		               .start = request->start,
		               .end = request->end };
}

/* Without __GFP_RECLAIM what is lazy, or in a cache, is out of reach. */
static bool has_excuse(const struct request *request)
{
	struct place place = place_of(request);
	unsigned long pages = pages_of(request);

	if (request->gfp & __GFP_DMA32 && nr_free_pages_below_4g() < pages + 96)
		return true;
	if (!(request->gfp & __GFP_RECLAIM) &&
	    (memory_is_short(pages + 1024) || !lowest_fit(&place, true)))
		return true;
	return may_fail(pages, &place);
}

static void check_low(const struct thing *thing)
{
	for (unsigned long i = 0; i < thing->pages; i++)
		MUST(thing_cell(thing, i)->pfn < 1ul << 20,
		     "vmalloc_32: frame %#lx", thing_cell(thing, i)->pfn);
}

/* What came of @request: all of it, or NULL with an excuse. */
static void take_result(const struct request *request, const void *addr)
{
	unsigned long align =
		request->align > PAGE_SIZE ? request->align : PAGE_SIZE;
	struct thing *thing;

	TRAIL("  %#lx", (unsigned long)addr);
	if (!addr) {
		MUST(has_excuse(request), "no memory for %lu bytes (%#lx)",
		     request->size, (unsigned long)request->gfp);
		return;
	}
	thing = adopt(THING_VMALLOC, addr, pages_of(request), request->size,
	              VM_ALLOC | request->flags);
	thing->caller = request->caller;
	thing->prot = request->prot;
	MUST(IS_ALIGNED(thing->start, align), "I-6: %p at %#lx", addr, align);
	MUST(thing->start >= request->start && thing_end(thing) <= request->end,
	     "I-6: [%#lx, %#lx) leaves its window", thing->start,
	     thing_end(thing));
	adopt_frames(thing, 0, request->prot);
	if (request->gfp & __GFP_DMA32)
		check_low(thing);
	if (request->gfp & __GFP_ZERO) {
		for (unsigned long i = 0; i < thing->pages; i++)
			if (thing->pages <= 8 || one_in(8))
				contents_check_zero(thing, i);
	}
	adopt_done(thing);
}

/* --- the names ------------------------------------------------------------ */

enum name {
	VMALLOC,
	VZALLOC,
	VMALLOC_USER,
	VMALLOC_32,
	VMALLOC_32_USER,
	VMALLOC_NODE,
	VZALLOC_NODE,
	VMALLOC_EXEC,
	VMALLOC_HUGE,
	VMALLOC_ARRAY,
	VCALLOC,
	VMALLOC_GFP,
	NAMES
};

static const struct {
	unsigned long flags;
	gfp_t gfp;
} names[NAMES] = {
	[VMALLOC] = { 0, GFP_KERNEL },
	[VZALLOC] = { 0, GFP_KERNEL | __GFP_ZERO },
	[VMALLOC_USER] = { VM_USERMAP, GFP_KERNEL | __GFP_ZERO },
	[VMALLOC_32] = { 0, GFP_KERNEL | __GFP_DMA32 },
	[VMALLOC_32_USER] = { VM_USERMAP,
	                      GFP_KERNEL | __GFP_DMA32 | __GFP_ZERO },
	[VMALLOC_NODE] = { 0, GFP_KERNEL },
	[VZALLOC_NODE] = { 0, GFP_KERNEL | __GFP_ZERO },
	[VMALLOC_EXEC] = { 0, GFP_KERNEL },
	[VMALLOC_HUGE] = { VM_ALLOW_HUGE_VMAP, GFP_KERNEL },
	[VMALLOC_ARRAY] = { 0, GFP_KERNEL },
	[VCALLOC] = { 0, GFP_KERNEL | __GFP_ZERO },
	[VMALLOC_GFP] = { 0, GFP_KERNEL },
};

static void *call(enum name name, const struct request *request)
{
	unsigned long size = request->size;
	int node = (int)choose(2) - 1;

	switch (name) {
	case VMALLOC:
		return vmalloc(size);
	case VZALLOC:
		return vzalloc(size);
	case VMALLOC_USER:
		return vmalloc_user(size);
	case VMALLOC_32:
		return vmalloc_32(size);
	case VMALLOC_32_USER:
		return vmalloc_32_user(size);
	case VMALLOC_NODE:
		return vmalloc_node(size, node);
	case VZALLOC_NODE:
		return vzalloc_node(size, node);
	case VMALLOC_EXEC:
		return vmalloc_exec(size);
	case VMALLOC_HUGE:
		return vmalloc_huge(size, request->gfp);
	case VMALLOC_ARRAY:
		return vmalloc_array(1, size);
	case VCALLOC:
		return vcalloc(size, 1);
	default:
		return __vmalloc(size, request->gfp, __pgprot(request->prot));
	}
}

static gfp_t choose_gfp(void)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL,
		GFP_KERNEL,
		GFP_KERNEL | __GFP_ZERO,
		GFP_NOWAIT,
		GFP_ATOMIC,
		GFP_ATOMIC | __GFP_ZERO,
		GFP_KERNEL | __GFP_DMA32,
		GFP_KERNEL | __GFP_HIGHMEM | __GFP_NOFAIL,
	};

	return CHOOSE_FROM(gfps) | __GFP_NOWARN;
}

void op_vmalloc(void)
{
	enum name name = one_in(3) ? VMALLOC : (enum name)choose(NAMES);
	struct request request = {
		.size = choose_size(),
		.align = PAGE_SIZE,
		.start = VMALLOC_START,
		.end = VMALLOC_END,
		.flags = names[name].flags,
		.gfp = names[name].gfp,
		.prot = PTE_KERNEL_BASE | PTE_W,
	};
	bool interrupt = name == VMALLOC_GFP && one_in(4);
	void *addr;

	if (!things_have_room(pages_of(&request)))
		return;
	if (name == VMALLOC_EXEC)
		request.prot |= PTE_X;
	if (name == VMALLOC_GFP) {
		request.gfp =
			interrupt ? GFP_ATOMIC | __GFP_NOWARN : choose_gfp();
		request.prot = choose_prot();
	}
	TRAIL("vmalloc %lu (%lu bytes, gfp %#lx, prot %#lx) interrupt=%lu",
	      name, request.size, request.gfp, request.prot, interrupt);
	if (interrupt)
		interrupt_begin();
	addr = call(name, &request);
	if (interrupt)
		interrupt_end();
	if (!addr && interrupt)
		return;
	take_result(&request, addr);
}

/* --- everything explicit --------------------------------------------------- */

#define ARENA_BYTES (8ul << 20)
#define SMALL_PAGES 73u /* guard included: seven fit a leaf table */

/* Windows: some have room, some just so, some none; some are nonsense. */
static void choose_window(struct request *request)
{
	unsigned long size = (pages_of(request) + 1) << PAGE_SHIFT;
	vaddr_t arena = VMALLOC_START + (1 + choose(3)) * (1ul << 30);
	unsigned long offset = choose(ARENA_BYTES);

	request->start = arena;
	request->end = arena + ARENA_BYTES;
	switch (choose(16)) {
	case 8:
		request->start = arena + offset;
		request->end = request->start + size;
		break;
	case 9:
		request->start = ALIGN_DOWN(arena + offset, PAGE_SIZE);
		request->end = request->start + size;
		break;
	case 10:
		request->start = ALIGN_DOWN(arena + offset, PAGE_SIZE);
		request->end = request->start + size - PAGE_SIZE;
		break;
	case 11:
		request->start = arena + offset;
		request->end = arena + choose(ARENA_BYTES);
		break;
	case 12:
		request->start = VMALLOC_END - ARENA_BYTES;
		request->end = one_in(2) ? VMALLOC_END : ~0ul;
		break;
	case 13:
		request->start = one_in(2) ? 0 : VMALLOC_START;
		request->end = VMALLOC_START + ARENA_BYTES;
		break;
	case 14:
		request->start = ~0ul - choose(3 * PAGE_SIZE);
		request->end = ~0ul;
		break;
	case 15:
		request->start = VMALLOC_START;
		request->end = VMALLOC_END;
		break;
	default:
		break;
	}
}

static unsigned long choose_align(void)
{
	static const unsigned long wrong[] = { 0, 3, 4097, 12288, ~0ul };

	switch (choose(16)) {
	case 8 ... 11:
		return PAGE_SIZE << choose(10);
	case 12:
		return 1ul << choose(64);
	case 13:
		return 1ul << choose(12);
	case 14:
		return one_in(8) ? CHOOSE_FROM(wrong) : 1;
	default:
		return PAGE_SIZE;
	}
}

/*
 * I-7: the lowest hole. With an alignment above a page the lowest that is large
 * enough wherever it begins, and only else the lowest that fits as it is.
 */
static vaddr_t lowest_aligned(struct place *place, unsigned long align)
{
	vaddr_t at = 0;

	place->align = align;
	place->slack = align - 1;
	if (align > PAGE_SIZE &&
	    place->slack + (place->pages << PAGE_SHIFT) > place->slack)
		at = lowest_fit(place, true);
	place->slack = 0;
	return at ? at : lowest_fit(place, true);
}

/* Where the last leaf table begins that an area at @at needs. */
static vaddr_t last_table(const struct place *place, vaddr_t at)
{
	return ALIGN_DOWN(at + (place->pages << PAGE_SHIFT) - 1,
	                  LEAF_TABLE_SIZE);
}

/* Rather than across two tables a small one lies past the first, if it fits. */
static vaddr_t lowest_in_one_table(struct place *place, unsigned long align)
{
	vaddr_t lowest = lowest_aligned(place, align);
	vaddr_t next;

	if (!lowest || place->pages > SMALL_PAGES ||
	    last_table(place, lowest) <= lowest)
		return lowest;
	place->start = last_table(place, lowest);
	next = lowest_aligned(place, align);
	return next && last_table(place, next) <= next ? next : lowest;
}

/* Where leaves may be large, 2 MiB is tried first. */
static vaddr_t foretell(const struct request *request)
{
	struct place place = place_of(request);
	vaddr_t at = 0;

	if (pages_of(request) >= PTES_PER_TABLE && vmap_huge_enabled() &&
	    request->align < LEAF_TABLE_SIZE)
		at = lowest_aligned(&place, LEAF_TABLE_SIZE);
	return at ? at : lowest_in_one_table(&place, request->align);
}

void op_vmalloc_range(void)
{
	struct request request = {
		.size = choose_size(),
		.align = choose_align(),
		.gfp = choose_gfp(),
		.prot = choose_prot(),
		.caller = (void *)op_vmalloc_range,
	};
	bool whole;
	vaddr_t lowest;
	void *addr;

	choose_window(&request);
	whole = request.start == VMALLOC_START && request.end == VMALLOC_END;
	TRAIL("range [%#lx, %#lx) %lu bytes at %#lx, gfp %#lx, prot %#lx",
	      request.start, request.end, request.size, request.align,
	      request.gfp, request.prot);
	if (!IS_POWER_OF_2(request.align)) {
		expect_reports(1);
		MUST(!__vmalloc_node_range(request.size, request.align,
		                           request.start, request.end,
		                           request.gfp, __pgprot(request.prot),
		                           -1, NULL),
		     "alignment %#lx is accepted", request.align);
		return;
	}
	lowest = whole || is_injected() || !one_in(4) ? 0 : foretell(&request);
	addr = __vmalloc_node_range(request.size, request.align, request.start,
	                            request.end, request.gfp,
	                            __pgprot(request.prot), (int)choose(2) - 1,
	                            request.caller);
	/* Lower still: queued frees were carried out, and that led to a drain. */
	MUST(!addr || !lowest || (vaddr_t)addr <= lowest,
	     "I-7: %p is not the lowest fit, %#lx", addr, lowest);
	take_result(&request, addr);
}

/* --- resizing --------------------------------------------------------------- */

static bool is_whole(const struct thing *thing)
{
	for (unsigned long i = 0; i < thing->pages; i++)
		if (!thing_cell(thing, i)->pte)
			return false;
	return true;
}

/* The same place: what lies behind the old size in its page reads as zero. */
static void keep_in_place(struct thing *thing, unsigned long size, bool zero)
{
	unsigned long end = ALIGN_UP(thing->requested, PAGE_SIZE);
	pte_t last = thing_cell(thing, thing->pages - 1)->pte;

	if (size < end)
		end = size;
	if (zero && thing->requested < end)
		contents_know_zero(last, thing->requested & (PAGE_SIZE - 1),
		                   (unsigned int)(end - 1) % PAGE_SIZE + 1);
	thing->requested = size;
}

/* The old pages moved with what is in them and how they are protected. */
static void adopt_moved(struct thing *old, const void *addr, unsigned long size,
                        bool zero)
{
	static struct cell kept[MODEL_CELLS / 2];
	unsigned long pages = PFN_UP(size);
	unsigned long keep = pages < old->pages ? pages : old->pages;
	unsigned long tail = ALIGN_UP(old->requested, PAGE_SIZE);
	unsigned long old_size = old->requested;
	unsigned long prot = pte_prot(thing_cell(old, 0)->pte).pgprot;
	struct thing *thing;

	for (unsigned long i = 0; i < old->pages; i++) {
		struct cell *cell = thing_cell(old, i);

		if (i < keep)
			kept[i] = *cell;
		else
			release_frame(cell->pfn);
		cell->pfn = 0;
	}
	if (size < tail)
		tail = size;
	if (zero && old_size < tail) {
		contents_know_zero(kept[keep - 1].pte,
		                   old_size & (PAGE_SIZE - 1),
		                   (unsigned int)(tail - 1) % PAGE_SIZE + 1);
	}
	check_unmapped(old->start, old->pages);
	if (old->mm_array) {
		release_frames(old->mm_array);
		thing_forget(old->mm_array);
	}
	thing = adopt(THING_VMALLOC, addr, pages, size, old->flags);
	thing_forget(old);
	for (unsigned long i = 0; i < keep; i++) {
		adopt_entry(thing, i, pte_phys(kept[i].pte),
		            pte_prot(kept[i].pte).pgprot);
		thing_cell(thing, i)->pfn = kept[i].pfn;
	}
	adopt_frames(thing, keep, prot);
	thing->prot = prot;
	for (unsigned long i = keep; zero && i < pages; i++)
		contents_check_zero(thing, i);
	adopt_array(thing);
	contents_check(thing, thing->pages < 64);
	adopt_done(thing);
}

void op_vrealloc(void)
{
	struct thing *thing = thing_pick(KIND(THING_VMALLOC));
	unsigned long size = choose_size();
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | (one_in(2) ? __GFP_ZERO : 0);
	struct place place;
	bool whole;
	void *addr;

	if (!thing || !things_have_room(PFN_UP(size)))
		return;
	if (one_in(3))
		size = choose_between(1, thing->pages << PAGE_SHIFT);
	place = anywhere(PFN_UP(size) + 1);
	whole = is_whole(thing);
	TRAIL("vrealloc %#lx of %lu bytes to %lu, gfp %#lx", thing->start,
	      thing->requested, size, gfp);
	contents_check(thing, thing->pages < 64);
	if (!whole && PFN_UP(size) != thing->pages)
		expect_reports(1);
	addr = vrealloc((void *)thing->start, size, gfp);
	TRAIL("  %#lx", (unsigned long)addr);
	if (addr && PFN_UP(size) == thing->pages) {
		MUST((vaddr_t)addr == thing->start, "vrealloc moved to %p",
		     addr);
		keep_in_place(thing, size, gfp & __GFP_ZERO);
		check_descriptor(thing);
	} else if (addr) {
		MUST(whole, "vrealloc moved what is not mapped");
		adopt_moved(thing, addr, size, gfp & __GFP_ZERO);
	} else {
		MUST(!whole || may_fail(PFN_UP(size), &place),
		     "vrealloc to %lu bytes fails", size);
		adopt_array(thing);
		check_descriptor(thing);
		contents_check(thing, thing->pages < 64);
	}
}

/* --- as large as memory, and larger ---------------------------------------- */

static unsigned long choose_giant(void)
{
	const unsigned long sizes[] = {
		nr_total_pages() / 2 << PAGE_SHIFT,
		nr_total_pages() << PAGE_SHIFT,
		(nr_total_pages() << PAGE_SHIFT) + 1,
		(nr_free_pages() + 1) << PAGE_SHIFT,
		VMALLOC_SIZE,
		1ul << 62,
		~0ul - 4095,
		~0ul - 4094,
		~0ul,
	};

	return CHOOSE_FROM(sizes);
}

void op_giant(void)
{
	struct digest before;
	unsigned long pages;
	unsigned long size;
	uint64_t value;
	char *addr;

	/* Frees that were put off give pages back first. */
	vm_area_run_deferred();
	size = choose_giant();
	pages = size / PAGE_SIZE;
	digest_take(&before);
	TRAIL("giant vmalloc of %lu pages", pages);
	addr = __vmalloc(size, GFP_KERNEL | __GFP_NOWARN, PAGE_KERNEL);
	TRAIL("  %#lx", (unsigned long)addr);
	if (!addr) {
		if (pages > nr_free_pages())
			digest_check_same(&before);
		return;
	}
	MUST(pages <= nr_total_pages(), "%lu pages of vmalloc", pages);
	for (unsigned int i = 0; i < 8; i++) {
		vaddr_t va = (vaddr_t)addr + (choose(pages) << PAGE_SHIFT);

		MUST(machine_store(va, i) && machine_load(va, &value) &&
		             value == i,
		     "%#lx of a giant area", va);
	}
	vfree(addr);
	check_unmapped((vaddr_t)addr, pages);
}
