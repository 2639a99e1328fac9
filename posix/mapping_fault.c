/* SPDX-License-Identifier: MIT */
/*
 * Memory that comes with its first access. The trap handler asks here when the
 * code that faulted had interrupts on: then nobody's locks are held and memory may
 * be allocated, as in an interrupt. Regions are looked up twice, since the page is
 * zeroed between with no lock held: whether it is still wanted is seen when it
 * goes in, and of two harts that bring a page for the same place one keeps its.
 */
#include <signal.h>

#include "mm/fault.h"
#include "mm/page_alloc.h"
#include "mm/vm_index.h"
#include "posix/mapping_internal.h"

static bool allows(const struct region *region, pte_t needed)
{
	if (needed == PTE_W)
		return region->prot & PROT_WRITE;
	if (needed == PTE_X)
		return region->prot & PROT_EXEC;
	return region->prot != PROT_NONE;
}

enum verdict { DONE, SEGMENTATION, BUS, NEEDS_PAGE };

/* @page may be NULL; it is used up when it went in. */
static enum verdict bring(struct vm_area *area, vaddr_t va, pte_t needed,
                          struct page **page) __must_hold(regions_lock)
{
	const struct region *region = region_above(area, va);
	pgprot_t prot;

	if (!region || region->start > va || !allows(region, needed) ||
	    mapping_prot(region->prot, &prot) != 0)
		return SEGMENTATION;
	/* Somebody else brought it, or is about to change what it permits. */
	if (sparse_has(va))
		return sparse_repair(va, prot) ? DONE : NEEDS_PAGE;
	if (region->file)
		return region->flags & REGION_FILLING ? DONE : BUS;
	if (!*page)
		return NEEDS_PAGE;
	if (sparse_back(area, va, *page, prot)) {
		*page = NULL;
		return DONE;
	}
	return sparse_has(va) ? DONE : BUS;
}

static enum verdict look(vaddr_t va, pte_t needed, struct page **page)
{
	unsigned long flags = vmap_lock_own();
	struct vm_area *area = vm_index_containing(va);
	enum verdict verdict = SEGMENTATION;

	if (area && area->vm.flags & VM_MMAP && area_is_busy(area)) {
		spin_lock(&regions_lock);
		verdict = bring(area, va, needed, page);
		spin_unlock(&regions_lock);
	}
	vmap_unlock_own(flags);
	return verdict;
}

/* 2 lookups and the zeroing of a page: <= 400 instructions beside that */
static int mapping_fault(vaddr_t address, pte_t needed)
{
	const vaddr_t va = ALIGN_DOWN(address, PAGE_SIZE);
	struct page *page = NULL;
	enum verdict verdict = look(va, needed, &page);

	if (verdict == NEEDS_PAGE) {
		page = alloc_pages(GFP_ATOMIC | __GFP_ZERO, 0);
		verdict = page ? look(va, needed, &page) : BUS;
		if (page)
			__free_pages(page, 0);
	}
	if (verdict == SEGMENTATION)
		return SIGSEGV;
	return verdict == BUS ? SIGBUS : 0;
}

void mapping_faults_enable(void)
{
	fault_set_backing(mapping_fault);
}
