/* SPDX-License-Identifier: MIT */
/*
 * Which thing has which page of the window: a hash table of cells by page
 * number. Two things that want the same page meet here (I-1).
 */
#include <string.h>

#include "mm/vm_walk.h"
#include "model.h"

#define SLOTS (2 * MODEL_CELLS)

struct thing things[MODEL_THINGS];

static struct cell cells[SLOTS];
static unsigned long nr_cells;
static unsigned long nr_mapped;
static unsigned int nr_things;
static struct stale stale[STALE_RANGES];
static unsigned int nr_stale;

/* --- cells ------------------------------------------------------------- */

static unsigned int home(unsigned long vpn)
{
	return (vpn * 0x9e3779b97f4a7c15ul >> 40) % SLOTS;
}

/* The cell of @vpn, or the unused one where it would be. */
static struct cell *find(unsigned long vpn)
{
	unsigned int slot = home(vpn);

	while (cells[slot].vpn && cells[slot].vpn != vpn)
		slot = (slot + 1) % SLOTS;
	return &cells[slot];
}

struct cell *cell_at(vaddr_t va)
{
	struct cell *cell = find(va >> PAGE_SHIFT);

	return cell->vpn ? cell : NULL;
}

void cell_set(struct cell *cell, pte_t pte)
{
	nr_mapped += (pte != 0) - (cell->pte != 0);
	cell->pte = pte;
}

unsigned long cells_mapped(void)
{
	return nr_mapped;
}

static void cell_add(vaddr_t va, struct thing *thing)
{
	struct cell *cell = find(va >> PAGE_SHIFT);

	MUST(!cell->vpn, "I-1: %#lx is in two areas: at %#lx and %#lx", va,
	     cell->thing->start, thing->start);
	MUST(nr_cells < SLOTS - 1, "the model has no cell left");
	*cell = (struct cell){ .vpn = va >> PAGE_SHIFT, .thing = thing };
	nr_cells++;
}

/* Close the gap: what was pushed on by this one moves back. */
static void cell_drop(vaddr_t va)
{
	struct cell *cell = find(va >> PAGE_SHIFT);
	unsigned int gap = cell - cells;
	unsigned int slot = gap;

	cell_set(cell, 0);
	*cell = (struct cell){ 0 };
	nr_cells--;
	for (;;) {
		unsigned int wanted;

		slot = (slot + 1) % SLOTS;
		if (!cells[slot].vpn)
			return;
		wanted = home(cells[slot].vpn);
		if ((slot - wanted) % SLOTS < (slot - gap) % SLOTS)
			continue;
		cells[gap] = cells[slot];
		cells[slot] = (struct cell){ 0 };
		gap = slot;
	}
}

/* --- things ------------------------------------------------------------ */

bool things_have_room(unsigned long pages)
{
	/* A set of three ranges, or an area and the array that mm makes. */
	return nr_things + 4 <= MODEL_THINGS &&
	       nr_cells + pages + 16 <= MODEL_CELLS;
}

static void must_be_inside(const struct thing *thing)
{
	MUST(IS_ALIGNED(thing->start, PAGE_SIZE), "%#lx is not aligned",
	     thing->start);
	MUST(thing->start >= VMALLOC_START + PAGE_SIZE &&
	             thing_end(thing) <= VMALLOC_END &&
	             thing->start < thing_end(thing),
	     "[%#lx, %#lx) is not in the window", thing->start,
	     thing_end(thing));
	MUST(!is_strange(thing->start, thing_end(thing)),
	     "I-1: [%#lx, %#lx) is somebody else's", thing->start,
	     thing_end(thing));
}

struct thing *thing_add(enum thing_kind kind, vaddr_t start,
                        unsigned long pages, bool guarded)
{
	struct thing *thing = things;

	MUST(nr_things < MODEL_THINGS, "the model has no thing left");
	while (thing->live)
		thing++;
	*thing = (struct thing){ .live = true,
		                 .kind = kind,
		                 .start = start,
		                 .pages = pages,
		                 .guarded = guarded };
	nr_things++;
	must_be_inside(thing);
	for (unsigned long i = 0; i < pages + guarded; i++)
		cell_add(thing_va(thing, i), thing);
	return thing;
}

void thing_forget(struct thing *thing)
{
	for (unsigned long i = 0; i < thing->pages + thing->guarded; i++)
		cell_drop(thing_va(thing, i));
	stale[nr_stale++ % STALE_RANGES] = (struct stale){
		.start = thing->start,
		.pages = thing->pages,
		.kind = thing->kind,
	};
	thing->live = false;
	nr_things--;
}

struct thing *thing_pick(unsigned int kinds)
{
	unsigned int first = (unsigned int)choose(MODEL_THINGS);

	for (unsigned int i = 0; i < MODEL_THINGS; i++) {
		struct thing *thing = &things[(first + i) % MODEL_THINGS];

		if (thing->live && kinds & KIND(thing->kind))
			return thing;
	}
	return NULL;
}

struct thing *thing_at(vaddr_t va)
{
	struct cell *cell = cell_at(va);

	return cell ? cell->thing : NULL;
}

/* --- ranges that were ---------------------------------------------------- */

const struct stale *stale_pick(void)
{
	unsigned int back = (unsigned int)choose(STALE_RANGES);

	if (back >= nr_stale)
		return NULL;
	return &stale[(nr_stale - 1 - back) % STALE_RANGES];
}

/* --- strangers ----------------------------------------------------------- */

#define STRANGERS 64u

static struct area_note strangers[STRANGERS];
static unsigned int nr_strangers;

void strangers_find(void)
{
	nr_strangers = vm_walk(VMALLOC_START, strangers, STRANGERS);
	MUST(nr_strangers < STRANGERS, "too many areas before the run");
	nr_stale = 0;
}

bool is_strange(vaddr_t start, vaddr_t end)
{
	for (unsigned int i = 0; i < nr_strangers; i++)
		if (start < strangers[i].end && strangers[i].start < end)
			return true;
	return false;
}

unsigned long strange_areas(void)
{
	return nr_strangers;
}
