/* SPDX-License-Identifier: MIT */
/*
 * The address space as a picture. First the regions from the top down, then the
 * window: clusters of areas, each drawn in rows of cells, holes between clusters
 * told in words. A cell stands for a power of two of pages, chosen so that a
 * cluster needs ROWS rows at most; its letter is what has most pages in it.
 */
#include <linux/vmalloc.h>
#include <stdarg.h>
#include <string.h>

#include "arch/sections.h"
#include "core/machine.h"
#include "lib/human.h"
#include "lib/printf.h"
#include "mm/page_alloc.h"
#include "mm/vm_walk.h"
#include "mm/vminfo.h"
#include "mm/vspace.h"

#define BATCH           4u
#define ROWS            8u
#define ADDRESS_COLUMNS 20u /* before the first cell of a row */
#define MIN_COLUMNS     16u
#define MAX_COLUMNS     128u
/* A hole of at least this many bytes ends a cluster. */
#define GAP (64ul << 20)

/* What a cell may show besides the kinds of areas. */
enum { CELL_GUARD = KINDS, CELL_FREE, CELLS };

static const char letters[CELLS + 1] = "vmirpeas~|.";

struct picture {
	vminfo_emit *emit;
	void *context;
	unsigned int columns;
	/* The cluster being drawn: */
	unsigned long cell_bytes;
	vaddr_t row_start;
	vaddr_t at;                   /* drawn up to here */
	unsigned long in_cell[CELLS]; /* bytes of the running cell by content */
	unsigned int cells;           /* in row */
	char row[MAX_COLUMNS + 1];
};

static void say(const struct picture *pic, const char *format, ...)
	__printf_like(2, 3);

static void say(const struct picture *pic, const char *format, ...)
{
	char line[MAX_COLUMNS + 32];
	va_list args;

	va_start(args, format);
	kvsnprintf(line, sizeof(line), format, args);
	va_end(args);
	pic->emit(line, pic->context);
}

/* --- regions ------------------------------------------------------------ */

static void show_region(const struct picture *pic, const char *name,
                        vaddr_t start, size_t bytes, const char *what)
{
	char size[HUMAN_BYTES];

	say(pic, "0x%016lx  %-14s %9s  %s", start, name,
	    human_size(size, bytes), what);
}

static void show_section(const struct picture *pic, const char *name,
                         const char *start, const char *end, const char *what)
{
	show_region(pic, name, (vaddr_t)start, (size_t)(end - start), what);
}

static void show_direct_map(const struct picture *pic)
{
	unsigned int i;

	for (i = machine.nr_memory; i-- > 0;) {
		show_region(pic, "direct map",
		            DIRECT_BASE + machine.memory[i].start,
		            machine.memory[i].end - machine.memory[i].start,
		            "RW  RAM as it lies in the machine");
	}
}

static void show_regions(const struct picture *pic)
{
	show_region(pic, "fixmap", FIXMAP_BASE, 2 * LEAF_TABLE_SIZE,
	            "R   device tree");
	show_section(pic, "image .bss", __bss_start, __bss_end, "RW");
	show_section(pic, "image .rodata", __rodata_start, __rodata_end, "R");
	show_section(pic, "image .data", __data_start, __data_end, "RW");
	show_section(pic, "image .text", __text_start, __text_end, "RX");
	show_region(pic, "page structs", VMEMMAP_BASE,
	            nr_total_pages() * sizeof(struct page),
	            "RW  backed on demand");
	show_direct_map(pic);
	show_region(pic, "vmalloc window", VMALLOC_START, VMALLOC_SIZE,
	            "    drawn below");
	say(pic, "0x%016lx  %-14s %9s      every access faults", 0ul,
	    "low half", "256 GiB");
}

/* --- cells -------------------------------------------------------------- */

/* The content with most bytes; free only where nothing else is. */
static char cell_letter(const unsigned long *in_cell)
{
	unsigned int best = CELL_FREE;
	unsigned int i;

	for (i = 0; i < CELL_FREE; i++) {
		if (in_cell[i] > 0 &&
		    (best == CELL_FREE || in_cell[i] > in_cell[best]))
			best = i;
	}
	return letters[best];
}

static void row_end(struct picture *pic)
{
	pic->row[pic->cells] = '\0';
	if (pic->cells > 0)
		say(pic, "0x%016lx  %s", pic->row_start, pic->row);
	pic->row_start = pic->at;
	pic->cells = 0;
}

static void cell_end(struct picture *pic)
{
	pic->row[pic->cells++] = cell_letter(pic->in_cell);
	memset(pic->in_cell, 0, sizeof(pic->in_cell));
	if (pic->cells == pic->columns)
		row_end(pic);
}

/* Draw [pic->at, end) with one content. */
static void paint(struct picture *pic, vaddr_t end, unsigned int content)
{
	while (pic->at < end) {
		vaddr_t cell =
			ALIGN_DOWN(pic->at, pic->cell_bytes) + pic->cell_bytes;
		vaddr_t stop = cell < end ? cell : end;

		pic->in_cell[content] += stop - pic->at;
		pic->at = stop;
		if (stop == cell)
			cell_end(pic);
	}
}

static void paint_area(struct picture *pic, const struct area_note *note)
{
	vaddr_t guard = note->end - (note->guarded ? PAGE_SIZE : 0);

	paint(pic, note->start, CELL_FREE);
	paint(pic, guard, note->kind);
	paint(pic, note->end, CELL_GUARD);
}

/* --- clusters ----------------------------------------------------------- */

struct cluster {
	vaddr_t start;
	vaddr_t end;
	unsigned long areas;
};

/* The areas from @from on up to the first gap; false: there are none. */
static bool find_cluster(vaddr_t from, struct cluster *out)
{
	struct area_note notes[BATCH];
	unsigned int count;
	unsigned int i;

	out->areas = 0;
	do {
		count = vm_walk(from, notes, BATCH);
		for (i = 0; i < count; i++) {
			if (out->areas == 0)
				out->start = notes[i].start;
			else if (notes[i].start - out->end >= GAP)
				return true;
			out->end = notes[i].end;
			out->areas++;
			from = notes[i].end;
		}
	} while (count == BATCH);
	return out->areas > 0;
}

static unsigned long cell_bytes_for(unsigned long bytes, unsigned int columns)
{
	unsigned long cell = PAGE_SIZE;

	while (bytes / cell > (unsigned long)columns * (ROWS - 1))
		cell *= 2;
	return cell;
}

/* Areas may come and go meanwhile: what is drawn stays inside the cluster. */
static void draw_cluster(struct picture *pic, const struct cluster *cluster)
{
	struct area_note notes[BATCH];
	vaddr_t from = cluster->start;
	char size[HUMAN_BYTES];
	char cell[HUMAN_BYTES];
	unsigned int count;
	unsigned int i;

	pic->cell_bytes =
		cell_bytes_for(cluster->end - cluster->start, pic->columns);
	pic->at = ALIGN_DOWN(cluster->start, pic->cell_bytes);
	pic->row_start = pic->at;
	pic->cells = 0;
	memset(pic->in_cell, 0, sizeof(pic->in_cell));
	say(pic, "-- %lu areas in %s, a character is %s", cluster->areas,
	    human_size(size, cluster->end - cluster->start),
	    human_size(cell, pic->cell_bytes));
	do {
		count = vm_walk(from, notes, BATCH);
		for (i = 0; i < count && notes[i].end <= cluster->end; i++) {
			paint_area(pic, &notes[i]);
			from = notes[i].end;
		}
	} while (count == BATCH && i == BATCH);
	if (!IS_ALIGNED(pic->at, pic->cell_bytes))
		cell_end(pic);
	row_end(pic);
}

static void draw_hole(const struct picture *pic, vaddr_t start, vaddr_t end)
{
	if (end - start >= GAP) {
		char size[HUMAN_BYTES];

		say(pic, "-- %s free", human_size(size, end - start));
	}
}

static void draw_window(struct picture *pic)
{
	vaddr_t from = VMALLOC_START;
	struct cluster cluster;
	char largest[HUMAN_BYTES];
	char all[HUMAN_BYTES];

	while (find_cluster(from, &cluster)) {
		draw_hole(pic, from, cluster.start);
		draw_cluster(pic, &cluster);
		from = cluster.end;
	}
	draw_hole(pic, from, VMALLOC_END);
	say(pic, "free %s in %lu holes, the largest %s",
	    human_size(all, vspace_free_bytes()), vspace_holes(),
	    human_size(largest, vspace_largest()));
}

void addrmap_show(unsigned int columns, vminfo_emit *emit, void *context)
{
	struct picture pic = { .emit = emit, .context = context };

	columns = columns > ADDRESS_COLUMNS ? columns - ADDRESS_COLUMNS : 0;
	columns = ALIGN_DOWN(columns, MIN_COLUMNS);
	if (columns < MIN_COLUMNS)
		columns = MIN_COLUMNS;
	pic.columns = columns < MAX_COLUMNS ? columns : MAX_COLUMNS;
	show_regions(&pic);
	say(&pic, "%s", "");
	draw_window(&pic);
	say(&pic, "v vmalloc  m vmap  i ioremap  r vm_map_ram  p per-CPU  "
	          "e early  a mmap  s reserved");
	say(&pic, "~ freed, address not reusable yet  | guard  . free");
}
