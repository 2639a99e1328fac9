/* SPDX-License-Identifier: MIT */
/*
 * Misuse of the memory API. Most of it is reported and survived: such acts end
 * with status 0 when exactly the reports came that must. Where the contract says
 * panic, the image dies.
 */
#include <linux/io.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "acts.h"
#include "core/machine.h"
#include "core/report.h"
#include "mm/page.h"
#include "mm/page_alloc.h"

static void end_with(unsigned long reports)
{
	printf("%lu reports\n", report_count());
	exit(report_count() == reports ? 0 : 4);
}

static void double_vfree(void)
{
	char *p = vmalloc(2 * PAGE_SIZE);

	vfree(p);
	vfree(p);
	end_with(1);
}

static void vfree_of_a_vmap(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);

	vfree(vmap(&page, 1, VM_MAP, PAGE_KERNEL));
	end_with(1);
}

static void vunmap_of_a_vmalloc(void)
{
	vunmap(vmalloc(PAGE_SIZE));
	end_with(1);
}

static void vfree_of_device_memory(void)
{
	vfree(ioremap(machine.uart.base, 0x100));
	end_with(1);
}

static void vfree_of_an_interior_page(void)
{
	vfree((char *)vmalloc(2 * PAGE_SIZE) + PAGE_SIZE);
	end_with(1);
}

static void vfree_of_an_unaligned_address(void)
{
	vfree((char *)vmalloc(2 * PAGE_SIZE) + 3);
	end_with(1);
}

static void vfree_of_kmalloc_memory(void)
{
	vfree(kmalloc(100, GFP_KERNEL));
	end_with(1);
}

static void kfree_of_vmalloc_memory(void)
{
	kfree(vmalloc(100));
	end_with(1);
}

static void double_kfree(void)
{
	char *p = kmalloc(100, GFP_KERNEL);

	kfree(p);
	kfree(p);
	end_with(1);
}

static void unmap_ram_with_wrong_count(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 1);
	struct page *pages[2] = { page, page + 1 };

	vm_unmap_ram(vm_map_ram(pages, 2, -1, PAGE_KERNEL), 1);
	end_with(1);
}

static void vmalloc_of_zero(void)
{
	vmalloc(0);
	end_with(1);
}

/* The same call site prints once; all are counted. */
static void three_bad_frees(void)
{
	char *p = vmalloc(PAGE_SIZE);

	for (unsigned int i = 1; i < 4; i++)
		vfree(p + i);
	end_with(3);
}

static void report_with_panic_on_report(void)
{
	vfree((char *)vmalloc(PAGE_SIZE) + 1);
}

static void early_area_after_start(void)
{
	static struct vm_struct vm = { .size = PAGE_SIZE };

	vm_area_register_early(&vm, PAGE_SIZE);
	__asm__ volatile("" : : : "memory"); /* not as a jump */
}

/* B62: a vmalloc address is no DMA address. */
static void virt_to_phys_of_an_area(void)
{
	printf("%lx\n", virt_to_phys(vmalloc(PAGE_SIZE)));
}

const struct act misuse_acts[] = {
	{ "double-vfree", double_vfree },
	{ "vfree-vmap", vfree_of_a_vmap },
	{ "vunmap-vmalloc", vunmap_of_a_vmalloc },
	{ "vfree-ioremap", vfree_of_device_memory },
	{ "vfree-interior", vfree_of_an_interior_page },
	{ "vfree-unaligned", vfree_of_an_unaligned_address },
	{ "vfree-kmalloc", vfree_of_kmalloc_memory },
	{ "kfree-vmalloc", kfree_of_vmalloc_memory },
	{ "double-kfree", double_kfree },
	{ "unmap-ram-count", unmap_ram_with_wrong_count },
	{ "vmalloc-zero", vmalloc_of_zero },
	{ "three-bad-frees", three_bad_frees },
	{ "panic-on-report", report_with_panic_on_report },
	{ "early-area-late", early_area_after_start },
	{ "virt-to-phys", virt_to_phys_of_an_area },
	{ NULL, NULL },
};
