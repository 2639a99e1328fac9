/* SPDX-License-Identifier: MIT */
/*
 * One pass over the tree. A node's properties are collected by number as they
 * come and the node is judged when they are complete: at its first child or at
 * its end. What a node means depends on its properties, its parent's cell sizes
 * and its parent's name, so a small stack of open nodes is all the state.
 */
#include "core/machine_tree.h"

#include <string.h>

#include "arch/memmap.h"
#include "core/machine.h"
#include "core/power.h"
#include "core/tree_node.h"
#include "lib/fdt_walk.h"

#define TREE_DEPTH_MAX 8u
#define FDT_WINDOW     (2ul << 21)

/* What the pass needs beside the machine. */
static struct {
	struct node nodes[TREE_DEPTH_MAX];
	const char *stdout_path;
	unsigned int boot_hart_id;
	unsigned int hart; /* number of the newest; NR_HARTS: of no use */
	bool boot_hart_seen;
} scan;

static void judge_memory(const struct node *node, const struct node *parent)
{
	uint64_t base;
	uint64_t size;
	unsigned int i;

	for (i = 0; node_reg(node, parent, i, &base, &size); i++)
		machine_add_memory(base, size);
}

static void judge_reserved(const struct node *node, const struct node *parent)
{
	uint64_t base;
	uint64_t size;
	unsigned int i;

	for (i = 0; node_reg(node, parent, i, &base, &size); i++)
		machine_reserve(base, size);
}

static uint32_t node_isa(const struct node *node)
{
	if (node_has(node, PROP_ISA_EXTENSIONS)) {
		return isa_parse_list(
			(const char *)node->value[PROP_ISA_EXTENSIONS],
			node->bytes[PROP_ISA_EXTENSIONS]);
	}
	if (node_has(node, PROP_ISA))
		return isa_parse_string((const char *)node->value[PROP_ISA],
		                        node->bytes[PROP_ISA]);
	return 0;
}

/* 0 is "unknown": a size that pages cannot be cleared by. */
static uint16_t zicboz_block_bytes(const struct node *node)
{
	uint64_t bytes = node_number(node, PROP_CBOZ_BLOCK, 0);
	bool usable = bytes <= PAGE_SIZE && (bytes & (bytes - 1)) == 0;

	return usable ? (uint16_t)bytes : 0;
}

static void judge_hart(const struct node *node, const struct node *parent)
{
	uint64_t id;
	uint64_t unused;

	scan.hart = CONFIG_NR_HARTS;
	if (!node_is_enabled(node) || !node_reg(node, parent, 0, &id, &unused))
		return;
	machine.nr_harts_in_tree++;
	machine.isa &= node_isa(node);
	machine.zicboz_block_bytes = zicboz_block_bytes(node);
	if (id == scan.boot_hart_id) {
		scan.boot_hart_seen = true;
		scan.hart = 0;
	} else if (machine.nr_hart_ids < CONFIG_NR_HARTS) {
		machine.hart_ids[machine.nr_hart_ids] = (unsigned int)id;
		scan.hart = machine.nr_hart_ids++;
	}
	if (machine.timebase_hz == 0)
		machine.timebase_hz = node_number(node, PROP_TIMEBASE, 0);
}

/* A hart's own interrupt controller, a child of its node. */
static void judge_intc(const struct node *node, const struct node *parent)
{
	if (node_string_is(parent, PROP_DEVICE_TYPE, "cpu") &&
	    scan.hart < CONFIG_NR_HARTS) {
		machine.hart_intc[scan.hart] =
			(uint32_t)node_number(node, PROP_PHANDLE, 0);
	}
}

static void judge_chosen(const struct node *node)
{
	const uint8_t *entropy = node->value[PROP_RNG_SEED];
	uint32_t i;

	if (node_string(node, PROP_BOOTARGS))
		machine.command_line = node_string(node, PROP_BOOTARGS);
	scan.stdout_path = node_string(node, PROP_STDOUT);
	machine.initrd.start = node_number(node, PROP_INITRD_START, 0);
	machine.initrd.end = node_number(node, PROP_INITRD_END, 0);
	if (!node_has(node, PROP_RNG_SEED))
		return;
	machine.rng_seed = entropy;
	machine.rng_seed_bytes = node->bytes[PROP_RNG_SEED];
	for (i = 0; i + 8 <= machine.rng_seed_bytes; i += 8)
		machine.seed ^= fdt_cells(entropy + i, 2);
}

/* The first one. */
static void read_interrupt(const struct node *node,
                           struct machine_device *device)
{
	const uint8_t *extended = node->value[PROP_INTERRUPTS_EXTENDED];

	if (node_has(node, PROP_INTERRUPTS) &&
	    node->bytes[PROP_INTERRUPTS] >= 4) {
		device->irq_parent = node->interrupt_parent;
		device->irq =
			(uint32_t)fdt_cells(node->value[PROP_INTERRUPTS], 1);
	} else if (node_has(node, PROP_INTERRUPTS_EXTENDED) &&
	           node->bytes[PROP_INTERRUPTS_EXTENDED] >= 8) {
		device->irq_parent = (uint32_t)fdt_cells(extended, 1);
		device->irq = (uint32_t)fdt_cells(extended + 4, 1);
	}
}

static bool read_device(const struct node *node, const struct node *parent,
                        struct machine_device *device)
{
	if (!node_is_enabled(node) ||
	    !node_reg(node, parent, 0, &device->base, &device->size))
		return false;
	read_interrupt(node, device);
	device->reg_shift = (uint32_t)node_number(node, PROP_REG_SHIFT, 0);
	device->reg_width = (uint32_t)node_number(node, PROP_REG_WIDTH, 1);
	return true;
}

/* Does the path in /chosen/stdout-path end in this node? */
static bool is_stdout(const struct node *node)
{
	const char *path = scan.stdout_path;
	const char *last = path ? strrchr(path, '/') : NULL;
	size_t length = strlen(node->name);

	return last && strncmp(last + 1, node->name, length) == 0 &&
	       (last[1 + length] == '\0' || last[1 + length] == ':');
}

/* The first UART serves unless a later one is where stdout-path points. */
static void judge_uart(const struct node *node, const struct node *parent)
{
	struct machine_device device = { 0 };

	if ((machine.uart.base == 0 || is_stdout(node)) &&
	    read_device(node, parent, &device))
		machine.uart = device;
}

static void judge_virtio(const struct node *node, const struct node *parent)
{
	if (machine.nr_virtio < MACHINE_VIRTIO_SLOTS &&
	    read_device(node, parent, &machine.virtio[machine.nr_virtio]))
		machine.nr_virtio++;
}

static void judge_finisher(const struct node *node, const struct node *parent)
{
	read_device(node, parent, &machine.finisher);
}

static void judge_plic(const struct node *node, const struct node *parent)
{
	if (!read_device(node, parent, &machine.plic))
		return;
	machine.plic_phandle = (uint32_t)node_number(node, PROP_PHANDLE, 0);
	machine.plic_sources = (uint32_t)node_number(node, PROP_NDEV, 0);
	if (node_has(node, PROP_INTERRUPTS_EXTENDED)) {
		machine.plic_contexts = node->value[PROP_INTERRUPTS_EXTENDED];
		machine.plic_contexts_bytes =
			node->bytes[PROP_INTERRUPTS_EXTENDED];
	}
}

static void judge_rtc(const struct node *node, const struct node *parent)
{
	read_device(node, parent, &machine.rtc);
}

static const struct {
	const char *compatible;
	void (*judge)(const struct node *node, const struct node *parent);
} devices[] = {
	{ "virtio,mmio", judge_virtio },
	{ "ns16550a", judge_uart },
	{ "ns16550", judge_uart },
	{ "sifive,test0", judge_finisher },
	{ "riscv,cpu-intc", judge_intc },
	{ "riscv,plic0", judge_plic },
	{ "sifive,plic-1.0.0", judge_plic },
	{ "google,goldfish-rtc", judge_rtc },
};

/* By the first of its names that we know. */
static void judge_device(const struct node *node, const struct node *parent)
{
	const char *name = NULL;
	unsigned int i;

	while ((name = node_next_compatible(node, name))) {
		for (i = 0; i < ARRAY_SIZE(devices); i++) {
			if (name[0] == devices[i].compatible[0] &&
			    strcmp(name, devices[i].compatible) == 0) {
				devices[i].judge(node, parent);
				return;
			}
		}
	}
}

static unsigned int node_cells(const struct node *node, enum property property,
                               unsigned int otherwise)
{
	uint64_t cells = node_number(node, property, otherwise);

	/* PCI children have three; we never look at those. */
	return cells <= 2 ? (unsigned int)cells : 0;
}

/* All properties of @node, at @depth (1: the root's children), are known. */
static void judge(struct node *node, unsigned int depth)
{
	const struct node *parent = depth > 0 ? node - 1 : NULL;

	if (node->judged)
		return;
	node->judged = true;
	node->address_cells = node_cells(node, PROP_ADDRESS_CELLS, 2);
	node->size_cells = node_cells(node, PROP_SIZE_CELLS, 1);
	node->interrupt_parent =
		(uint32_t)node_number(node, PROP_INTERRUPT_PARENT,
	                              parent ? parent->interrupt_parent : 0);
	if (!parent)
		machine.model = node_string(node, PROP_MODEL);
	else if (node_string_is(node, PROP_DEVICE_TYPE, "memory"))
		judge_memory(node, parent);
	else if (node_string_is(node, PROP_DEVICE_TYPE, "cpu"))
		judge_hart(node, parent);
	else if (depth == 1 && node_is_named(node, "cpus"))
		machine.timebase_hz = node_number(node, PROP_TIMEBASE, 0);
	else if (depth == 1 && node_is_named(node, "chosen"))
		judge_chosen(node);
	else if (depth == 2 && node_is_named(parent, "reserved-memory"))
		judge_reserved(node, parent);
	else if (node_has(node, PROP_COMPATIBLE))
		judge_device(node, parent);
}

static void node_begin(const struct fdt_walk *walk)
{
	struct node *node;

	if (walk->depth > TREE_DEPTH_MAX)
		return;
	node = &scan.nodes[walk->depth - 1];
	if (walk->depth > 1)
		judge(node - 1, walk->depth - 2);
	node_reset(node, walk->name);
}

static void node_property(const struct fdt_walk *walk)
{
	if (walk->depth <= TREE_DEPTH_MAX)
		node_keep(&scan.nodes[walk->depth - 1], walk);
}

static void node_end(const struct fdt_walk *walk)
{
	if (walk->depth < TREE_DEPTH_MAX)
		judge(&scan.nodes[walk->depth], walk->depth);
}

bool machine_read_tree(const void *fdt, unsigned int boot_hart_id)
{
	size_t window = FDT_WINDOW - ((uintptr_t)fdt - FIXMAP_FDT);
	struct fdt_walk walk;
	enum fdt_event event;

	scan.boot_hart_id = boot_hart_id;
	if (!fdt_walk_start(&walk, fdt, window))
		refuse_boot("the device tree is malformed: its header is "
		            "wrong");
	while ((event = fdt_walk_next(&walk)) != FDT_WALK_END) {
		if (event == FDT_WALK_BAD) {
			refuse_boot("the device tree is malformed: damaged "
			            "structure block");
		} else if (event == FDT_WALK_NODE) {
			node_begin(&walk);
		} else if (event == FDT_WALK_PROPERTY) {
			node_property(&walk);
		} else {
			node_end(&walk);
		}
	}
	return scan.boot_hart_seen;
}
