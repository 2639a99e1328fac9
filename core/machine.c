/* SPDX-License-Identifier: MIT */
/*
 * What the tree says (core/machine_tree.c), made whole: where the image and the
 * firmware are, what is not to be used, and what the command line changes.
 * Everything that makes the machine unusable is refused here, by name.
 */
#include "core/machine.h"

#include <libfdt.h>

#include "arch/csr.h"
#include "arch/memmap.h"
#include "arch/sections.h"
#include "core/cmdline.h"
#include "core/machine_tree.h"
#include "core/power.h"
#include "lib/page_ops.h"

struct machine machine;

void machine_reserve(uint64_t base, uint64_t size)
{
	struct phys_range *range = &machine.reserved[machine.nr_reserved];

	if (size == 0)
		return;
	if (machine.nr_reserved == MACHINE_RESERVED_RANGES)
		refuse_boot("the device tree reserves more than %u ranges",
		            MACHINE_RESERVED_RANGES);
	range->start = ALIGN_DOWN(base, PAGE_SIZE);
	range->end = ALIGN_UP(base + size, PAGE_SIZE);
	machine.nr_reserved++;
}

void machine_add_memory(uint64_t base, uint64_t size)
{
	uint64_t start = ALIGN_UP(base, PAGE_SIZE);
	uint64_t end = ALIGN_DOWN(base + size, PAGE_SIZE);
	unsigned int i = machine.nr_memory;

	if (end > DIRECT_SIZE)
		end = DIRECT_SIZE;
	if (start >= end)
		return;
	if (i == MACHINE_MEMORY_RANGES)
		refuse_boot("the device tree has more than %u memory ranges",
		            MACHINE_MEMORY_RANGES);
	for (; i > 0 && machine.memory[i - 1].start > start; i--)
		machine.memory[i] = machine.memory[i - 1];
	machine.memory[i].start = start;
	machine.memory[i].end = end;
	if ((i > 0 && machine.memory[i - 1].end > start) ||
	    (i < machine.nr_memory && machine.memory[i + 1].start < end)) {
		refuse_boot("the device tree has memory at %#lx twice", start);
	}
	machine.nr_memory++;
	machine.memory_bytes += end - start;
}

static void reserve_listed(const void *fdt)
{
	int count = fdt_num_mem_rsv(fdt);
	int i;

	for (i = 0; i < count; i++) {
		uint64_t base;
		uint64_t size;

		if (fdt_get_mem_rsv(fdt, i, &base, &size) == 0)
			machine_reserve(base, size);
	}
}

static bool ranges_meet(const struct phys_range *a, const struct phys_range *b)
{
	return a->start < b->end && b->start < a->end;
}

/* Firmware lives below the image, whether or not the tree says so. */
static void reserve_firmware(const struct phys_range *ram)
{
	struct phys_range below = { ram->start, machine.image.start };
	unsigned int i;

	for (i = 0; i < machine.nr_reserved; i++) {
		if (ranges_meet(&machine.reserved[i], &below))
			return;
	}
	machine_reserve(below.start, below.end - below.start);
}

static const struct phys_range *ram_of_image(void)
{
	const struct phys_range *image = &machine.image;
	unsigned int i;

	for (i = 0; i < machine.nr_memory; i++) {
		const struct phys_range *ram = &machine.memory[i];

		if (image->start >= ram->start && image->end <= ram->end)
			return ram;
	}
	refuse_boot("the image needs RAM at %#lx-%#lx, which this machine has "
	            "not: give it more memory",
	            image->start, image->end);
}

static void place_initrd(void)
{
	struct phys_range *initrd = &machine.initrd;

	if (initrd->end <= initrd->start) {
		initrd->start = 0;
		initrd->end = 0;
		return;
	}
	if (ranges_meet(initrd, &machine.image)) {
		refuse_boot("the initrd at %#lx lies inside the image: give "
		            "the machine more memory",
		            initrd->start);
	}
	machine_reserve(initrd->start, initrd->end - initrd->start);
}

void machine_init(unsigned int boot_hart_id, uint64_t image_phys,
                  uint64_t fdt_phys)
{
	const void *fdt = (const void *)(FIXMAP_FDT + fdt_phys % (1ul << 21));
	bool hart_known;

	machine.hart_ids[0] = boot_hart_id;
	machine.nr_hart_ids = 1;
	machine.isa = (1u << ISA_EXTENSIONS) - 1;
	machine.command_line = "";
	machine.model = "";
	machine.image.start = image_phys;
	machine.image.end =
		image_phys + (uint64_t)(__image_end - __image_start);
	hart_known = machine_read_tree(fdt, boot_hart_id);

	if (machine.nr_memory == 0)
		refuse_boot("the device tree has no memory node");
	if (!hart_known) {
		refuse_boot("the device tree does not know hart %u, which "
		            "boots",
		            boot_hart_id);
	}
	if (machine.timebase_hz == 0)
		refuse_boot("the device tree has no timebase-frequency");
	reserve_listed(fdt);
	reserve_firmware(ram_of_image());
	machine.fdt.start = fdt_phys;
	machine.fdt.end = fdt_phys + fdt_totalsize(fdt);
	machine_reserve(fdt_phys, fdt_totalsize(fdt));
	place_initrd();
}

void machine_apply_options(void)
{
	const char *removed_isa = cmdline_get("isa");
	unsigned long limit = cmdline_number("harts", CONFIG_NR_HARTS);
	uint32_t removed = 0;

	if (removed_isa && isa_parse_option(removed_isa, &removed) != 0) {
		refuse_boot("isa=%s: want -NAME[,-NAME...] of svpbmt svnapot "
		            "svinval sstc zicboz v",
		            removed_isa);
	}
	machine.isa &= ~removed;
	if (isa_has(ISA_ZICBOZ))
		clear_page_block_bytes = machine.zicboz_block_bytes;
	if (limit == 0)
		refuse_boot("harts=0: want a number of harts, 1 or more");
	if (limit < machine.nr_hart_ids)
		machine.nr_hart_ids = (unsigned int)limit;
	if (machine.seed == 0)
		machine.seed = read_time() ^ (uint64_t)read_instret() << 32;
	machine.seed_fixed = cmdline_get("seed") != NULL;
	machine.seed = cmdline_number("seed", machine.seed);
	if (machine.seed == 0)
		machine.seed = 1;
}
