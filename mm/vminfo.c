/* SPDX-License-Identifier: MIT */
/*
 * Sums: who has the memory, and how often what was done. The names of the window
 * are those of Linux's /proc/meminfo (VmallocTotal, VmallocUsed, VmallocChunk),
 * which later kernels print as 0 because they would have to search.
 */
#include "mm/vminfo.h"

#include <linux/vmalloc.h>
#include <string.h>

#include "core/machine.h"
#include "core/report.h"
#include "lib/lines.h"
#include "lib/printf.h"
#include "mm/kmem.h"
#include "mm/memblock.h"
#include "mm/page_alloc.h"
#include "mm/page_internal.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "mm/vm_index.h"
#include "mm/vm_map_ram.h"
#include "mm/vspace.h"

/* As /proc/meminfo has it: values end in one column. */
static void say_kb(const struct lines *out, const char *name,
                   unsigned long pages)
{
	const int width = 23 - (int)strlen(name);

	lines_say(out, "%s:%*lu kB", name, width, pages << (PAGE_SHIFT - 10));
}

static void say_number(const struct lines *out, const char *name,
                       unsigned long number)
{
	const int width = 23 - (int)strlen(name);

	lines_say(out, "%s:%*lu", name, width, number);
}

static void say_count(const struct lines *out, const char *name,
                      unsigned long count)
{
	lines_say(out, "%-24s %lu", name, count);
}

static void show_pages(const struct lines *out)
{
	unsigned long blocks[MAX_ORDER + 1];
	unsigned long cached;

	page_alloc_stats(blocks, &cached);
	say_kb(out, "MemTotal", nr_total_pages());
	say_kb(out, "MemFree", nr_free_pages());
	say_kb(out, "MemAvailable", nr_free_pages());
	say_kb(out, "MemUsed", memory_used_pages());
	say_kb(out, "MemFreeBelow4G", nr_free_pages_below_4g());
	say_kb(out, "MemUntouched", memblock_free_pages());
	say_kb(out, "PagesCached", cached);
	say_kb(out, "SwapTotal", 0);
	say_kb(out, "SwapFree", 0);
	say_kb(out, "Slab", kmem_slab_pages());
	say_kb(out, "PageTables", pgtable_pages());
}

static void show_window(const struct lines *out)
{
	unsigned long used = VMALLOC_SIZE - vspace_free_bytes();
	struct vmap_counters counters;

	vmap_read_counters(&counters);
	say_kb(out, "VmallocTotal", VMALLOC_SIZE >> PAGE_SHIFT);
	say_kb(out, "VmallocUsed", used >> PAGE_SHIFT);
	say_kb(out, "VmallocChunk", vspace_largest() >> PAGE_SHIFT);
	say_kb(out, "VmallocPages", (unsigned long)counters.vmalloc_pages);
	say_kb(out, "VmallocLazy", counters.lazy_pages);
	say_kb(out, "VmallocIndex", vm_index_pages());
	say_number(out, "VmallocAreas", (unsigned long)counters.busy_areas);
	say_number(out, "VmallocLazyAreas", counters.lazy_areas);
	say_number(out, "VmallocHoles", vspace_holes());
}

static void show_map_ram(const struct lines *out)
{
	struct map_ram_stats stats;

	map_ram_read_stats(&stats);
	say_kb(out, "MapRam", stats.live_pages);
	say_kb(out, "MapRamDirty", stats.dirty_pages);
	say_number(out, "MapRamBlocks", stats.blocks);
	say_number(out, "MapRamMappings", stats.live_mappings);
}

/* Free pages do not count what the untouched ones will need to be used. */
unsigned long memory_used_pages(void)
{
	unsigned long image = machine.image.end - machine.image.start;
	unsigned long unused =
		nr_free_pages() + vmemmap_pages_owed(memblock_free_pages());

	return (image >> PAGE_SHIFT) + nr_total_pages() - unused;
}

void meminfo_show(vminfo_emit *emit, void *context)
{
	const struct lines out = { emit, context };

	show_pages(&out);
	show_window(&out);
	show_map_ram(&out);
}

/* Both zones as one: a block is cut where they meet. */
void buddyinfo_show(vminfo_emit *emit, void *context)
{
	const struct lines out = { emit, context };
	unsigned long blocks[MAX_ORDER + 1];
	char numbers[(MAX_ORDER + 1) * 21];
	unsigned long cached;
	size_t length = 0;
	unsigned int order;

	page_alloc_stats(blocks, &cached);
	for (order = 0; order <= MAX_ORDER; order++) {
		length += (size_t)ksnprintf(numbers + length,
		                            sizeof(numbers) - length, "%6lu ",
		                            blocks[order]);
	}
	lines_say(&out, "Node 0, zone   Normal %s", numbers);
}

static void show_vmap_counters(const struct lines *out)
{
	struct vmap_counters vmap;

	vmap_read_counters(&vmap);
	say_count(out, "maps", vmap.maps + vmap.map_ram_maps);
	say_count(out, "unmaps", vmap.unmaps + vmap.map_ram_unmaps);
	say_count(out, "map_ram_maps", vmap.map_ram_maps);
	say_count(out, "map_ram_unmaps", vmap.map_ram_unmaps);
	say_count(out, "purges", vmap.purges);
	say_count(out, "purged_pages", vmap.purged_pages);
	say_count(out, "pages_per_purge",
	          vmap.purges ? vmap.purged_pages / vmap.purges : 0);
	say_count(out, "drains", vmap.drains);
	say_count(out, "tables_reclaimed", vmap.tables_reclaimed);
	say_count(out, "pool_misses", vmap.pool_misses);
	say_count(out, "deferred_frees", vmap.deferred);
	say_count(out, "busy_areas", (unsigned long)vmap.busy_areas);
	say_count(out, "lazy_areas", vmap.lazy_areas);
	say_count(out, "lazy_pages", vmap.lazy_pages);
	say_count(out, "vmalloc_pages", (unsigned long)vmap.vmalloc_pages);
}

static void show_tlb_counters(const struct lines *out)
{
	struct tlb_counters tlb;

	tlb_read_counters(&tlb);
	say_count(out, "fences", tlb.local_fences);
	say_count(out, "page_fences", tlb.page_fences);
	say_count(out, "remote_fences", tlb.remote_fences);
	say_count(out, "flushes", tlb.flushes);
	say_count(out, "wake_flushes", tlb.wake_flushes);
	say_count(out, "repaired_faults", tlb.repaired_faults);
}

void counters_show(vminfo_emit *emit, void *context)
{
	const struct lines out = { emit, context };

	show_vmap_counters(&out);
	show_tlb_counters(&out);
	say_count(&out, "reports", report_count());
}
