/* SPDX-License-Identifier: MIT */
/*
 * The lower half of the API: address space without pages, looked up, mapped and
 * unmapped by the caller's hand. Every range given here must lie in one area:
 * that pins its leaf tables.
 */
#include <errno.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "core/report.h"
#include "mm/mm_internal.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "mm/vm_index.h"

/* --- reserving --------------------------------------------------------- */

/* A VM_IOREMAP area starts at a multiple of its size (contract 1.9). */
static unsigned long flags_align(unsigned long pages, unsigned long flags)
{
	unsigned long align = PAGE_SIZE;

	if (!(flags & VM_IOREMAP))
		return PAGE_SIZE;
	while (align < pages << PAGE_SHIFT && align < 1ul << IOREMAP_MAX_ORDER)
		align <<= 1;
	return align;
}

struct vm_struct *__get_vm_area_caller(unsigned long size, unsigned long flags,
                                       unsigned long start, unsigned long end,
                                       const void *caller)
{
	unsigned long pages = PFN_UP(size);
	unsigned long align = flags_align(pages, flags);
	struct vm_area *area;

	if (pages == 0)
		return NULL;
	if (in_interrupt()) {
		report("get_vm_area: in an interrupt");
		return NULL;
	}
	if (flags & (VM_INTERNAL | VM_NO_GUARD | VM_SIMPLE | VM_PLAIN)) {
		report("get_vm_area: flags %#lx are not for callers", flags);
		return NULL;
	}
	if (start == VMALLOC_START && end == VMALLOC_END)
		area = vm_area_reserve(pages, align, flags, GFP_KERNEL, caller);
	else
		area = vm_area_reserve_in(pages, align, flags, start, end,
		                          GFP_KERNEL, caller);
	if (!area)
		return NULL;
	area->vm.requested_size = size;
	vm_area_publish(area);
	return &area->vm;
}

struct vm_struct *__get_vm_area(unsigned long size, unsigned long flags,
                                unsigned long start, unsigned long end)
{
	return __get_vm_area_caller(size, flags, start, end, CALLER());
}

struct vm_struct *get_vm_area_caller(unsigned long size, unsigned long flags,
                                     const void *caller)
{
	return __get_vm_area_caller(size, flags, VMALLOC_START, VMALLOC_END,
	                            caller);
}

struct vm_struct *get_vm_area(unsigned long size, unsigned long flags)
{
	return get_vm_area_caller(size, flags, CALLER());
}

struct vm_struct *alloc_vm_area(size_t size, pte_t **ptes)
{
	struct vm_struct *vm = get_vm_area_caller(size, VM_IOREMAP, CALLER());
	unsigned long i;

	if (!vm)
		return NULL;
	for (i = 0; i < PFN_UP(size); i++) {
		vaddr_t va = (vaddr_t)vm->addr + (i << PAGE_SHIFT);
		pte_t *table = vm_index_leaf_table(va);

		if (!table) {
			free_vm_area(vm);
			return NULL;
		}
		if (ptes)
			ptes[i] = table + pte_index(va, 0);
	}
	return vm;
}

/* --- removing ---------------------------------------------------------- */

static struct vm_area *claim_any(const void *addr)
{
	return vm_area_claim(addr, ~VM_INTERNAL | VM_PCPU);
}

/* Each page may be freed by itself from here on. */
static void make_single(struct page **pages, unsigned long count)
{
	unsigned long i;

	for (i = 0; i < count; i++)
		if (pages[i]->state == PAGE_USED && pages[i]->order > 0)
			page_split(pages[i], pages[i]->order);
}

struct vm_struct *remove_vm_area(const void *addr)
{
	struct vm_struct *removed;
	struct vm_area *area;

	if (in_interrupt()) {
		report("remove_vm_area(%p): in an interrupt", addr);
		return NULL;
	}
	if (!IS_ALIGNED((vaddr_t)addr, PAGE_SIZE)) {
		report("remove_vm_area(%p): not page aligned", addr);
		return NULL;
	}
	removed = kmalloc(sizeof(*removed), GFP_KERNEL);
	if (!removed)
		return NULL;
	area = claim_any(addr);
	if (!area) {
		kfree(removed);
		return NULL;
	}
	/* Pages stay with the caller, so what names them must be complete. */
	if (area->vm.flags & VM_ALLOC && area->vm.nr_pages > 0 &&
	    !vm_area_fill_pages(area, GFP_KERNEL)) {
		vm_area_unclaim(area);
		kfree(removed);
		return NULL;
	}
	if (area->pages_filled)
		make_single(area->vm.pages, area->vm.nr_pages);
	*removed = area->vm;
	removed->next = NULL;
	area->vm.pages = NULL;
	area->pages_filled = false;
	vm_area_unmap(area);
	vm_area_retire(area, CALLER());
	return removed;
}

void free_vm_area(struct vm_struct *vm)
{
	struct vm_area *area = vm ? claim_any(vm->addr) : NULL;

	if (in_interrupt() && area) {
		vm_area_unclaim(area);
		report("free_vm_area(%p): in an interrupt", vm->addr);
		return;
	}
	if (!area || &area->vm != vm || area->vm.nr_pages > 0) {
		if (area)
			vm_area_unclaim(area);
		report("free_vm_area(%p): not an area of get_vm_area()", vm);
		return;
	}
	if (area->vm.flags & VM_WINDOW)
		remap_drop_views(area);
	vm_area_unmap(area);
	area_drop_pages(area);
	vm_area_retire(area, CALLER());
}

/* --- mapping ----------------------------------------------------------- */

/*
 * The area whose usable pages hold [start, start + size), and the index of the
 * first; NULL and a report when there is none.
 */
static struct vm_area *area_of_range(const char *name, unsigned long start,
                                     unsigned long size,
                                     unsigned long *index_out)
{
	struct vm_area *area = NULL;

	if (size > 0 && IS_ALIGNED(start, PAGE_SIZE))
		area = vm_area_holding(start, size);
	if (area)
		*index_out = (start - area_start(area)) >> PAGE_SHIFT;
	else
		report("%s: [%#lx, +%#lx) is not inside one area", name, start,
		       size);
	return area;
}

static void note_unmapped(unsigned long pages)
{
	unsigned long irq_flags = vmap_lock_own();

	vmap_note_unmapped(pages);
	vmap_unlock_own(irq_flags);
}

static bool has_null(struct page **pages, unsigned long count)
{
	unsigned long i;

	for (i = 0; i < count; i++)
		if (!pages[i])
			return true;
	return false;
}

static int map_range(const char *name, unsigned long start, unsigned long size,
                     pgprot_t prot, struct page **pages)
{
	unsigned long count = PFN_UP(size);
	struct vm_area *area;
	unsigned long index;
	int err;

	if (!pages || !pgprot_is_sane(prot)) {
		report("%s: bad protection %#lx or no pages", name,
		       pgprot_val(prot));
		return -EINVAL;
	}
	area = area_of_range(name, start, size, &index);
	if (!area)
		return -EINVAL;
	if (!pgtable_is_clear(start, count << PAGE_SHIFT)) {
		report("%s: something is mapped in [%#lx, +%#lx)", name, start,
		       size);
		return -EBUSY;
	}
	if (has_null(pages, count)) {
		report("%s: a NULL page for [%#lx, +%#lx)", name, start, size);
		return -ENOMEM;
	}
	err = vm_area_map_page_array(area, index, pages, count, prot);
	if (err)
		note_unmapped(count);
	if (err == -EINVAL)
		report("%s: no page for [%#lx, +%#lx)", name, start, size);
	return err;
}

int map_kernel_range_noflush(unsigned long start, unsigned long size,
                             pgprot_t prot, struct page **pages)
{
	int err = map_range("map_kernel_range", start, size, prot, pages);

	return err ? err : (int)PFN_UP(size);
}

int map_vm_area(struct vm_struct *area, pgprot_t prot, struct page ***pages)
{
	int err = map_range("map_vm_area", (unsigned long)area->addr,
	                    get_vm_area_size(area), prot, *pages);

	if (!err)
		*pages += get_vm_area_size(area) >> PAGE_SHIFT;
	return err;
}

/* The area that the range was unmapped from, or NULL and a report. */
static struct vm_area *unmap_range(const char *name, unsigned long addr,
                                   unsigned long size)
{
	unsigned long index;
	struct vm_area *area = area_of_range(name, addr, size, &index);

	if (!area)
		return NULL;
	if (area->vm.flags & VM_ALLOC && area->vm.nr_pages > 0 &&
	    !vm_area_fill_pages(area, GFP_KERNEL)) {
		report("%s: no memory to note the pages of %#lx", name, addr);
		return NULL;
	}
	vm_area_clear(area, index, PFN_UP(size));
	note_unmapped(PFN_UP(size));
	return area;
}

static void unmap_and_flush(const char *name, unsigned long addr,
                            unsigned long size)
{
	const struct vm_area *area = unmap_range(name, addr, size);

	/* A leaf may have been split: that wants all levels flushed. */
	if (area && area->huge_leaves > 0)
		tlb_flush_all();
	else if (area)
		tlb_flush_range(addr, addr + size);
}

void unmap_kernel_range_noflush(unsigned long addr, unsigned long size)
{
	(void)unmap_range("unmap_kernel_range_noflush", addr, size);
}

void unmap_kernel_range(unsigned long addr, unsigned long size)
{
	unmap_and_flush("unmap_kernel_range", addr, size);
}

void vunmap_range(unsigned long addr, unsigned long end)
{
	unmap_and_flush("vunmap_range", addr, end > addr ? end - addr : 0);
}

static bool is_sparse(const char *name, const struct vm_struct *area)
{
	if (area->flags & VM_SPARSE)
		return true;
	report("%s: the area at %p is not VM_SPARSE", name, area->addr);
	return false;
}

static bool is_inside(const struct vm_struct *area, unsigned long start,
                      unsigned long end)
{
	unsigned long first = (unsigned long)area->addr;

	return start < end && start >= first &&
	       end <= first + get_vm_area_size(area);
}

int vm_area_map_pages(struct vm_struct *area, unsigned long start,
                      unsigned long end, struct page **pages)
{
	if (!is_sparse("vm_area_map_pages", area))
		return -EINVAL;
	if (!is_inside(area, start, end))
		return -ERANGE;
	return map_range("vm_area_map_pages", start, end - start, PAGE_KERNEL,
	                 pages);
}

void vm_area_unmap_pages(struct vm_struct *area, unsigned long start,
                         unsigned long end)
{
	if (!is_sparse("vm_area_unmap_pages", area))
		return;
	if (is_inside(area, start, end))
		vunmap_range(start, end);
	else {
		report("vm_area_unmap_pages: [%#lx, %#lx) is not of the area "
		       "at %p",
		       start, end, area->addr);
	}
}

/* --- questions --------------------------------------------------------- */

struct page *vmalloc_to_page(const void *addr)
{
	paddr_t phys;

	if (!is_vmalloc_addr(addr) ||
	    !vmap_translate((vaddr_t)addr, &phys, NULL) ||
	    !pfn_is_valid(PFN_DOWN(phys)))
		return NULL;
	return phys_to_page(phys);
}

unsigned long vmalloc_to_pfn(const void *addr)
{
	struct page *page = vmalloc_to_page(addr);

	return page ? page_to_pfn(page) : 0;
}

void vmalloc_sync_all(void)
{
	tlb_flush_all();
}
