/* SPDX-License-Identifier: MIT */
/*
 * The invariants of the vmalloc core, and where each is proved:
 *
 *   I-1  no overlap        thing_add(), every step; vmap_check()
 *   I-2  guards            adopt_done(), op_touch(); vmap_check()
 *   I-3  entries           adopt_entry(), check_unmapped(); check_entries()
 *   I-4  pages             check_sums(); the end of a run
 *   I-5  one owner         frame_take(); frames_check()
 *   I-6  alignment, window take_result(), adopt_device()
 *   I-7  lowest fit        op_vmalloc_range(), where no pool is asked
 *   I-8  hole tree         vmap_check(): hole_tree_is_sound()
 *   I-9  reuse             host: machine_check_fresh(); image: contents
 *   I-10 no stale alias    op_aliases(); host: machine_check_flushed()
 *   I-11 new mapping seen  adopt_done() from another hart
 *   I-12 misuse is inert   op_misuse()
 *   I-13 vread, vwrite     op_read(), op_write()
 *   I-14 zeroes            contents_check_zero()
 *   I-15 counters          check_counters(); vmap_check()
 *   I-16 vmallocinfo       check_vmallocinfo()
 *   I-17 any order         the end of a run: all is freed in random order
 *   I-18 failing halfway   injected failures, then check_sums()
 *   I-19 bounded work      flushes_check(); instructions: tests/cost
 *   I-20 freed tables      host: machine_check_step(), at each fence and lock
 *   I-21 large leaves      check_entries()
 *   I-22 locks             CONFIG_LOCK_DEBUG; host: no lock held at a fence
 *   I-23 concurrency       not here: one call at a time. tests/mm/concurrency
 */
#include <linux/vmalloc.h>
#include <stdio.h>
#include <string.h>

#include "mm/kmem.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/vm_area.h"
#include "mm/vm_index.h"
#include "mm/vm_map_ram.h"
#include "mm/vm_walk.h"
#include "mm/vspace.h"
#include "model.h"

/* --- entries --------------------------------------------------------------- */

static unsigned long pages_seen;

static void check_run(vaddr_t start, vaddr_t end, paddr_t pa, pgprot_t prot,
                      unsigned int level, void *unused)
{
	const struct thing *thing = thing_at(start);

	(void)unused;
	if (is_strange(start, end))
		return;
	MUST(IS_ALIGNED(start | pa | end, LEVEL_SIZE(level)),
	     "I-21: a leaf of level %u at %#lx", level, start);
	for (vaddr_t va = start; va < end; va += PAGE_SIZE) {
		const struct cell *cell = cell_at(va);

		MUST(cell && cell->pte == pte_make(pa + (va - start), prot),
		     "I-3: %#lx leads to %#lx with %#lx, the model has %#lx",
		     va, pa + (va - start), pgprot_val(prot),
		     cell ? cell->pte : 0);
		MUST(level == 0 || cell->thing == thing,
		     "I-21: the leaf at %#lx is of two areas", va);
		pages_seen++;
	}
}

static void check_entries(void)
{
	pages_seen = 0;
	pgtable_walk_range(VMALLOC_START, VMALLOC_END, check_run, NULL);
	MUST(pages_seen == cells_mapped(), "I-3: %lu pages mapped, not %lu",
	     pages_seen, cells_mapped());
}

/* --- sums -------------------------------------------------------------------- */

static unsigned long all_pages;
static long base_busy_areas;
static unsigned long base_vmalloc_pages;
static unsigned long base_map_ram;

static unsigned long sum_of_pages(void)
{
	return nr_free_pages() + kmem_slab_pages() + pgtable_pages() +
	       vm_index_pages() + frames_owned() + hogged_pages();
}

static void check_sums(void)
{
	MUST(sum_of_pages() == all_pages,
	     "I-4: %lu pages, were %lu (free %lu, owned %lu, tables %lu)",
	     sum_of_pages(), all_pages, nr_free_pages(), frames_owned(),
	     pgtable_pages());
}

static unsigned long largest_hole(void)
{
	struct area_note notes[32];
	vaddr_t hole = VMALLOC_START + PAGE_SIZE;
	unsigned long largest = 0;
	unsigned int count;

	do {
		count = vm_walk(hole, notes, ARRAY_SIZE(notes));
		for (unsigned int i = 0; i < count; i++) {
			if (notes[i].start - hole > largest)
				largest = notes[i].start - hole;
			hole = notes[i].end;
		}
	} while (count == ARRAY_SIZE(notes));
	return VMALLOC_END - hole > largest ? VMALLOC_END - hole : largest;
}

static void check_counters(void)
{
	struct vmap_counters counters;
	long areas = base_busy_areas;
	unsigned long pages = base_vmalloc_pages;
	unsigned long mappings = base_map_ram;

	for (const struct thing *thing = things; thing < things + MODEL_THINGS;
	     thing++) {
		if (!thing->live)
			continue;
		if (thing->kind == THING_RAM && thing->pages <= VMAP_MAX_ALLOC)
			mappings++;
		else
			areas++;
		if (thing->kind == THING_VMALLOC || thing->kind == THING_ARRAY)
			pages += thing->pages;
	}
	vmap_read_counters(&counters);
	MUST(counters.busy_areas == areas, "I-15: %ld areas, not %ld",
	     counters.busy_areas, areas);
	MUST(vmalloc_nr_pages() == pages, "I-15: %lu vmalloc pages, not %lu",
	     vmalloc_nr_pages(), pages);
	MUST(counters.map_ram_maps - counters.map_ram_unmaps == mappings,
	     "I-15: %lu vm_map_ram mappings, not %lu",
	     counters.map_ram_maps - counters.map_ram_unmaps, mappings);
	/* Each hart's limit, purges that are under way, and one request. */
	MUST(counters.lazy_pages <=
	             6 * machine_harts() * vmap_lazy_max_pages() +
	                     nr_total_pages(),
	     "I-15: %lu lazy pages", counters.lazy_pages);
	MUST(vspace_largest() == largest_hole(),
	     "I-15: the largest hole has %#lx bytes, not %#lx",
	     vspace_largest(), largest_hole());
}

/* --- vmallocinfo -------------------------------------------------------------- */

static unsigned long lines_of_things;
static vaddr_t last_start;

static void check_word(const char *line, const char *word, bool want)
{
	MUST(!!strstr(line, word) == want, "I-16: \"%s\": %s \"%s\"", line,
	     want ? "without" : "with", word);
}

static void check_area_line(const char *line, const struct thing *thing,
                            vaddr_t end, unsigned long size)
{
	const char *pages = strstr(line, " pages=");
	unsigned long count = 0;

	MUST(thing && end == thing_end(thing) && size == end - thing->start,
	     "I-16: \"%s\" is no area of ours", line);
	if (pages)
		sscanf(pages, " pages=%lu", &count);
	MUST(count == (thing->kind == THING_VMALLOC ||
	                               thing->kind == THING_ARRAY ||
	                               thing->kind == THING_PUT
	                       ? thing->pages
	                       : 0),
	     "I-16: \"%s\": %lu pages", line, count);
	check_word(line, " ioremap", thing->flags & VM_IOREMAP);
	check_word(line, " user", thing->flags & VM_USERMAP);
	check_word(line, " sparse", thing->flags & VM_SPARSE);
	check_word(line, " vmap", thing->flags & VM_MAP);
	lines_of_things++;
}

static void check_line(const char *line, void *unused)
{
	unsigned long start, end, size;

	(void)unused;
	if (strncmp(line, "total:", 6) == 0)
		return;
	MUST(sscanf(line, "0x%lx-0x%lx %lu", &start, &end, &size) == 3,
	     "I-16: \"%s\"", line);
	MUST(start >= last_start, "I-16: \"%s\" is out of order", line);
	last_start = end;
	if (!is_strange(start, end) && !strstr(line, " vm_map_ram"))
		check_area_line(line, thing_at(start), end, size);
}

void check_vmallocinfo(void)
{
	unsigned long areas = 0;

	for (unsigned int i = 0; i < MODEL_THINGS; i++)
		areas += things[i].live && things[i].vm;
	lines_of_things = 0;
	last_start = 0;
	vmallocinfo_show(check_line, NULL);
	MUST(lines_of_things == areas, "I-16: %lu lines for %lu areas",
	     lines_of_things, areas);
}

/* --- all of it ----------------------------------------------------------------- */

static void run_deferred_frees(void)
{
	for (unsigned int hart = 0; hart < machine_harts(); hart++) {
		machine_switch(hart);
		vm_area_run_deferred();
	}
}

void check_begin(void)
{
	struct vmap_counters counters;

	vmap_read_counters(&counters);
	all_pages = sum_of_pages();
	base_busy_areas = counters.busy_areas;
	base_vmalloc_pages = (unsigned long)counters.vmalloc_pages;
	base_map_ram = counters.map_ram_maps - counters.map_ram_unmaps;
	flushes_begin();
}

void check_step(void)
{
	expectations_check();
	machine_check_step();
}

void check_everything(void)
{
	run_deferred_frees();
	vmap_check();
	pgtable_check();
	page_alloc_check();
	kmem_check();
	check_entries();
	check_sums();
	check_counters();
	frames_check();
	flushes_check();
	for (unsigned int i = 0; i < MODEL_THINGS; i++)
		if (things[i].live && things[i].vm)
			check_descriptor(&things[i]);
	machine_check_step();
}
