/* SPDX-License-Identifier: MIT */
/*
 * A run: boot state, steps, checks, and everything given back in random order.
 * Two mixes of operations take turns, since one that drains often never fills
 * the pools, and one that does not never empties them.
 */
#include <linux/vmalloc.h>
#include <stdio.h>

#include "core/report.h"
#include "mm/vm_area.h"
#include "mm/vm_walk.h"
#include "model.h"

static const struct {
	void (*run)(void);
	unsigned char weight[2];
} operations[] = {
	{ op_vmalloc, { 22, 24 } },     { op_vmalloc_range, { 5, 5 } },
	{ op_vrealloc, { 3, 4 } },      { op_vmap, { 10, 11 } },
	{ op_reserve, { 4, 4 } },       { op_map_by_hand, { 3, 3 } },
	{ op_unmap_by_hand, { 3, 3 } }, { op_pcpu, { 1, 1 } },
	{ op_view, { 3, 3 } },          { op_unview, { 1, 1 } },
	{ op_protect, { 3, 3 } },       { op_free, { 30, 34 } },
	{ op_map_ram, { 20, 20 } },     { op_unmap_ram, { 18, 20 } },
	{ op_device, { 7, 8 } },        { op_aliases, { 8, 0 } },
	{ op_touch, { 6, 6 } },         { op_read, { 5, 5 } },
	{ op_write, { 3, 3 } },         { op_ask, { 5, 5 } },
	{ op_misuse, { 8, 8 } },
};

/* Beside the mix: what is dear, or lasts. */
#define DUMP_EVERY     800ul
#define GIANT_EVERY    1500ul
#define PRESSURE_EVERY 300ul
#define INJECT_EVERY   24ul
#define MIX_STEPS      2048ul

static void choose_and_run(unsigned int profile)
{
	unsigned int sum = 0;
	unsigned long at;

	for (unsigned int i = 0; i < ARRAY_SIZE(operations); i++)
		sum += operations[i].weight[profile];
	at = choose(sum);
	for (unsigned int i = 0; i < ARRAY_SIZE(operations); i++) {
		if (at < operations[i].weight[profile]) {
			operations[i].run();
			return;
		}
		at -= operations[i].weight[profile];
	}
}

void op_pressure(void)
{
	if (is_hogged())
		hog_release();
	else
		hog_memory();
	TRAIL("%lu pages are somebody else's", hogged_pages());
}

static void step(const struct model_run *run, unsigned long number)
{
	unsigned int profile = number / MIX_STEPS % 2;

	expectations_begin();
	machine_switch((unsigned int)choose(machine_harts()));
	if (one_in(INJECT_EVERY) && !is_hogged())
		inject_something();
	if (one_in(DUMP_EVERY))
		op_dump();
	else if (one_in(GIANT_EVERY) && !is_hogged())
		op_giant();
	else if (one_in(is_hogged() ? 30 : PRESSURE_EVERY))
		op_pressure();
	else if (!things_have_room(64))
		op_free();
	else
		choose_and_run(profile);
	inject_stop();
	check_step();
	if (number % run->check_every == run->check_every - 1)
		check_everything();
}

static void free_all(void)
{
	struct thing *thing;

	hog_release();
	while ((thing = thing_pick(ANY_THING)) != NULL) {
		expectations_begin();
		free_thing(thing);
		check_step();
	}
}

/* All of the window but 8 MiB behind what is there already. */
#define SMALL_WINDOW (8ul << 20)

static struct vm_struct *take_rest_of_window(void)
{
	struct area_note note;
	vaddr_t from = VMALLOC_START;
	struct vm_struct *rest;

	while (vm_walk(from, &note, 1) == 1)
		from = note.end;
	from = ALIGN_UP(from, LEAF_TABLE_SIZE) + SMALL_WINDOW;
	rest = __get_vm_area(VMALLOC_END - from - PAGE_SIZE, VM_MAP, from,
	                     VMALLOC_END);
	MUST(rest, "the rest of the window cannot be taken");
	return rest;
}

void model_run(const struct model_run *run)
{
	struct vm_struct *rest = NULL;
	unsigned long number = 0;

	machine_switch(0);
	trail_clear();
	TRAIL("seed %lu, small window %lu", run->seed, run->small_window);
	vm_unmap_aliases();
	if (run->small_window)
		rest = take_rest_of_window();
	strangers_find();
	check_begin();
	pool_make();
	while (run->bytes ? choices_left() : number < run->steps) {
		if (!run->bytes)
			choices_from_seed(run->seed, number);
		trail_show_each(number >= run->show_from &&
		                number < run->show_to);
		TRAIL("-- step %lu of seed %lu", number, run->seed);
		step(run, number++);
	}
	trail_show_each(false);
	free_all();
	pool_free();
	vm_unmap_aliases();
	machine_check_flushed();
	check_everything();
	machine_switch(0);
	if (rest)
		free_vm_area(rest);
	vm_unmap_aliases();
}
