/* SPDX-License-Identifier: MIT */
/*
 * A two-level table in the shape of the page table: a directory page for each
 * GiB of the window that is in use, a slot for each 2 MiB. Looking an address up
 * is three loads. An area is entered once, at its first page; the slots it
 * reaches into beyond its first name it as their cover, so "which area contains
 * this address" is one bitmap away.
 *
 * Readers hold their own vmap lock only. What is added is complete before a
 * release store makes it visible; what goes, goes with all vmap locks held.
 */
#include "mm/vm_index.h"

#include <errno.h>
#include <linux/gfp.h>
#include <linux/vmalloc.h>

#include "core/assert.h"
#include "lib/bits.h"
#include "mm/kmem.h"
#include "mm/pgtable.h"
#include "mm/vm_area.h"

#define SLOT_SIZE      LEVEL_SIZE(1)
#define PAGES_PER_SLOT PTES_PER_TABLE
#define SLOTS_PER_DIR  (PAGE_SIZE / sizeof(struct vm_slot *))

static struct spinlock index_lock = SPINLOCK_INIT(LOCK_VM_INDEX, "vm_index");
struct vm_slot **vm_directories[VM_DIRECTORIES];
static unsigned int directory_used[VM_DIRECTORIES] __guarded_by(index_lock);
static struct kmem_cache *slot_cache; /* [I] */
static unsigned long index_pages __guarded_by(index_lock);
/* A failed insert left slots that nobody uses. */
static bool has_empty_slots __guarded_by(index_lock);

static unsigned int directory_number(vaddr_t va)
{
	return (va - VMALLOC_REGION_BASE) >> VM_DIRECTORY_SHIFT;
}

static vaddr_t directory_base(unsigned int number)
{
	return VMALLOC_REGION_BASE + ((vaddr_t)number << VM_DIRECTORY_SHIFT);
}

static unsigned int slot_number(vaddr_t va)
{
	return pte_index(va, 1);
}

static unsigned int page_number(vaddr_t va)
{
	return va >> PAGE_SHIFT & (PAGES_PER_SLOT - 1);
}

static void *zeroed_page(void) __must_hold(index_lock)
{
	struct page *page = alloc_pages(GFP_NOWAIT | __GFP_ZERO, 0);

	if (!page)
		return NULL;
	index_pages++;
	return page_address(page);
}

static void give_page(void *address) __must_hold(index_lock)
{
	index_pages--;
	__free_pages(virt_to_page(address), 0);
}

static struct vm_slot *slot_make(vaddr_t va) __must_hold(index_lock)
{
	unsigned int number = directory_number(va);
	struct vm_slot **directory = vm_directories[number];
	struct vm_slot *slot = vm_index_slot(va);

	if (slot)
		return slot;
	if (!directory) {
		directory = zeroed_page();
		if (!directory)
			return NULL;
		__atomic_store_n(&vm_directories[number], directory,
		                 __ATOMIC_RELEASE);
	}
	slot = kmem_cache_alloc(slot_cache, GFP_NOWAIT | __GFP_ZERO);
	if (!slot) {
		has_empty_slots = true;
		return NULL;
	}
	__atomic_store_n(&directory[slot_number(va)], slot, __ATOMIC_RELEASE);
	directory_used[number]++;
	return slot;
}

static bool slot_make_areas(struct vm_slot *slot) __must_hold(index_lock)
{
	struct vm_area **areas;

	if (slot->areas)
		return true;
	areas = zeroed_page();
	if (areas)
		__atomic_store_n(&slot->areas, areas, __ATOMIC_RELEASE);
	return areas;
}

/* Pages of [start, end) that lie in the slot at @va. */
static unsigned int pages_in_slot(vaddr_t va, vaddr_t start, vaddr_t end)
{
	vaddr_t low = ALIGN_DOWN(va, SLOT_SIZE);
	vaddr_t high = low + SLOT_SIZE;

	if (low < start)
		low = start;
	if (high > end)
		high = end;
	return (high - low) >> PAGE_SHIFT;
}

static bool make_slots(vaddr_t start, vaddr_t end) __must_hold(index_lock)
{
	vaddr_t va;

	for (va = ALIGN_DOWN(start, SLOT_SIZE); va < end; va += SLOT_SIZE) {
		struct vm_slot *slot = slot_make(va);

		if (!slot || (va <= start && !slot_make_areas(slot)))
			return false;
	}
	return true;
}

static void enter_area(struct vm_area *area) __must_hold(index_lock)
{
	vaddr_t start = area_start(area);
	vaddr_t end = area_end(area);
	unsigned int page = page_number(start);
	struct vm_slot *slot = vm_index_slot(start);
	vaddr_t va = ALIGN_DOWN(start, SLOT_SIZE);

	slot->starts[page / 64] |= 1ul << page % 64;
	__atomic_store_n(&slot->areas[page], area, __ATOMIC_RELEASE);
	slot->used_pages += pages_in_slot(va, start, end);
	for (va += SLOT_SIZE; va < end; va += SLOT_SIZE) {
		slot = vm_index_slot(va);
		slot->cover = area;
		slot->used_pages += pages_in_slot(va, start, end);
	}
}

int vm_index_insert(struct vm_area *area)
{
	unsigned long flags = spin_lock_irqsave(&index_lock);
	bool made = make_slots(area_start(area), area_end(area));

	if (made)
		enter_area(area);
	else
		has_empty_slots = true;
	spin_unlock_irqrestore(&index_lock, flags);
	return made ? 0 : -ENOMEM;
}

int vm_index_extend(struct vm_area *area, vaddr_t end)
{
	unsigned long flags = spin_lock_irqsave(&index_lock);
	vaddr_t start = area_end(area);
	bool made = true;
	vaddr_t va;

	for (va = ALIGN_DOWN(start, SLOT_SIZE); va < end; va += SLOT_SIZE)
		made = made && slot_make(va);
	if (!made)
		has_empty_slots = true;
	for (va = ALIGN_DOWN(start, SLOT_SIZE); made && va < end;
	     va += SLOT_SIZE) {
		struct vm_slot *slot = vm_index_slot(va);

		if (va >= start)
			slot->cover = area;
		slot->used_pages += pages_in_slot(va, start, end);
	}
	spin_unlock_irqrestore(&index_lock, flags);
	return made ? 0 : -ENOMEM;
}

/* Nobody has a slot in the GiB: nobody walks its level-1 table either. */
static void directory_drop(unsigned int number, void **tables)
	__must_hold(index_lock)
{
	pgtable_detach_level1(directory_base(number), tables);
	give_page(vm_directories[number]);
	vm_directories[number] = NULL;
}

/* The slot at @va is in nobody's use: take it and its leaf table away. */
static void slot_drop(vaddr_t va, void **tables) __must_hold(index_lock)
{
	unsigned int number = directory_number(va);
	struct vm_slot **directory = vm_directories[number];
	struct vm_slot *slot = directory[slot_number(va)];

	pgtable_detach(va, tables);
	if (slot->areas)
		give_page(slot->areas);
	kmem_cache_free(slot_cache, slot);
	directory[slot_number(va)] = NULL;
	if (--directory_used[number] == 0)
		directory_drop(number, tables);
}

/* The first area that starts in @slot at or above @page, or NULL. */
static struct vm_area *first_start(const struct vm_slot *slot,
                                   unsigned int page)
{
	unsigned int word = page / 64;
	uint64_t bits = slot->starts[word] & (~0ul << page % 64);

	while (!bits && ++word < ARRAY_SIZE(slot->starts))
		bits = slot->starts[word];
	return bits ? slot->areas[word * 64 + bits_lowest(bits)] : NULL;
}

void vm_index_remove(struct vm_area *area, void **tables)
{
	unsigned long flags = spin_lock_irqsave(&index_lock);
	vaddr_t start = area_start(area);
	vaddr_t end = area_end(area);
	unsigned int page = page_number(start);
	struct vm_slot *slot = vm_index_slot(start);
	vaddr_t va;

	slot->starts[page / 64] &= ~(1ul << page % 64);
	slot->areas[page] = NULL;
	if (!first_start(slot, 0)) {
		give_page(slot->areas);
		slot->areas = NULL;
	}
	for (va = ALIGN_DOWN(start, SLOT_SIZE); va < end; va += SLOT_SIZE) {
		slot = vm_index_slot(va);
		if (slot->cover == area)
			slot->cover = NULL;
		slot->used_pages -= pages_in_slot(va, start, end);
		if (slot->used_pages == 0)
			slot_drop(va, tables);
	}
	spin_unlock_irqrestore(&index_lock, flags);
}

static void sweep_directory(unsigned int number, void **tables)
	__must_hold(index_lock)
{
	unsigned int i;

	for (i = 0; i < SLOTS_PER_DIR && vm_directories[number]; i++) {
		struct vm_slot *slot = vm_directories[number][i];

		if (slot && slot->used_pages == 0)
			slot_drop(directory_base(number) + i * SLOT_SIZE,
			          tables);
	}
	if (vm_directories[number] && directory_used[number] == 0)
		directory_drop(number, tables);
}

void vm_index_sweep(void **tables)
{
	unsigned long flags = spin_lock_irqsave(&index_lock);
	unsigned int number = has_empty_slots ? 0 : VM_DIRECTORIES;

	for (; number < VM_DIRECTORIES; number++)
		sweep_directory(number, tables);
	has_empty_slots = false;
	spin_unlock_irqrestore(&index_lock, flags);
}

pte_t *vm_index_leaf_table(vaddr_t va)
{
	struct vm_slot *slot = vm_index_slot(va);

	if (unlikely(!slot))
		return NULL;
	if (unlikely(!slot->ptes))
		slot->ptes = pgtable_leaf_table(va);
	return slot->ptes;
}

struct vm_area *vm_index_exact(vaddr_t va)
{
	struct vm_area *area = vm_index_at_page(va);

	return area && area_start(area) == va ? area : NULL;
}

/* The last area that starts in @slot at or below @page, or NULL. */
static struct vm_area *last_start(const struct vm_slot *slot, unsigned int page)
{
	unsigned int word = page / 64;
	uint64_t bits = slot->starts[word] & (~0ul >> (63 - page % 64));

	while (!bits && word > 0)
		bits = slot->starts[--word];
	if (!bits)
		return NULL;
	return slot->areas[word * 64 + bits_highest(bits)];
}

struct vm_area *vm_index_containing(vaddr_t va)
{
	struct vm_slot *slot = vm_index_slot(va);
	struct vm_area *area;

	if (!slot)
		return NULL;
	area = last_start(slot, page_number(va));
	if (!area)
		area = slot->cover;
	return area && va < area_end(area) ? area : NULL;
}

struct vm_area *vm_index_next(vaddr_t va)
{
	if (va < VMALLOC_START)
		va = VMALLOC_START;
	va = ALIGN_UP(va, PAGE_SIZE);
	while (va - VMALLOC_START < VMALLOC_SIZE) {
		struct vm_slot *slot = vm_index_slot(va);
		struct vm_area *area = NULL;

		if (slot)
			area = first_start(slot, page_number(va));
		if (area)
			return area;
		if (READ_ONCE(vm_directories[directory_number(va)]))
			va = ALIGN_DOWN(va, SLOT_SIZE) + SLOT_SIZE;
		else
			va = directory_base(directory_number(va) + 1);
	}
	return NULL;
}

void vm_index_init(void)
{
	slot_cache = kmem_cache_create("vm_slot", sizeof(struct vm_slot), 0);
	ASSERT(slot_cache);
}

unsigned long vm_index_pages(void)
{
	return READ_ONCE(index_pages);
}

/* All vmap locks held: every slot's sum and cover agree with the areas. */
void vm_index_check(void)
{
	unsigned long flags = spin_lock_irqsave(&index_lock);
	struct vm_area *area = vm_index_next(VMALLOC_START);
	vaddr_t end = VMALLOC_START;
	unsigned long expected = 0;
	unsigned long used = 0;
	unsigned int number;
	unsigned int i;

	for (; area; area = vm_index_next(end)) {
		ASSERT(area_start(area) >= end);
		end = area_end(area);
		expected += area->va_pages;
		ASSERT(vm_index_containing(end - 1) == area);
	}
	for (number = 0; number < VM_DIRECTORIES; number++) {
		unsigned int slots = 0;

		for (i = 0; vm_directories[number] && i < SLOTS_PER_DIR; i++) {
			struct vm_slot *slot = vm_directories[number][i];

			if (!slot)
				continue;
			used += slot->used_pages;
			slots++;
		}
		ASSERT(slots == directory_used[number]);
	}
	ASSERT(used == expected);
	spin_unlock_irqrestore(&index_lock, flags);
}
