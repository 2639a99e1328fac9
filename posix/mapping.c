/* SPDX-License-Identifier: MIT */
/*
 * A mapping starts as a plain vmalloc area: its pages are what the page table
 * says, and most are freed like that. The first cut makes it sparse: from then
 * on vm->pages[] is the record, an entry a page, and the page table shows those
 * of them that may be accessed.
 *
 *      pages[i]   NULL      nothing there yet (PROT_NONE from the start)
 *                 frame     mapped, or hidden when the page table has no entry
 *                 GONE      given back
 *
 * requested_size counts the bytes that are not GONE. VM_MMAP keeps everybody else
 * from freeing or resizing the area; here it is taken off while that is done.
 */
#include "posix/mapping.h"

#include <errno.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <string.h>

#include "arch/barrier.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"

static struct page gone;
#define GONE (&gone)

static bool is_frame(const struct page *page)
{
	return page && page != GONE;
}

static vaddr_t range_start(const struct mapping_range *range)
{
	return (vaddr_t)range->vm->addr + (range->index << PAGE_SHIFT);
}

static size_t range_bytes(const struct mapping_range *range)
{
	return range->count << PAGE_SHIFT;
}

static unsigned long mapping_pages(const struct vm_struct *vm)
{
	return get_vm_area_size(vm) >> PAGE_SHIFT;
}

static bool is_sparse(const struct vm_struct *vm)
{
	return vm->flags & VM_SPARSE;
}

bool mapping_is_whole(const struct mapping_range *range)
{
	return range->index == 0 && range->count == mapping_pages(range->vm);
}

/* Where the area must end: just behind its guard page when @at is given. */
static vaddr_t window_end(vaddr_t at, size_t size)
{
	return at ? at + size + PAGE_SIZE : VMALLOC_END;
}

void *mapping_create(size_t size, pgprot_t prot, vaddr_t at, const void *caller)
{
	void *start = __vmalloc_node_range(
		size, PAGE_SIZE, at ? at : VMALLOC_START, window_end(at, size),
		GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, prot, NUMA_NO_NODE,
		caller);

	if (start)
		find_vm_area_containing(start)->flags |= VM_MMAP;
	return start;
}

void *mapping_reserve(size_t size, vaddr_t at, const void *caller)
{
	struct vm_struct *vm =
		__get_vm_area_caller(size, VM_SPARSE, at ? at : VMALLOC_START,
	                             window_end(at, size), caller);

	if (!vm)
		return NULL;
	vm->pages = kvmalloc(mapping_pages(vm) * sizeof(*vm->pages),
	                     GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	if (!vm->pages) {
		free_vm_area(vm);
		return NULL;
	}
	vm->flags |= VM_MMAP;
	return vm->addr;
}

bool mapping_find(vaddr_t address, size_t size, struct mapping_range *range_out)
{
	struct vm_struct *vm = find_vm_area_containing((void *)address);
	vaddr_t end;

	if (!vm || !(vm->flags & VM_MMAP))
		return false;
	end = (vaddr_t)vm->addr + get_vm_area_size(vm);
	if (address >= end || size > end - address)
		return false;

	*range_out = (struct mapping_range){
		.vm = vm,
		.index = (address - (vaddr_t)vm->addr) >> PAGE_SHIFT,
		.count = PFN_UP(size),
	};
	return true;
}

/* The pages become this file's: no counter of the core has them any more. */
static int make_sparse(struct vm_struct *vm)
{
	struct vm_area *area = to_area(vm);
	unsigned long flags;

	if (is_sparse(vm))
		return 0;
	if (!find_vm_area(vm->addr) || !vm->pages)
		return -ENOMEM;

	flags = vmap_lock_own();
	vmap_counters_own()->vmalloc_pages -= vm->nr_pages;
	vm->flags = (vm->flags & ~VM_ALLOC) | VM_SPARSE;
	vm->nr_pages = 0;
	area->pages_filled = false;
	vmap_unlock_own(flags);
	return 0;
}

static void free_sparse(struct vm_struct *vm)
{
	vm->flags &= ~VM_MMAP;
	kvfree(vm->pages);
	vm->pages = NULL;
	free_vm_area(vm);
}

/* Free the frames of the range, those that follow one another together. */
static void free_frames(const struct mapping_range *range)
{
	struct page **pages = range->vm->pages + range->index;
	unsigned long i = 0;

	while (i < range->count) {
		struct page *first = pages[i];
		unsigned long run = 1;

		while (is_frame(first) && i + run < range->count &&
		       pages[i + run] == first + run)
			run++;
		if (is_frame(first))
			page_free_run(first, run);
		i += run;
	}
}

static void mark_gone(const struct mapping_range *range)
{
	struct page **pages = range->vm->pages + range->index;
	unsigned long i;

	for (i = 0; i < range->count; i++) {
		if (pages[i] != GONE)
			range->vm->requested_size -= PAGE_SIZE;
		pages[i] = GONE;
	}
}

int mapping_release(const struct mapping_range *range)
{
	struct vm_struct *vm = range->vm;

	if (mapping_is_whole(range) && !is_sparse(vm)) {
		vm->flags &= ~VM_MMAP;
		vfree(vm->addr);
		return 0;
	}
	if (make_sparse(vm) != 0)
		return -ENOMEM;

	unmap_kernel_range(range_start(range), range_bytes(range));
	free_frames(range);
	mark_gone(range);
	if (vm->requested_size == 0)
		free_sparse(vm);
	return 0;
}

static bool has_gone_pages(const struct mapping_range *range)
{
	struct page **pages = range->vm->pages + range->index;
	unsigned long i;

	for (i = 0; i < range->count; i++)
		if (pages[i] == GONE)
			return true;
	return false;
}

int mapping_hide(const struct mapping_range *range)
{
	if (make_sparse(range->vm) != 0 || has_gone_pages(range))
		return -ENOMEM;

	unmap_kernel_range(range_start(range), range_bytes(range));
	return 0;
}

int mapping_renew(const struct mapping_range *range)
{
	struct vm_struct *vm = range->vm;
	unsigned long i;

	if (make_sparse(vm) != 0)
		return -ENOMEM;

	unmap_kernel_range(range_start(range), range_bytes(range));
	for (i = range->index; i < range->index + range->count; i++) {
		if (vm->pages[i] != GONE)
			continue;
		vm->pages[i] = NULL;
		vm->requested_size += PAGE_SIZE;
	}
	mapping_clear(range);
	return 0;
}

/* A frame for each page that has none; what is got stays for the next try. */
static int add_frames(const struct mapping_range *range)
{
	struct page **pages = range->vm->pages + range->index;
	unsigned long i;

	for (i = 0; i < range->count; i++) {
		if (!pages[i])
			pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!pages[i])
			return -ENOMEM;
	}
	return 0;
}

static bool page_is_mapped(const struct mapping_range *range, unsigned long i)
{
	unsigned int level;

	return pgtable_lookup(range_start(range) + (i << PAGE_SHIFT), &level);
}

/* Pages from @i on that are all mapped or all not. */
static unsigned long run_alike(const struct mapping_range *range,
                               unsigned long i, bool mapped)
{
	unsigned long run = 1;

	while (i + run < range->count &&
	       page_is_mapped(range, i + run) == mapped)
		run++;
	return run;
}

static int show_hidden(const struct mapping_range *range, pgprot_t prot)
{
	unsigned long i = 0;

	while (i < range->count) {
		const bool mapped = page_is_mapped(range, i);
		const unsigned long run = run_alike(range, i, mapped);
		const vaddr_t va = range_start(range) + (i << PAGE_SHIFT);

		if (!mapped && map_kernel_range_noflush(
				       va, run << PAGE_SHIFT, prot,
				       range->vm->pages + range->index + i) < 0)
			return -ENOMEM;
		i += run;
	}
	return 0;
}

int mapping_protect(const struct mapping_range *range, pgprot_t prot)
{
	const vaddr_t start = range_start(range);
	const size_t size = range_bytes(range);

	if (is_sparse(range->vm) &&
	    (has_gone_pages(range) || add_frames(range) != 0 ||
	     show_hidden(range, prot) != 0))
		return -ENOMEM;
	if (pgtable_protect(start, size, prot) != 0)
		return -ENOMEM;

	tlb_flush_all(); /* a leaf may have been split */
	if (pgprot_val(prot) & PTE_X)
		fence_i(); /* main() runs on this hart only */
	return 0;
}

/* Through the direct map: the mapping itself may be read-only or hidden. */
void mapping_clear(const struct mapping_range *range)
{
	const struct vm_struct *vm = range->vm;
	unsigned long i;

	for (i = range->index; i < range->index + range->count; i++) {
		struct page *page =
			is_sparse(vm) ? vm->pages[i]
				      : vmalloc_to_page((char *)vm->addr +
		                                        (i << PAGE_SHIFT));

		if (is_frame(page))
			memset(page_address(page), 0, PAGE_SIZE);
	}
}

void *mapping_resize(const struct mapping_range *range, size_t size,
                     const void *caller)
{
	struct vm_struct *vm = range->vm;
	void *moved;

	if (is_sparse(vm) || !mapping_is_whole(range))
		return NULL;
	vm->flags &= ~VM_MMAP;
	moved = vrealloc(vm->addr, size,
	                 GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	if (moved) {
		vm = find_vm_area_containing(moved);
		vm->caller = caller;
	}
	vm->flags |= VM_MMAP;
	return moved;
}
