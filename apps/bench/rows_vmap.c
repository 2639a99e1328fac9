/* SPDX-License-Identifier: MIT */
/*
 * Mapping pages that exist already: vmap, vm_map_ram, and a device page. The
 * device is the console's UART; its page is mapped and not touched.
 */
#include <linux/io.h>
#include <stddef.h>

#include "core/machine.h"
#include "mm/page_alloc.h"
#include "rows.h"

static struct page **given;
static unsigned long nr_given;

const char *given_pages_take(const struct bench_row *row)
{
	given = vmalloc(row->argument * sizeof(*given));
	if (!given)
		return "no memory for the list of pages";
	nr_given = alloc_pages_bulk(GFP_KERNEL, row->argument, given);
	if (nr_given == row->argument)
		return NULL;
	given_pages_drop(row);
	return "no memory for the pages to map";
}

struct page **given_pages(void)
{
	return given;
}

void given_pages_drop(const struct bench_row *row)
{
	(void)row;
	while (nr_given > 0)
		__free_page(given[--nr_given]);
	vfree(given);
	given = NULL;
}

static bool body_vmap(const struct bench_row *row, unsigned long loops)
{
	return vmap_loop(given, row->argument, loops);
}

static bool body_map_ram(const struct bench_row *row, unsigned long loops)
{
	return map_ram_loop(given, row->argument, loops);
}

static const char *need_device(const struct bench_row *row)
{
	(void)row;
	return machine.uart.base ? NULL : "the machine has no UART to map";
}

static bool body_ioremap(const struct bench_row *row, unsigned long loops)
{
	const phys_addr_t device = machine.uart.base & PAGE_MASK;

	for (unsigned long i = 0; i < loops; i++) {
		void __iomem *area = ioremap(device, row->argument);

		if (!area)
			return false;
		iounmap(area);
	}
	return true;
}

#define VMAP(pages, turns)                                                \
	{                                                                 \
		.name = "vmap_vunmap/" #pages,                            \
		.what = "vmap of " #pages " given pages, read, vunmap",   \
		.loops = (turns), .argument = (pages), .body = body_vmap, \
		.setup = given_pages_take, .teardown = given_pages_drop   \
	}
#define MAP_RAM(pages, turns)                                                \
	{                                                                    \
		.name = "vm_map_ram/" #pages,                                \
		.what = "vm_map_ram of " #pages " pages, write, unmap",      \
		.loops = (turns), .argument = (pages), .body = body_map_ram, \
		.setup = given_pages_take, .teardown = given_pages_drop      \
	}

static const struct bench_row rows[] = {
	VMAP(1, 50000),
	VMAP(16, 20000),
	VMAP(64, 20000),
	MAP_RAM(1, 100000),
	MAP_RAM(4, 100000),
	MAP_RAM(16, 50000),
	MAP_RAM(32, 50000),
	MAP_RAM(64, 20000),
	{ .name = "ioremap_iounmap/1",
	  .what = "ioremap of one device page, iounmap",
	  .loops = 50000,
	  .argument = PAGE_SIZE,
	  .setup = need_device,
	  .body = body_ioremap },
};

const struct bench_table rows_vmap = BENCH_TABLE_OF(rows);
