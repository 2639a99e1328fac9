/* SPDX-License-Identifier: MIT */
/*
 * Protection of pages that the caller owns in the window. Pages that are mapped
 * alike are changed together, so a huge leaf is split only where the range cuts
 * it. What would newly make a page both writable and executable is refused.
 */
#include <errno.h>
#include <linux/mm.h>

#include "core/hart.h"
#include "core/report.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "mm/vm_index.h"

struct change {
	unsigned long set;
	unsigned long clear;
};

static unsigned long changed(unsigned long prot, const struct change *change)
{
	return (prot & ~change->clear) | change->set;
}

static bool is_writable_code(unsigned long prot)
{
	return (prot & (PTE_W | PTE_X)) == (PTE_W | PTE_X);
}

/* Pages from @va on that have one protection; 0: not mapped. */
static unsigned long run_at(vaddr_t va, vaddr_t end, unsigned long *prot_out)
{
	pgprot_t prot;
	paddr_t phys;
	vaddr_t at;

	if (!pgtable_translate(va, &phys, &prot))
		return 0;
	*prot_out = pgprot_val(prot);
	for (at = va + PAGE_SIZE; at < end; at += PAGE_SIZE) {
		if (!pgtable_translate(at, &phys, &prot) ||
		    pgprot_val(prot) != *prot_out)
			break;
	}
	return (at - va) >> PAGE_SHIFT;
}

static int check_runs(vaddr_t start, vaddr_t end, const struct change *change)
{
	vaddr_t va = start;

	while (va < end) {
		unsigned long prot;
		unsigned long pages = run_at(va, end, &prot);

		if (pages == 0)
			return -ENOMEM;
		if (is_writable_code(changed(prot, change)) &&
		    !is_writable_code(prot))
			return -EINVAL;
		va += pages << PAGE_SHIFT;
	}
	return 0;
}

/* -ENOMEM: a leaf cannot be split; what lies below it is changed. */
static int change_runs(vaddr_t start, vaddr_t end, const struct change *change)
{
	vaddr_t va = start;

	while (va < end) {
		unsigned long prot;
		unsigned long pages = run_at(va, end, &prot);
		int err = pgtable_protect(va, pages << PAGE_SHIFT,
		                          __pgprot(changed(prot, change)));

		if (err)
			return err;
		va += pages << PAGE_SHIFT;
	}
	return 0;
}

static int change_memory(const char *name, unsigned long addr, int numpages,
                         const struct change *change)
{
	vaddr_t end = addr + ((unsigned long)numpages << PAGE_SHIFT);
	struct vm_area *area;
	int err;

	if (in_interrupt() || numpages <= 0 || !IS_ALIGNED(addr, PAGE_SIZE) ||
	    end < addr || !(area = vm_area_holding(addr, end - addr))) {
		report("%s(%#lx, %d): not whole pages of one area, or in an "
		       "interrupt",
		       name, addr, numpages);
		return -EINVAL;
	}
	err = check_runs(addr, end, change);
	if (err == -EINVAL)
		report("%s(%#lx, %d): would be writable and executable", name,
		       addr, numpages);
	if (err)
		return err;
	area->vm.flags |= VM_FLUSH_RESET_PERMS;
	err = change_runs(addr, end, change);
	tlb_flush_all(); /* a leaf may have been split */
	return err;
}

int set_memory_ro(unsigned long addr, int numpages)
{
	return change_memory("set_memory_ro", addr, numpages,
	                     &(struct change){ .clear = PTE_W });
}

int set_memory_rw(unsigned long addr, int numpages)
{
	return change_memory("set_memory_rw", addr, numpages,
	                     &(struct change){ .set = PTE_R | PTE_W });
}

int set_memory_x(unsigned long addr, int numpages)
{
	return change_memory("set_memory_x", addr, numpages,
	                     &(struct change){ .set = PTE_X });
}

int set_memory_nx(unsigned long addr, int numpages)
{
	return change_memory("set_memory_nx", addr, numpages,
	                     &(struct change){ .set = PTE_R, .clear = PTE_X });
}
