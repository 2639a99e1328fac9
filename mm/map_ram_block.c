/* SPDX-License-Identifier: MIT */
/*
 * Where vm_map_ram() gets its pages. A hart goes round its ring of blocks in
 * passes:
 *
 *        +--> block (running pass) --> oldest pass --> ... --> newest --+
 *        +--------------------------------------------------------------+
 *
 * A pass begins with a picture of what is free, taken when everything unmapped
 * in the block is flushed (its stamp is clean), and hands the free runs out from
 * below. What is unmapped meanwhile waits for the next pass. When no block is
 * clean the ring grows, until MAPS_PER_FLUSH mappings or the lazy limit are
 * reached: then one flush makes all of them clean. With other harts at work that
 * flush is begun, and the ring grows until they have answered.
 *
 * Rejected: Linux's rule that a block is reused only when all of it is dirty
 * (one long-lived mapping pins 4 MiB), and a free list of slots by size (a flush
 * would have to touch every slot).
 */
#include <errno.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "core/assert.h"
#include "core/race_window.h"
#include "lib/bits.h"
#include "mm/entries.h"
#include "mm/map_ram_internal.h"
#include "mm/mm_internal.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "mm/vm_index.h"

/* One fence for so many map/unmap pairs at least, while memory permits. */
#define MAPS_PER_FLUSH 256ul
/* And so many until the hart waits for a flush that was begun. */
#define MAPS_UNFLUSHED (MAPS_PER_FLUSH * PURGES_AHEAD)

static struct kmem_cache *block_cache;

/* NULL: no such hart. */
static struct map_ram_hart *map_ram_of(unsigned int hart)
{
	return harts[hart] && vmap_of(hart) ? &vmap_of(hart)->map_ram : NULL;
}

/* --- the free runs of a pass ------------------------------------------ */

/* First page at or above @from whose bit, xor @flip, is set. */
static unsigned int next_bit(const uint64_t *map, unsigned int from,
                             uint64_t flip)
{
	while (from < BLOCK_PAGES) {
		uint64_t bits = (map[from / 64] ^ flip) >> from % 64;

		if (bits)
			return from + bits_lowest(bits);
		from = (from / 64 + 1) * 64;
	}
	return BLOCK_PAGES;
}

static void set_run(struct map_ram_hart *own, unsigned int start,
                    unsigned int end)
{
	vaddr_t base = own->current ? own->current->base : 0;

	own->next = base + ((vaddr_t)start << PAGE_SHIFT);
	own->limit = base + ((vaddr_t)end << PAGE_SHIFT);
	own->scanned = end;
}

/* The next run of @pages in this pass; smaller ones are left for the next. */
static bool next_run(struct map_ram_hart *own, unsigned int pages)
{
	while (own->scanned < BLOCK_PAGES) {
		unsigned int start = next_bit(own->free, own->scanned, 0);
		unsigned int end = next_bit(own->free, start, ~0ul);

		set_run(own, start, end);
		if (end - start >= pages)
			return true;
	}
	return false;
}

static void mark_taken(uint64_t *map, unsigned int from, unsigned int count)
{
	unsigned int end = from + count;

	for (; from < end && from < BLOCK_PAGES; from++)
		map[from / 64] &= ~(1ul << from % 64);
}

/* The page where the next mapping from @page on starts, or BLOCK_PAGES. */
static unsigned int next_mapping(const struct map_ram_block *block,
                                 unsigned int page)
{
	while (page < BLOCK_PAGES && READ_ONCE(block->length[page]) == 0) {
		page++;
		while (page % 8 == 0 && page < BLOCK_PAGES &&
		       READ_ONCE(block->eight_lengths[page / 8]) == 0)
			page += 8;
	}
	return page;
}

/* Picture of the block in own->free; returns how many pages are free. */
static __noinline unsigned int picture(struct map_ram_hart *own,
                                       const struct map_ram_block *block)
{
	unsigned int free_pages = BLOCK_PAGES;
	unsigned int page = 0;

	memset(own->free, 0xff, sizeof(own->free));
	while ((page = next_mapping(block, page)) < BLOCK_PAGES) {
		/* 0: it ended meanwhile, and the block is no longer clean. */
		unsigned int length =
			READ_ONCE(block->length[page]) + MAPPING_GUARD;

		mark_taken(own->free, page, length);
		free_pages -= length;
		page += length;
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return free_pages;
}

/* --- passes ----------------------------------------------------------- */

static bool block_is_clean(const struct map_ram_block *block)
{
	return tlb_is_clean(__atomic_load_n(&block->stamp, __ATOMIC_RELAXED));
}

/* By this hart, in blocks. */
static unsigned long maps_made(const struct vmap_hart *vmap)
{
	return vmap->counters.map_ram_maps;
}

/* Mappings of a block; those of the running pass are not in it yet. */
static int live_of(const struct map_ram_hart *own, const struct vmap_hart *vmap,
                   const struct map_ram_block *block)
{
	int live = __atomic_load_n(&block->mappings, __ATOMIC_RELAXED);

	if (block == own->current)
		live += (int)((unsigned int)maps_made(vmap) -
		              own->maps_at_pass);
	return live;
}

/* The running pass ends: its block counts all its mappings itself. */
static void end_pass(struct map_ram_hart *own, const struct vmap_hart *vmap)
{
	unsigned int made = (unsigned int)maps_made(vmap) - own->maps_at_pass;

	own->maps_at_pass += made;
	if (own->current)
		__atomic_fetch_add(&own->current->mappings, (int)made,
		                   __ATOMIC_RELAXED);
}

static inline void begin_pass(struct map_ram_hart *own,
                              struct map_ram_block *block,
                              unsigned int free_pages)
{
	own->current = block;
	/* With vmap.flush=eager no unmapping may take the quick path. */
	own->number = tlb_eager ? NO_BLOCK : block->base / LEAF_TABLE_SIZE;
	own->noted = STAMP_NONE;
	own->entries =
		(uintptr_t)block->ptes - (block->base >> (PAGE_SHIFT - 3));
	own->lengths = (uintptr_t)block->length - (block->base >> PAGE_SHIFT);
	own->pass_pages -= block->pass_pages;
	own->pass_pages += free_pages;
	block->pass_pages = free_pages;
	if (free_pages == BLOCK_PAGES)
		set_run(own, 0, BLOCK_PAGES);
	else
		set_run(own, 0, 0);
}

/*
 * Begin a pass over @block; false when it has unflushed pages. The running pass
 * has ended.
 */
static bool try_pass(struct map_ram_hart *own, struct map_ram_block *block)
{
	unsigned int free_pages = BLOCK_PAGES;

	if (unlikely(__atomic_load_n(&block->mappings, __ATOMIC_ACQUIRE))) {
		if (!block_is_clean(block))
			return false;
		race_window(RACE_PASS_BEGINS);
		free_pages = picture(own, block);
	}
	/* The picture may show pages that were freed while it was taken. */
	if (!block_is_clean(block))
		return false;
	begin_pass(own, block, free_pages);
	vmap_own()->counters.purged_pages += free_pages;
	return true;
}

static void see_flushes(struct map_ram_hart *own, const struct vmap_hart *vmap)
{
	uint64_t done = __atomic_load_n(&tlb_done, __ATOMIC_ACQUIRE);

	if (done != own->flush_seen) {
		own->flush_seen = done;
		own->maps_at_flush = maps_made(vmap);
	}
}

/* Is there a run of @pages in the running pass? */
static inline bool has_room(struct map_ram_hart *own, unsigned int pages)
{
	return own->next + ((vaddr_t)pages << PAGE_SHIFT) <= own->limit ||
	       (own->scanned < BLOCK_PAGES && next_run(own, pages));
}

/*
 * A run of @pages in the running pass or in a new one. Blocks without mappings
 * became dirty in the order of their passes: behind one that is not clean none
 * is.
 */
static __noinline bool search_room(struct vmap_hart *vmap, unsigned int pages)
{
	struct map_ram_hart *own = &vmap->map_ram;
	struct map_ram_block *block = own->current;
	unsigned int left = own->nr_blocks;

	DEBUG_ASSERT(!left == !block);
	if (has_room(own, pages))
		return true;
	see_flushes(own, vmap);
	end_pass(own, vmap);
	for (; block && left > 0; left--) {
		block = block->next;
		if (try_pass(own, block) && has_room(own, pages))
			return true;
		if (own->current != block && READ_ONCE(block->mappings) == 0)
			break;
	}
	return false;
}

/* Mostly a pass is used up and the next block is unused: that in short. */
bool map_ram_find_room(struct vmap_hart *vmap, unsigned int pages)
{
	struct map_ram_hart *own = &vmap->map_ram;
	struct map_ram_block *next;

	if (unlikely(own->scanned < BLOCK_PAGES || !own->current))
		return search_room(vmap, pages);
	see_flushes(own, vmap);
	end_pass(own, vmap);
	next = own->current->next;
	if (unlikely(__atomic_load_n(&next->mappings, __ATOMIC_ACQUIRE) ||
	             !block_is_clean(next)))
		return search_room(vmap, pages);
	begin_pass(own, next, BLOCK_PAGES);
	return true;
}

static bool look_for_room(unsigned int pages)
{
	unsigned long irq_flags = vmap_lock_own();
	bool found = search_room(vmap_own(), pages);

	vmap_unlock_own(irq_flags);
	return found;
}

/* Is it time for a flush after @maps mappings, and would it help? */
static bool wants_flush(unsigned long maps)
{
	unsigned long irq_flags = vmap_lock_own();
	const struct map_ram_hart *own = map_ram_own();
	const struct map_ram_block *block = own->current;
	unsigned int left = own->nr_blocks;
	bool dirty = false;

	if (maps_made(vmap_own()) - own->maps_at_flush < maps &&
	    own->pass_pages + BLOCK_PAGES <= vmap_lazy_max_pages())
		left = 0;
	for (; left > 0 && !dirty; left--) {
		dirty = !block_is_clean(block);
		block = block->next;
	}
	vmap_unlock_own(irq_flags);
	return dirty;
}

/* --- blocks ----------------------------------------------------------- */

/* Behind the current block, which is the newest; @block becomes current. */
static void ring_insert(struct map_ram_hart *own, struct map_ram_block *block)
{
	if (own->current) {
		block->next = own->current->next;
		own->current->next = block;
	} else {
		block->next = block;
	}
	own->current = block;
	own->nr_blocks++;
}

static void ring_forget(struct map_ram_hart *own)
{
	own->current = NULL;
	own->number = NO_BLOCK;
	own->noted = STAMP_NONE;
	own->nr_blocks = 0;
	own->pass_pages = 0;
	own->next = 0;
	own->limit = 0;
	own->scanned = BLOCK_PAGES;
}

/* Own lock held. NULL: no memory for the block or its leaf table. */
static struct map_ram_block *block_make(struct vm_area *area)
{
	vaddr_t base = area_start(area);
	pte_t *ptes = vm_index_leaf_table(base);
	struct map_ram_block *block;

	if (!ptes)
		return NULL;
	block = kmem_cache_alloc(block_cache, GFP_NOWAIT | __GFP_ZERO);
	if (!block)
		return NULL;
	block->ptes = ptes;
	block->base = base;
	block->area = area;
	return block;
}

static bool add_block(void)
{
	struct map_ram_block *block;
	unsigned long irq_flags;
	struct vm_area *area;

	area = vm_area_reserve_bare(BLOCK_PAGES, LEAF_TABLE_SIZE, VM_MAP_RAM,
	                            GFP_KERNEL, CALLER());
	if (!area)
		return false;
	irq_flags = vmap_lock_own();
	block = block_make(area);
	if (block) {
		struct map_ram_hart *own = map_ram_own();

		__atomic_store_n(&vm_index_slot(block->base)->block, block,
		                 __ATOMIC_RELEASE);
		end_pass(own, vmap_own());
		ring_insert(own, block);
		begin_pass(own, block, BLOCK_PAGES);
	}
	vmap_unlock_own(irq_flags);
	if (!block)
		vm_area_retire(area, CALLER());
	return block;
}

bool map_ram_make_room(unsigned int pages)
{
	if (look_for_room(pages))
		return true;
	if (in_interrupt())
		return false;
	if (wants_flush(MAPS_PER_FLUSH)) {
		vmap_purge();
		if (wants_flush(MAPS_UNFLUSHED))
			tlb_flush_all();
		if (look_for_room(pages))
			return true;
	}
	/* Another hart's drain may take an idle block back at once: again. */
	while (add_block())
		if (look_for_room(pages))
			return true;
	return false;
}

/* The area of @block onto @chain; the block is no more. */
static struct vm_area *block_release(struct map_ram_block *block,
                                     struct vm_area *chain)
{
	struct vm_area *area = block->area;

	vm_index_slot(block->base)->block = NULL;
	area->state = AREA_LAZY;
	area->queue_next = chain;
	kmem_cache_free(block_cache, block);
	return area;
}

/* All locks held. What remains begins its next pass when there is need. */
static struct vm_area *release_idle_of(unsigned int hart, struct vm_area *chain)
{
	struct map_ram_hart *own = map_ram_of(hart);
	struct map_ram_block *block = own->current;
	unsigned int left = own->nr_blocks;

	end_pass(own, vmap_of(hart));
	ring_forget(own);
	for (; left > 0; left--) {
		struct map_ram_block *next = block->next;

		if (block->mappings == 0) {
			chain = block_release(block, chain);
		} else {
			ring_insert(own, block);
			own->pass_pages += block->pass_pages;
		}
		block = next;
	}
	if (own->current) {
		begin_pass(own, own->current, own->current->pass_pages);
		set_run(own, BLOCK_PAGES, BLOCK_PAGES);
	}
	return chain;
}

struct vm_area *map_ram_release_idle(void)
{
	struct vm_area *chain = NULL;
	unsigned int i;

	for (i = 0; i < CONFIG_NR_HARTS; i++)
		if (map_ram_of(i))
			chain = release_idle_of(i, chain);
	return chain;
}

void map_ram_hart_init(struct map_ram_hart *own)
{
	own->bias = entries_bias(PAGE_KERNEL);
	ring_forget(own);
}

int map_ram_init(void)
{
	block_cache = kmem_cache_create("map_ram_block",
	                                sizeof(struct map_ram_block), 0);
	return block_cache ? 0 : -ENOMEM;
}

bool map_ram_is_ready(void)
{
	return block_cache;
}

/* --- questions -------------------------------------------------------- */

bool map_ram_mapping_at(const struct map_ram_block *block, vaddr_t va,
                        vaddr_t *start_out, unsigned int *pages_out)
{
	unsigned int page = (va - block->base) >> PAGE_SHIFT;
	unsigned int back;

	for (back = 0; back < VMAP_MAX_ALLOC && back <= page; back++) {
		unsigned int length = READ_ONCE(block->length[page - back]);

		if (length == 0)
			continue;
		if (length <= back)
			return false;
		*start_out =
			block->base + ((vaddr_t)(page - back) << PAGE_SHIFT);
		*pages_out = length;
		return true;
	}
	return false;
}

unsigned long map_ram_live_mappings(void)
{
	unsigned long live = 0;
	unsigned int i;

	for (i = 0; i < CONFIG_NR_HARTS; i++) {
		const struct map_ram_hart *hart = map_ram_of(i);
		const struct map_ram_block *block = hart ? hart->current : NULL;
		unsigned int left = hart ? hart->nr_blocks : 0;

		for (; left > 0; left--) {
			live += (unsigned long)live_of(hart, vmap_of(i), block);
			block = block->next;
		}
	}
	return live;
}

static void add_stats(const struct map_ram_hart *own,
                      const struct map_ram_block *block,
                      struct map_ram_stats *out)
{
	unsigned int handed = BLOCK_PAGES;
	unsigned int live = 0;
	unsigned int page;

	for (page = 0; page < BLOCK_PAGES; page++) {
		live += block->length[page];
		out->live_mappings += block->length[page] > 0;
	}
	if (block == own->current)
		handed =
			(unsigned int)((own->next - block->base) >> PAGE_SHIFT);
	out->blocks++;
	out->live_pages += live;
	if (!block_is_clean(block) && handed > live)
		out->dirty_pages += handed - live;
}

void map_ram_read_stats(struct map_ram_stats *out)
{
	unsigned long irq_flags = vmap_freeze();
	unsigned int i;

	*out = (struct map_ram_stats){ 0 };
	for (i = 0; i < CONFIG_NR_HARTS; i++) {
		const struct map_ram_hart *hart = map_ram_of(i);
		const struct map_ram_block *block = hart ? hart->current : NULL;
		unsigned int left = hart ? hart->nr_blocks : 0;

		for (; left > 0; left--) {
			add_stats(hart, block, out);
			block = block->next;
		}
	}
	vmap_thaw(irq_flags);
}

/* Entries are valid in mappings and nowhere else; returns the mappings. */
static int check_block(const struct map_ram_block *block)
{
	unsigned int end = 0;
	unsigned int page;
	int mappings = 0;

	ASSERT(vm_index_slot(block->base)->block == block);
	ASSERT(vm_index_slot(block->base)->ptes == block->ptes);
	for (page = 0; page < BLOCK_PAGES; page++) {
		if (block->length[page] > 0) {
			ASSERT(page >= end);
			end = page + block->length[page];
			mappings++;
		}
		ASSERT(pte_is_valid(block->ptes[page]) == (page < end));
	}
	ASSERT(end <= BLOCK_PAGES);
	return mappings;
}

static void check_hart(const struct map_ram_hart *hart,
                       const struct vmap_hart *vmap)
{
	const struct map_ram_block *block = hart->current;
	unsigned long pass_pages = 0;
	unsigned int left;

	for (left = hart->nr_blocks; left > 0; left--) {
		ASSERT(live_of(hart, vmap, block) == check_block(block));
		pass_pages += block->pass_pages;
		block = block->next;
	}
	ASSERT(block == hart->current);
	ASSERT(pass_pages == hart->pass_pages);
	ASSERT(block || hart->next == hart->limit);
}

void map_ram_check(void)
{
	unsigned int i;

	for (i = 0; i < CONFIG_NR_HARTS; i++)
		if (map_ram_of(i))
			check_hart(map_ram_of(i), vmap_of(i));
}
