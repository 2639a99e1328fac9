/* SPDX-License-Identifier: MIT */
/*
 * The first page tables, built at physical addresses: the image with one
 * permission a page, and the device tree, read-only. Everything else is mapped
 * later by mm/.
 *
 * Whole 2 MiB slots inside one section become one leaf; a slot with a section
 * boundary, or less than full, takes a leaf table. Four sections have five
 * boundaries; more tables serve an image that lies at no 2 MiB boundary.
 */
#include "arch/early_map.h"

#include <libfdt.h>
#include <stdbool.h>

#include "arch/asm_offsets.h"
#include "arch/csr.h"
#include "arch/memmap.h"
#include "arch/pte.h"
#include "arch/sections.h"
#include "boot/boot_asm.h"
#include "lib/page_ops.h"

uint64_t kernel_root[512] __aligned(PAGE_SIZE);
unsigned int early_tables_used;
uint64_t early_image_phys;

static pte_t image_table[512] __aligned(PAGE_SIZE);
static unsigned int leaf_tables_used;

_Static_assert(FIXMAP_BASE >> LEVEL_SHIFT(2) == IMAGE_BASE >> LEVEL_SHIFT(2),
               "image_table maps both");

static pte_t *leaf_table_for(pte_t *slot)
{
	pte_t *table;

	if (pte_is_valid(*slot))
		return (pte_t *)pte_phys(*slot);
	if (&early_leaf_tables[leaf_tables_used] == early_leaf_tables_end)
		early_fail("the image is too big for the first page tables");
	table = early_leaf_tables[leaf_tables_used++];
	clear_page(table);
	*slot = pte_make_table((uintptr_t)table);
	return table;
}

/* Map [start, end), physical and page aligned, at its link address. */
static void map_section(const char *start, const char *end, unsigned long prot)
{
	uint64_t pa = (uintptr_t)start;
	uint64_t to_virtual = IMAGE_BASE - early_image_phys;

	while (pa < (uintptr_t)end) {
		vaddr_t va = pa + to_virtual;
		pte_t *slot = &image_table[pte_index(va, 1)];

		if (IS_ALIGNED(va | pa, LEVEL_SIZE(1)) &&
		    (uintptr_t)end - pa >= LEVEL_SIZE(1)) {
			*slot = pte_make(pa, __pgprot(prot));
			pa += LEVEL_SIZE(1);
			continue;
		}
		leaf_table_for(slot)[pte_index(va, 0)] =
			pte_make(pa, __pgprot(prot));
		pa += PAGE_SIZE;
	}
}

static const char *page_up(const char *address)
{
	return (const char *)ALIGN_UP((uintptr_t)address, PAGE_SIZE);
}

static void map_image(void)
{
	const unsigned long ro = PTE_KERNEL_BASE;
	const unsigned long rw = PTE_KERNEL_BASE | PTE_W;

	map_section(__text_start, page_up(__text_end), ro | PTE_X);
	map_section(__data_start, page_up(__data_end), rw);
	map_section(__rodata_start, page_up(__rodata_end), ro);
	map_section(__bss_start, page_up(__bss_end), rw);
}

/* Two 2 MiB leaves hold a tree of up to 2 MiB at any place; one if it fits. */
static void map_tree(uint64_t fdt_phys)
{
	pte_t *slot = &image_table[pte_index(FIXMAP_BASE, 1)];
	uint64_t end = fdt_phys + fdt_totalsize((const void *)fdt_phys);
	uint64_t base = ALIGN_DOWN(fdt_phys, LEVEL_SIZE(1));

	if (end - base > 2 * LEVEL_SIZE(1))
		early_fail("the device tree is larger than 2 MiB");
	slot[0] = pte_make(base, PAGE_KERNEL_RO);
	if (end - base > LEVEL_SIZE(1))
		slot[1] = pte_make(base + LEVEL_SIZE(1), PAGE_KERNEL_RO);
}

/* Returns the value for satp. ASID 0: there is one address space. */
uint64_t early_map(uint64_t image_phys, uint64_t fdt_phys)
{
	early_image_phys = image_phys;
	kernel_root[pte_index(IMAGE_BASE, 2)] =
		pte_make_table((uintptr_t)image_table);
	map_image();
	map_tree(fdt_phys);
	early_tables_used = 2 + leaf_tables_used;
	return SATP_MODE_SV39 | (uintptr_t)kernel_root >> PAGE_SHIFT;
}
