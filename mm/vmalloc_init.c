/* SPDX-License-Identifier: MIT */
/*
 * Where the vmalloc window lies and when the API begins to work. The window may
 * start at any 2 MiB boundary of its region, chosen by the machine's seed; the
 * API may be called before vmalloc_init(), and then refuses.
 */
#include <linux/vmalloc.h>

#include "core/cmdline.h"
#include "core/machine.h"
#include "core/power.h"
#include "mm/early.h"
#include "mm/kmem.h"
#include "mm/mm_internal.h"
#include "mm/page_alloc.h"
#include "mm/vm_map_ram.h"

unsigned long vmalloc_window_start;
static struct vmap_hart boot_vmap;
static bool huge_enabled;

bool vmap_huge_enabled(void)
{
	return huge_enabled;
}

/* One round of a 64-bit mixer, so that near seeds give far windows. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdul;
	return x ^ x >> 33;
}

void vmap_early_init(void)
{
	unsigned long room =
		VMALLOC_REGION_END - VMALLOC_REGION_BASE - VMALLOC_SIZE;
	unsigned long places = room / LEAF_TABLE_SIZE + 1;

	this_hart->local[HART_LOCAL_VMAP] = &boot_vmap;
	vmap_hart_add(&boot_vmap);
	vmalloc_window_start = VMALLOC_REGION_BASE +
	                       mix(machine.seed) % places * LEAF_TABLE_SIZE;
}

/*
 * Memory is short: what the pools hold is page tables and index pages, and with
 * their descriptors gone slabs may be empty.
 */
static bool give_back(void)
{
	unsigned long before = nr_free_pages();

	vmap_drain();
	(void)kmem_shrink();
	return nr_free_pages() > before;
}

void vmalloc_init(void)
{
	const char *huge = cmdline_get("vmap.huge");

	huge_enabled = !huge || huge[1] == 'n';
	if (vmap_init() != 0 || map_ram_init() != 0)
		refuse_boot("too little memory for the vmalloc core: give the "
		            "machine more (QEMU: -m)");
	early_areas_import();
	page_alloc_set_reclaim(give_back);
}
