/* SPDX-License-Identifier: MIT */
/*
 * Short-lived mappings. The next free pages of this hart's current block are
 * taken by moving an index, and entries are stored straight into the block's
 * leaf table: no search, no page-table walk, no descriptor. Taking one back
 * clears the entries and leaves the pages to the next pass over the block, which
 * begins once a flush has passed (mm/map_ram_block.c).
 *
 * Who unmaps is decided by the exchange on the first entry: exactly one caller
 * finds it valid. The length beside it is zeroed last, with release, so that the
 * owner who sees the pages free also sees the stamp that says since when.
 *
 * More than VMAP_MAX_ALLOC pages: an area of their own.
 */
#include "mm/vm_map_ram.h"

#include <linux/vmalloc.h>

#include "core/assert.h"
#include "core/lock.h"
#include "core/race_window.h"
#include "core/report.h"
#include "mm/entries.h"
#include "mm/map_ram_internal.h"
#include "mm/mm_internal.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"

_Static_assert(VMAP_MAX_ALLOC == ENTRIES_MAX, "as many entries");

/* Debug images ask of each pointer whether it is a page of the allocator. */
static inline bool pages_pass_debug(struct page **pages, unsigned int count)
{
	if (CONFIG_DEBUG_ASSERT) {
		for (unsigned int i = 0; i < count; i++)
			if (!page_is_valid(pages[i]))
				return false;
	}
	return true;
}

/* --- mappings in blocks ----------------------------------------------- */

static __always_inline pte_t *entry_of(const struct map_ram_hart *own,
                                       vaddr_t va)
{
	return (pte_t *)(own->entries + (va >> (PAGE_SHIFT - 3)));
}

static __always_inline uint8_t *length_of(const struct map_ram_hart *own,
                                          vaddr_t va)
{
	return (uint8_t *)(own->lengths + (va >> PAGE_SHIFT));
}

/* Entries were cleared: nobody may reuse their pages before a newer flush. */
static __always_inline void
note_stamp(struct vmap_hart *vmap, struct map_ram_block *block, uint64_t stamp)
{
	uint64_t old = __atomic_load_n(&block->stamp, __ATOMIC_RELAXED);

	while (old < stamp &&
	       !__atomic_compare_exchange_n(&block->stamp, &old, stamp, true,
	                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	vmap->newest_stamp = stamp;
}

static void note_cleared(struct vmap_hart *vmap, struct map_ram_block *block)
{
	note_stamp(vmap, block, tlb_stamp());
}

/* The same for the current block: a stamp is noted once for many mappings. */
static __always_inline void note_cleared_here(struct vmap_hart *vmap)
{
	struct map_ram_hart *own = &vmap->map_ram;
	uint64_t stamp = tlb_stamp();

	if (unlikely(stamp != own->noted)) {
		note_stamp(vmap, own->current, stamp);
		own->noted = stamp;
	}
}

/* Does the calling hart win the mapping that starts at @pte? */
static __always_inline bool take_first_entry(pte_t *pte)
{
	pte_t old;

	if (CONFIG_NR_HARTS > 1) {
		old = __atomic_exchange_n(pte, 0, __ATOMIC_RELAXED);
	} else {
		old = *pte;
		*pte = 0;
	}
	return old; /* in a block an entry is valid or 0 */
}

static __always_inline void end_mapping(struct map_ram_block *block,
                                        uint8_t *length)
{
	if (CONFIG_NR_HARTS > 1) {
		__atomic_store_n(length, 0, __ATOMIC_RELAXED);
		__atomic_fetch_sub(&block->mappings, 1, __ATOMIC_RELAXED);
	} else {
		*length = 0;
		block->mappings--;
	}
}

/* One comparison for the length and for an address that is inside a page. */
static __always_inline bool is_mapping(const uint8_t *length, vaddr_t va,
                                       unsigned long count)
{
	return *length == (va << (64 - PAGE_SHIFT)) + count && count != 0;
}

/*
 * Clear the entries of the mapping of @count pages at @va. Own vmap lock held.
 * False: no such mapping, nothing changed.
 */
static __always_inline bool clear_mapping(pte_t *pte, const uint8_t *length,
                                          vaddr_t va, unsigned long count)
{
	if (unlikely(!is_mapping(length, va, count)))
		return false;
	race_window(RACE_MAPPING_FOUND);
	if (unlikely(!take_first_entry(pte)))
		return false;
	entries_clear_rest(pte, count);
	return true;
}

/* In a block of any hart. */
static bool unmap_in_block(struct vmap_hart *vmap, struct map_ram_block *block,
                           vaddr_t va, unsigned long count)
{
	unsigned int page = (va - block->base) >> PAGE_SHIFT;
	uint8_t *length = &block->length[page];

	if (!clear_mapping(block->ptes + page, length, va, count))
		return false;
	note_cleared(vmap, block);
	race_window(RACE_MAPPING_DONE);
	/* Partner: picture(). The stamp, then the length. */
	if (CONFIG_NR_HARTS > 1)
		__atomic_thread_fence(__ATOMIC_RELEASE);
	end_mapping(block, length);
	return true;
}

/* In the current block: it is this hart that takes its pictures. */
static __always_inline bool unmap_here(struct vmap_hart *vmap, vaddr_t va,
                                       unsigned long count)
{
	struct map_ram_hart *own = &vmap->map_ram;
	uint8_t *length = length_of(own, va);

	if (unlikely(va / LEAF_TABLE_SIZE != own->number) ||
	    unlikely(!clear_mapping(entry_of(own, va), length, va, count)))
		return false;
	note_cleared_here(vmap);
	end_mapping(own->current, length);
	return true;
}

static __always_inline vaddr_t end_of(vaddr_t va, unsigned long count)
{
	return va + ((count + MAPPING_GUARD) << PAGE_SHIFT);
}

/* The next @count pages of the running pass; false: it has no such run. */
static __always_inline bool take_pages(struct map_ram_hart *own,
                                       unsigned long count, vaddr_t *va_out)
{
	vaddr_t va = own->next;
	vaddr_t end = end_of(va, count);

	if (unlikely(end > own->limit))
		return false;
	own->next = end;
	*va_out = va;
	return true;
}

/* The entries at @va are written: it is a mapping from now on. */
static __always_inline void begin_mapping(struct vmap_hart *vmap,
                                          const struct map_ram_hart *own,
                                          vaddr_t va, unsigned long count)
{
	*length_of(own, va) = (uint8_t)count;
	vmap->counters.map_ram_maps++;
}

/* A pointer was no page: the pages wait for the next pass like any others. */
static void drop_pages(struct vmap_hart *vmap, struct map_ram_hart *own,
                       vaddr_t va, unsigned int count)
{
	entries_clear(entry_of(own, va), count);
	note_cleared(vmap, own->current);
}

/*
 * The next run has room for the mapping. Own vmap lock held, and given back. One
 * copy for all slow paths. NULL: a pointer is no page.
 */
static __noinline void *map_in_run(struct page **pages, unsigned int count,
                                   pgprot_t prot,
                                   unsigned long irq_flags) __no_lock_analysis
{
	struct vmap_hart *vmap = vmap_own();
	struct map_ram_hart *own = &vmap->map_ram;
	void *mem = NULL;
	vaddr_t va;

	if (take_pages(own, count, &va)) {
		if (likely(entries_write(entry_of(own, va), pages, count,
		                         prot) &&
		           pages_pass_debug(pages, count))) {
			begin_mapping(vmap, own, va, count);
			mem = (void *)va;
		} else {
			drop_pages(vmap, own, va, count);
		}
	}
	vmap_unlock_own(irq_flags);
	return mem;
}

static void *map_in_block(struct page **pages, unsigned int count,
                          pgprot_t prot) __no_lock_analysis
{
	do {
		unsigned long irq_flags = vmap_lock_own();
		struct vmap_hart *vmap = vmap_own();

		if (end_of(vmap->map_ram.next, count) <= vmap->map_ram.limit ||
		    map_ram_find_room(vmap, count + MAPPING_GUARD))
			return map_in_run(pages, count, prot, irq_flags);
		vmap_unlock_own(irq_flags);
	} while (map_ram_make_room(count + MAPPING_GUARD));
	return NULL;
}

/* --- mappings that are areas ------------------------------------------ */

static void *map_area(struct page **pages, unsigned int count, pgprot_t prot,
                      const void *caller)
{
	struct vm_area *area;

	if (count > nr_total_pages())
		return NULL;
	area = vm_area_reserve_bare(count, PAGE_SIZE, VM_MAP | VM_MAP_RAM,
	                            GFP_KERNEL, caller);
	if (!area)
		return NULL;
	if (vm_area_map_page_array(area, 0, pages, count, prot) != 0) {
		vm_area_retire(area, caller);
		return NULL;
	}
	vm_area_publish(area);
	return area->vm.addr;
}

/* The busy vm_map_ram() area that starts at @va, or NULL; own lock held. */
static struct vm_area *area_at(vaddr_t va)
{
	struct vm_area *area = vm_index_exact(va);

	if (!area || !area_is_busy(area) || !(area->vm.flags & VM_MAP_RAM))
		return NULL;
	return area;
}

static bool unmap_area(const void *mem, unsigned int count, const void *caller)
{
	unsigned long irq_flags = vmap_lock_own();
	struct vm_area *area = area_at((vaddr_t)mem);
	bool fits = area && area->va_pages == count;

	vmap_unlock_own(irq_flags);
	if (!fits)
		return false;
	area = vm_area_claim(mem, VM_MAP_RAM);
	if (!area)
		return false;
	vm_area_unmap(area);
	vm_area_retire(area, caller);
	return true;
}

/* --- the two calls ---------------------------------------------------- */

static void *refuse(const char *why, unsigned long value)
{
	report("vm_map_ram: %s (%#lx); nothing mapped", why, value);
	return NULL;
}

/*
 * Whatever is not the common case. Called last by the hot path, so that CALLER()
 * is the caller of vm_map_ram().
 */
static __noinline void *map_slowly(struct page **pages, unsigned int count,
                                   int node, pgprot_t prot)
{
	if (!map_ram_is_ready())
		return refuse("called before vmalloc_init()", 0);
	if (!pages)
		return refuse("no page array", 0);
	if (count == 0)
		return refuse("no pages", 0);
	if (node != NUMA_NO_NODE && node != 0)
		return refuse("no such node", (unsigned int)node);
	if (!pgprot_is_sane(prot) || pgprot_val(prot) & PTE_X)
		return refuse("not a protection for data", pgprot_val(prot));
	if (count > VMAP_MAX_ALLOC)
		return map_area(pages, count, prot, CALLER());
	return map_in_block(pages, count, prot);
}

/*
 * The two hot paths call nothing but as their last act, so that they need no
 * stack frame: what is not common goes to the slow halves.
 */
static __always_inline void unlock(struct vmap_hart *vmap,
                                   unsigned long irq_flags) __no_lock_analysis
{
	spin_unlock(&vmap->lock);
	irq_restore(irq_flags);
}

static __noinline void *undo_map(vaddr_t va, unsigned int count,
                                 unsigned long irq_flags)
{
	drop_pages(vmap_own(), map_ram_own(), va, count);
	vmap_unlock_own(irq_flags);
	return NULL;
}

static __noinline void *map_common_slowly(struct page **pages,
                                          unsigned int count)
{
	return map_slowly(pages, count, NUMA_NO_NODE, PAGE_KERNEL);
}

/* The running pass has no such run: perhaps the next has. Own lock held. */
static __noinline void *map_in_next_pass(struct page **pages,
                                         unsigned int count,
                                         unsigned long irq_flags)
{
	if (likely(map_ram_find_room(vmap_own(), count + MAPPING_GUARD)))
		return map_in_run(pages, count, PAGE_KERNEL, irq_flags);
	vmap_unlock_own(irq_flags);
	return map_common_slowly(pages, count);
}

/* What the hot path is for: data pages, few enough for a block, on any node. */
static __always_inline bool is_common(struct page **pages, unsigned long count,
                                      int node, pgprot_t prot)
{
	/* 0 and NUMA_NO_NODE, -1, are their own halves. */
	return pages && count - 1 < VMAP_MAX_ALLOC && node == node >> 1 &&
	       pgprot_val(prot) == pgprot_val(PAGE_KERNEL);
}

/* <= 40 instructions and 5 for each page; one lock, this hart's own */
void *vm_map_ram(struct page **pages, unsigned int count, int node,
                 pgprot_t prot) __no_lock_analysis
{
	unsigned long nr = entry_run_argument(count);
	struct map_ram_hart *own;
	struct vmap_hart *vmap;
	unsigned long irq_flags;
	vaddr_t va;

	if (unlikely(!is_common(pages, nr, node, prot)))
		return map_slowly(pages, (unsigned int)nr, node, prot);
	irq_flags = irq_save();
	vmap = vmap_own();
	own = &vmap->map_ram;
	if (unlikely(!vmap_lock_at_once(vmap))) {
		irq_restore(irq_flags);
		return map_common_slowly(pages, (unsigned int)nr);
	}
	if (unlikely(!take_pages(own, nr, &va)))
		return map_in_next_pass(pages, (unsigned int)nr, irq_flags);
	if (unlikely(!entries_write_biased(entry_of(own, va), pages, nr,
	                                   PAGE_KERNEL, own->bias) ||
	             !pages_pass_debug(pages, (unsigned int)nr)))
		return undo_map(va, (unsigned int)nr, irq_flags);
	begin_mapping(vmap, own, va, nr);
	unlock(vmap, irq_flags);
	return (void *)va;
}

/* Whose mapping is @va in, if any? */
static unsigned int describe_mapping(vaddr_t va, vaddr_t *start_out)
{
	unsigned long irq_flags = vmap_lock_own();
	struct vm_slot *slot = vm_index_slot(va);
	struct vm_area *area = area_at(va);
	unsigned int pages = 0;

	*start_out = va;
	if (area)
		pages = (unsigned int)area->va_pages;
	else if (slot && slot->block)
		map_ram_mapping_at(slot->block, va, start_out, &pages);
	vmap_unlock_own(irq_flags);
	return pages;
}

static void report_bad_unmap(const void *mem, unsigned int count)
{
	vaddr_t va = (vaddr_t)mem;
	vaddr_t start;
	unsigned int pages;

	if (!map_ram_is_ready()) {
		report("vm_unmap_ram(%p): called before vmalloc_init()", mem);
		return;
	}
	pages = describe_mapping(va, &start);
	if (!is_vmalloc_addr(mem))
		report("vm_unmap_ram(%p): outside the vmalloc window", mem);
	else if (pages == 0) {
		report("vm_unmap_ram(%p, %u): no vm_map_ram() mapping there, "
		       "or no longer",
		       mem, count);
	} else if (start != va) {
		report("vm_unmap_ram(%p, %u): inside the mapping of %u pages "
		       "at %#lx",
		       mem, count, pages, start);
	} else {
		report("vm_unmap_ram(%p, %u): the mapping has %u pages", mem,
		       count, pages);
	}
}

/* Not in this hart's current block: another block, an area, or a mistake. */
static __noinline void unmap_slowly(const void *mem, unsigned int count)
{
	struct vm_slot *slot;
	unsigned long irq_flags;
	bool done;

	if (!map_ram_is_ready()) {
		report_bad_unmap(mem, count);
		return;
	}
	irq_flags = vmap_lock_own();
	slot = vm_index_slot((vaddr_t)mem);
	done = slot && slot->block &&
	       unmap_in_block(vmap_own(), slot->block, (vaddr_t)mem, count);
	vmap_unlock_own(irq_flags);
	if (!done && !unmap_area(mem, count, CALLER()))
		report_bad_unmap(mem, count);
	else if (unlikely(tlb_eager) && !in_interrupt())
		vmap_purge();
}

/* <= 40 instructions and 1 for each page; one lock, this hart's own */
void vm_unmap_ram(const void *mem, unsigned int count) __no_lock_analysis
{
	unsigned long irq_flags = irq_save();
	struct vmap_hart *vmap = vmap_own();
	bool done = false;

	if (likely(vmap_lock_at_once(vmap))) {
		done = unmap_here(vmap, (vaddr_t)mem,
		                  entry_run_argument(count));
		spin_unlock(&vmap->lock);
	}
	irq_restore(irq_flags);
	if (unlikely(!done))
		unmap_slowly(mem, count);
}

void vm_unmap_aliases(void)
{
	if (!map_ram_is_ready()) {
		report("vm_unmap_aliases: called before vmalloc_init()");
		return;
	}
	if (in_interrupt()) {
		report("vm_unmap_aliases: called in an interrupt");
		return;
	}
	vmap_drain();
}
