/* SPDX-License-Identifier: MIT */
/* Deeds that look at what others are doing. */
#include <linux/vmalloc.h>
#include <stdio.h>
#include <string.h>

#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/vm_area.h"
#include "mm/vm_map_ram.h"
#include "pages.h"
#include "stress.h"

/* An address where areas are to be met, or that nobody has. */
static char *anywhere(struct worker *worker)
{
	unsigned long gib =
		worker_choose(worker, 4) ? 0 : worker_choose(worker, 64);

	return (char *)VMALLOC_START + (gib << 30) +
	       worker_random(worker) % (32ul << 20);
}

/* --- vread() and vwrite() ----------------------------------------------------- */

#define COPY_BYTES 600u

static void read_anything(struct worker *worker)
{
	char buf[COPY_BYTES];
	long got = vread(buf, anywhere(worker), sizeof(buf));

	WANT(worker, got == 0 || got == sizeof(buf));
}

/* What vwrite() put into our area is there, and nothing beside it. */
static void copy_once(struct worker *worker)
{
	char out[COPY_BYTES], in[COPY_BYTES];
	unsigned int at = worker_choose(worker, 2 * PAGE_SIZE - COPY_BYTES);
	char *area = vzalloc(2 * PAGE_SIZE);

	read_anything(worker);
	WANT(worker, area);
	if (!area)
		return;
	live_begin(worker, area, 3);
	memset(out, (int)(worker->serial++ | 1), sizeof(out));
	WANT(worker, vwrite(out, area + at, sizeof(out)) == sizeof(out));
	WANT(worker, memcmp(area + at, out, sizeof(out)) == 0);
	WANT(worker, is_all(area, at, 0));
	WANT(worker, is_all(area + at + sizeof(out),
	                    2 * PAGE_SIZE - at - sizeof(out), 0));
	WANT(worker, vread(in, area + at, sizeof(in)) == sizeof(in));
	WANT(worker, memcmp(in, out, sizeof(in)) == 0);
	live_end(worker, area, 3);
	vfree(area);
}

const struct deed deed_copy = { "copy", copy_once, NULL };

/* --- dumps ----------------------------------------------------------------------- */

struct dump {
	struct worker *worker;
	unsigned long end; /* of the line before */
	unsigned int totals;
};

/* "pages=" of a vmalloc area says all of it but the guard. */
static bool pages_fit(const char *line, unsigned long bytes)
{
	const char *word = strstr(line, " pages=");
	unsigned long pages;

	if (!word || !strstr(line, " vmalloc") || strstr(line, "vm_map_ram"))
		return true;
	return sscanf(word, " pages=%lu", &pages) == 1 &&
	       (pages + 1) * PAGE_SIZE == bytes;
}

static void check_line(const char *line, void *context)
{
	struct dump *dump = context;
	unsigned long start, end, bytes;

	if (strncmp(line, "total:", 6) == 0) {
		dump->totals++;
		return;
	}
	if (sscanf(line, "0x%lx-0x%lx %lu", &start, &end, &bytes) != 3) {
		WANT(dump->worker, !"a line that parses");
		return;
	}
	WANT(dump->worker, start >= dump->end && end == start + bytes);
	WANT(dump->worker, start >= VMALLOC_START && end <= VMALLOC_END);
	WANT(dump->worker, pages_fit(line, bytes));
	dump->end = end;
}

static void dump_once(struct worker *worker)
{
	struct dump dump = { .worker = worker };

	vmallocinfo_show(check_line, &dump);
	WANT(worker, dump.totals == 1);
}

const struct deed deed_dump = { "dump", dump_once, NULL };

/* --- walks, lookups, counters --------------------------------------------------------- */

static void check_run(vaddr_t start, vaddr_t end, paddr_t pa, pgprot_t prot,
                      unsigned int level, void *context)
{
	struct worker *worker = context;

	(void)pa;
	WANT(worker, start < end && level <= 2);
	WANT(worker, pgprot_is_sane(prot));
}

/* Tables of addresses that are not ours stay while we hold a vmap lock. */
static void walk_a_gib(struct worker *worker)
{
	vaddr_t start =
		VMALLOC_START + ((vaddr_t)worker_choose(worker, 64) << 30);
	unsigned long irq_flags = vmap_lock_own();

	pgtable_walk_range(start, start + (1ul << 30), check_run, worker);
	vmap_unlock_own(irq_flags);
}

static void read_counters(struct worker *worker)
{
	struct vmap_counters vmap;
	struct map_ram_stats ram;

	vmap_read_counters(&vmap);
	WANT(worker, vmap.busy_areas >= 0 && vmap.vmalloc_pages >= 0);
	WANT(worker, vmap.lazy_pages <= VMALLOC_SIZE >> PAGE_SHIFT);
	map_ram_read_stats(&ram);
	WANT(worker, ram.live_pages >= ram.live_mappings);
}

static void look_once(struct worker *worker)
{
	char *at = anywhere(worker);
	struct page *page = vmalloc_to_page(at);

	/* Whose it was may be over by now; that it is a page is not. */
	WANT(worker, !page || page_is_valid(page));
	(void)find_vm_area(at);
	(void)find_vm_area_containing(at);
	if (worker_choose(worker, 8) == 0)
		read_counters(worker);
	if (worker_choose(worker, 16) == 0)
		walk_a_gib(worker);
}

const struct deed deed_look = { "look", look_once, NULL };
