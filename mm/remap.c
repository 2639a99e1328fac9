/* SPDX-License-Identifier: MIT */
/*
 * A second view of pages that vmalloc_user() owns. Linux shows them in a
 * process; here the view lies in the same window, in an area that the caller got
 * with get_vm_area(VM_MAP). Each view holds a reference on each page, so pages
 * outlive the area they came from as long as a view shows them. PTE_HELD marks
 * the entries of views, since the window may hold pages mapped by hand as well.
 *
 * There is no munmap() that would clear a half-made view: a failure undoes it.
 * As with any area, its owner serialises what happens to it.
 */
#include <errno.h>
#include <linux/vmalloc.h>

#include "core/hart.h"
#include "core/report.h"
#include "mm/mm_internal.h"
#include "mm/page.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "mm/vm_index.h"

#define BATCH 64ul

/* Areas whose pages are somebody else's business than the caller's. */
#define NOT_A_WINDOW (VM_ALLOC | VM_IOREMAP | VM_INTERNAL)

/* The area that may be shown into at [start, end), or NULL. */
static struct vm_area *window_area(unsigned long start, unsigned long end)
{
	struct vm_area *area = vm_area_holding(start, end - start);

	return area && !(area->vm.flags & NOT_A_WINDOW) ? area : NULL;
}

/* May pages [pgoff, pgoff + pages) of the area at @addr be shown? (B3, B4) */
static bool source_is_sane(const void *addr, unsigned long pgoff,
                           unsigned long pages)
{
	unsigned long irq_flags = vmap_lock_own();
	struct vm_area *area = vm_index_exact((vaddr_t)addr);
	unsigned long usable = 0;

	if (area && area_is_busy(area) && area->vm.flags & VM_USERMAP)
		usable = area_usable_pages(area);
	vmap_unlock_own(irq_flags);
	return pages <= usable && pgoff <= usable - pages;
}

static bool window_is_sane(const struct vm_area_struct *vma)
{
	return IS_ALIGNED(vma->vm_start | vma->vm_end, PAGE_SIZE) &&
	       vma->vm_start < vma->vm_end && pgprot_is_sane(vma->vm_page_prot);
}

/* Pages mapped from @va on, up to @count, each with a reference more. */
static unsigned long take_pages(vaddr_t va, unsigned long count,
                                struct page **pages)
{
	unsigned long i;

	for (i = 0; i < count; i++) {
		pages[i] = vmalloc_to_page((void *)(va + (i << PAGE_SHIFT)));
		if (!pages[i])
			break;
		get_page(pages[i]);
	}
	return i;
}

static void put_pages(struct page **pages, unsigned long count)
{
	while (count-- > 0)
		put_page(pages[count]);
}

/* Show @count <= BATCH pages that are mapped at @from as page @index on. */
static int map_batch(struct vm_area *window, unsigned long index, vaddr_t from,
                     unsigned long count, pgprot_t prot)
{
	struct page *pages[BATCH];
	unsigned long taken = take_pages(from, count, pages);
	pgprot_t held = __pgprot(pgprot_val(prot) | PTE_HELD);
	int err = -EINVAL;

	if (taken == count)
		err = vm_area_map_page_array(window, index, pages, count, held);
	if (err)
		put_pages(pages, taken);
	return err;
}

/* The page that a view shows at @va, or NULL. */
static struct page *held_page(vaddr_t va)
{
	unsigned int level;
	const pte_t *pte = pgtable_lookup(va, &level);

	return pte && *pte & PTE_HELD ? vmalloc_to_page((void *)va) : NULL;
}

/* Clear @count <= BATCH pages of the window and drop what they held. */
static void unmap_batch(struct vm_area *window, unsigned long index,
                        unsigned long count)
{
	vaddr_t va = area_start(window) + (index << PAGE_SHIFT);
	struct page *pages[BATCH];
	unsigned long found = 0;
	unsigned long i;

	for (i = 0; i < count; i++) {
		struct page *page = held_page(va + (i << PAGE_SHIFT));

		if (page)
			pages[found++] = page;
	}
	if (found == 0)
		return;
	vm_area_clear(window, index, count);
	tlb_flush_range(va, va + (count << PAGE_SHIFT));
	put_pages(pages, found);
}

static void unmap_pages(struct vm_area *window, unsigned long index,
                        unsigned long count)
{
	while (count > 0) {
		unsigned long now = count < BATCH ? count : BATCH;

		unmap_batch(window, index, now);
		index += now;
		count -= now;
	}
}

static int map_pages(struct vm_area *window, unsigned long index, vaddr_t from,
                     unsigned long count, pgprot_t prot)
{
	unsigned long done = 0;

	while (done < count) {
		unsigned long now = count - done < BATCH ? count - done : BATCH;
		int err = map_batch(window, index + done,
		                    from + (done << PAGE_SHIFT), now, prot);

		if (err) {
			unmap_pages(window, index, done);
			return err;
		}
		done += now;
	}
	return 0;
}

int remap_vmalloc_range(struct vm_area_struct *vma, void *addr,
                        unsigned long pgoff)
{
	struct vm_area *window;
	unsigned long pages;
	unsigned long index;
	int err;

	if (in_interrupt()) {
		report("remap_vmalloc_range(%p): called in an interrupt", addr);
		return -EINVAL;
	}
	if (!vma || !window_is_sane(vma))
		return -EINVAL;
	pages = (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
	if (!source_is_sane(addr, pgoff, pages))
		return -EINVAL;
	window = window_area(vma->vm_start, vma->vm_end);
	if (!window)
		return -EFAULT;
	if (!pgtable_is_clear(vma->vm_start, pages << PAGE_SHIFT))
		return -EBUSY;
	index = (vma->vm_start - area_start(window)) >> PAGE_SHIFT;
	err = map_pages(window, index, (vaddr_t)addr + (pgoff << PAGE_SHIFT),
	                pages, vma->vm_page_prot);
	if (err)
		return err;
	window->vm.flags |= VM_WINDOW;
	window->vm.flags &= ~VM_PLAIN;
	vma->vm_flags |= VM_DONTEXPAND | VM_DONTDUMP;
	return 0;
}

void remap_drop_views(struct vm_area *window)
{
	unmap_pages(window, 0, area_usable_pages(window));
}

void unmap_vmalloc_range(struct vm_area_struct *vma)
{
	struct vm_area *window = NULL;

	if (in_interrupt()) {
		report("unmap_vmalloc_range: called in an interrupt");
		return;
	}
	if (vma && window_is_sane(vma))
		window = window_area(vma->vm_start, vma->vm_end);
	if (!window || !(window->vm.flags & VM_WINDOW)) {
		report("unmap_vmalloc_range: [%#lx, %#lx) is no window of "
		       "remap_vmalloc_range()",
		       vma ? vma->vm_start : 0, vma ? vma->vm_end : 0);
		return;
	}
	unmap_pages(window, (vma->vm_start - area_start(window)) >> PAGE_SHIFT,
	            (vma->vm_end - vma->vm_start) >> PAGE_SHIFT);
}
