/* SPDX-License-Identifier: MIT */
/*
 * Device memory: an area of the window whose entries name frames that no
 * struct page stands for. The area starts at a multiple of its own size, so that
 * a large device gets large leaves wherever its physical address allows them.
 *
 * Svpbmt: the ISA string says that the harts know the memory type bits, but
 * firmware decides by menvcfg.PBMTE whether they may be used; where they may
 * not, every access through such an entry faults. S-mode cannot read menvcfg, so
 * the first call tries it once, on a page of RAM (priv. spec 4.4.1, Svpbmt 6).
 *
 * Up to 64 pages are mapped in short (mm/vmap_fast.h). The protection is mostly
 * one of ours and known to be good, so that what is left to ask is the range, and
 * for one below all RAM that is a comparison.
 */
#include <errno.h>
#include <linux/io.h>
#include <linux/vmalloc.h>

#include "core/hart.h"
#include "core/machine.h"
#include "core/report.h"
#include "core/trap.h"
#include "mm/memblock.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/vm_area.h"
#include "mm/vm_index.h"
#include "mm/vmap_fast.h"

#define PHYS_BITS 56 /* Sv39: 44 bits of frame number, priv. spec 4.4.1 */

static unsigned long nocache; /* [A] PAGE_KERNEL_NOCACHE; 0: not tried yet */
static bool purge_at_next_iounmap; /* [A] */

/* --- protection -------------------------------------------------------- */

/* Does a load through an entry with PBMT = IO work? */
static bool try_io_bits(void)
{
	pgprot_t prot = __pgprot(pgprot_val(PAGE_KERNEL_RO) | PTE_PBMT_IO);
	struct page *page = alloc_pages(GFP_KERNEL, 0);
	struct vm_area *area;
	bool works = false;
	char byte;

	if (!page)
		return false;
	area = vm_area_reserve(1, PAGE_SIZE, VM_MAP, GFP_KERNEL, CALLER());
	if (area) {
		if (vm_area_map_page_array(area, 0, &page, 1, prot) == 0)
			works = probe_read(area->vm.addr, &byte, 1) == 0;
		vm_area_unmap(area);
		vm_area_retire(area, CALLER());
	}
	__free_pages(page, 0);
	return works;
}

static unsigned long nocache_known(void)
{
	return __atomic_load_n(&nocache, __ATOMIC_RELAXED);
}

/* Harts that ask at once find the same answer. */
static bool io_bits_work(void)
{
	unsigned long known = nocache_known();

	if (unlikely(!known)) {
		known = pgprot_val(PAGE_KERNEL);
		if (isa_has(ISA_SVPBMT) && try_io_bits())
			known |= PTE_PBMT_IO;
		__atomic_store_n(&nocache, known, __ATOMIC_RELAXED);
	}
	return known & PTE_PBMT_IO;
}

pgprot_t pgprot_noncached(pgprot_t prot)
{
	unsigned long bits = pgprot_val(prot);

	return __pgprot(io_bits_work() ? bits | PTE_PBMT_IO : bits);
}

/* What a device mapping may have: B44, and no bits that only fault. */
static bool prot_is_for_devices(pgprot_t prot)
{
	if (!pgprot_is_sane(prot) || pgprot_val(prot) & PTE_X)
		return false;
	return !(pgprot_val(prot) & PTE_PBMT_IO) || io_bits_work();
}

/* --- mapping ----------------------------------------------------------- */

/*
 * May [phys, phys + size) be mapped as a device? Not beyond what an entry can
 * name, and not RAM, which the direct map has under another memory type.
 */
static bool range_is_for_devices(phys_addr_t phys, size_t size)
{
	phys_addr_t last = phys + (size - 1);

	/* A size of 0 ends before it begins. */
	if (last < phys || last >> PHYS_BITS)
		return false;
	return !memblock_is_ram(ALIGN_DOWN(phys, PAGE_SIZE), last + 1);
}

/* Most devices: no list to look at. Ranges of RAM are sorted. */
static inline bool is_below_ram(phys_addr_t phys, size_t size)
{
	phys_addr_t last = phys + (size - 1);

	return last >= phys && last < machine.memory[0].start;
}

/* Contract 1.9: the power of two from the size up, within bounds. */
static unsigned long align_of(unsigned long pages)
{
	const unsigned long most = 1ul << (IOREMAP_MAX_ORDER - PAGE_SHIFT);
	unsigned long align = 1;

	while (align < pages && align < most)
		align <<= 1;
	return align << PAGE_SHIFT;
}

static bool context_allows(const char *name)
{
	if (likely(!in_interrupt()))
		return true;
	report("%s: called in an interrupt", name);
	return false;
}

static unsigned long pages_of(phys_addr_t phys, size_t size)
{
	return PFN_UP((phys & (PAGE_SIZE - 1)) + size);
}

static void __iomem *at_offset(const struct vm_area *area, phys_addr_t phys)
{
	unsigned long offset = phys & (PAGE_SIZE - 1);

	return (void __force __iomem *)((char *)area->vm.addr + offset);
}

static __noinline void __iomem *map_slowly(phys_addr_t phys, size_t size,
                                           pgprot_t prot, const void *caller)
{
	unsigned long pages = pages_of(phys, size);
	struct vm_area *area;

	vm_area_run_deferred();
	area = vm_area_reserve(pages, align_of(pages), VM_IOREMAP, GFP_KERNEL,
	                       caller);
	if (!area)
		return NULL;
	if (vm_area_map_phys(area, ALIGN_DOWN(phys, PAGE_SIZE), pages, prot) !=
	    0) {
		vm_area_retire(area, caller);
		return NULL;
	}
	area->vm.phys_addr = ALIGN_DOWN(phys, PAGE_SIZE);
	area->vm.requested_size = size;
	vm_area_publish(area);
	return at_offset(area, phys);
}

/* The range is one for devices, @prot too. */
static __noinline void __iomem *map_range(phys_addr_t phys, size_t size,
                                          pgprot_t prot, const void *caller)
{
	unsigned long pages = pages_of(phys, size);
	struct vm_area *area = NULL;

	if (likely(pages <= ENTRIES_MAX) &&
	    !(pages >= NAPOT_PTES && pte_uses_napot())) {
		area = vmap_phys_fast(ALIGN_DOWN(phys, PAGE_SIZE), pages,
		                      align_of(pages), size, VM_IOREMAP, prot,
		                      caller);
	}
	if (likely(area))
		return at_offset(area, phys);
	return map_slowly(phys, size, prot, caller);
}

static __noinline void __iomem *map_if_no_ram(phys_addr_t phys, size_t size,
                                              pgprot_t prot, const void *caller)
{
	if (!range_is_for_devices(phys, size))
		return NULL;
	return map_range(phys, size, prot, caller);
}

static inline void __iomem *map_device(phys_addr_t phys, size_t size,
                                       pgprot_t prot, const void *caller)
{
	if (likely(is_below_ram(phys, size)))
		return map_range(phys, size, prot, caller);
	return map_if_no_ram(phys, size, prot, caller);
}

/* In an interrupt, or the first call of all. */
static __noinline void __iomem *map_first_uncached(phys_addr_t phys,
                                                   size_t size,
                                                   const char *name,
                                                   const void *caller)
{
	if (!context_allows(name))
		return NULL;
	return map_device(phys, size, PAGE_KERNEL_NOCACHE, caller);
}

/* The caller is an argument for the reason given in mm/vmap.c. */
static __noinline void __iomem *map_uncached(phys_addr_t phys, size_t size,
                                             const char *name,
                                             const void *caller)
{
	pgprot_t prot = __pgprot(nocache_known());

	if (unlikely(in_interrupt() || !pgprot_val(prot)))
		return map_first_uncached(phys, size, name, caller);
	return map_device(phys, size, prot, caller);
}

void __iomem *ioremap(phys_addr_t phys, size_t size)
{
	return map_uncached(phys, size, "ioremap", CALLER());
}

void __iomem *ioremap_nocache(phys_addr_t phys, size_t size)
{
	return map_uncached(phys, size, "ioremap_nocache", CALLER());
}

void __iomem *ioremap_wc(phys_addr_t phys, size_t size)
{
	return map_uncached(phys, size, "ioremap_wc", CALLER());
}

void __iomem *ioremap_wt(phys_addr_t phys, size_t size)
{
	return map_uncached(phys, size, "ioremap_wt", CALLER());
}

void __iomem *ioremap_cache(phys_addr_t phys, size_t size)
{
	if (!context_allows("ioremap_cache"))
		return NULL;
	return map_device(phys, size, PAGE_KERNEL, CALLER());
}

void __iomem *ioremap_prot(phys_addr_t phys, size_t size, unsigned long prot)
{
	if (!context_allows("ioremap_prot") ||
	    !prot_is_for_devices(__pgprot(prot)))
		return NULL;
	return map_device(phys, size, __pgprot(prot), CALLER());
}

/* Types that RISC-V does not have. */
void __iomem *ioremap_uc(phys_addr_t phys, size_t size)
{
	(void)phys;
	(void)size;
	return NULL;
}

void __iomem *ioremap_np(phys_addr_t phys, size_t size)
{
	(void)phys;
	(void)size;
	return NULL;
}

/* --- unmapping --------------------------------------------------------- */

/* @area is claimed; thread context. */
static void unmap_device(struct vm_area *area)
{
	vm_area_unmap(area);
	area_drop_pages(area);
	vm_area_retire(area, area->freed_by);
	if (unlikely(READ_ONCE(purge_at_next_iounmap))) {
		WRITE_ONCE(purge_at_next_iounmap, false);
		vmap_purge();
	}
}

static __noinline void iounmap_slowly(void *first_page, const void *caller)
{
	struct vm_area *area;

	if (!is_vmalloc_addr(first_page))
		return;
	area = vm_area_claim(first_page, VM_IOREMAP);
	if (unlikely(!area)) {
		vm_area_report_bad_free("iounmap", first_page);
		return;
	}
	area->freed_by = caller;
	if (unlikely(in_interrupt()))
		vm_area_defer(area, unmap_device);
	else
		unmap_device(area);
}

static __noinline void iounmap_for(void *first_page, const void *caller)
{
	bool owes_purge = false;

	if (unlikely(in_interrupt()) ||
	    unlikely(READ_ONCE(purge_at_next_iounmap)) ||
	    unlikely(!vunmap_fast(first_page, VM_IOREMAP, caller, &owes_purge)))
		iounmap_slowly(first_page, caller);
	else if (unlikely(owes_purge))
		vmap_purge();
}

void iounmap(volatile void __iomem *addr)
{
	iounmap_for((void *)((__force vaddr_t)addr & PAGE_MASK), CALLER());
}

void set_iounmap_nonlazy(void)
{
	WRITE_ONCE(purge_at_next_iounmap, true);
}

/* --- into an area of the caller's --------------------------------------- */

int ioremap_page_range(unsigned long addr, unsigned long end, phys_addr_t phys,
                       pgprot_t prot)
{
	struct vm_area *area;
	int err;

	if (!context_allows("ioremap_page_range"))
		return -EINVAL;
	area = vm_area_holding(addr, 1);
	if (!area || !(area->vm.flags & VM_IOREMAP) ||
	    !IS_ALIGNED(phys, PAGE_SIZE) || !prot_is_for_devices(prot))
		return -EINVAL;
	if (addr != area_start(area) ||
	    end != addr + (area_usable_pages(area) << PAGE_SHIFT))
		return -ERANGE;
	if (!range_is_for_devices(phys, end - addr))
		return -EINVAL;
	if (!pgtable_is_clear(addr, end - addr))
		return -EBUSY;
	err = vm_area_map_phys(area, phys, area_usable_pages(area), prot);
	if (!err)
		area->vm.phys_addr = phys;
	return err;
}
