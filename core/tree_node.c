/* SPDX-License-Identifier: MIT */
/*
 * Property names are numbered by their offset in the strings block, which is
 * the same for every use: each name is compared once, then it is one load.
 */
#include "core/tree_node.h"

#include <string.h>

#include "core/compiler.h"

#define NAMES_CACHED 512u

static const char *const property_names[PROPERTIES] = {
	[PROP_NONE] = "",
	[PROP_ADDRESS_CELLS] = "#address-cells",
	[PROP_SIZE_CELLS] = "#size-cells",
	[PROP_BOOTARGS] = "bootargs",
	[PROP_CBOZ_BLOCK] = "riscv,cboz-block-size",
	[PROP_COMPATIBLE] = "compatible",
	[PROP_DEVICE_TYPE] = "device_type",
	[PROP_INITRD_END] = "linux,initrd-end",
	[PROP_INITRD_START] = "linux,initrd-start",
	[PROP_INTERRUPT_PARENT] = "interrupt-parent",
	[PROP_INTERRUPTS] = "interrupts",
	[PROP_INTERRUPTS_EXTENDED] = "interrupts-extended",
	[PROP_ISA] = "riscv,isa",
	[PROP_ISA_EXTENSIONS] = "riscv,isa-extensions",
	[PROP_MODEL] = "model",
	[PROP_NDEV] = "riscv,ndev",
	[PROP_PHANDLE] = "phandle",
	[PROP_REG] = "reg",
	[PROP_REG_SHIFT] = "reg-shift",
	[PROP_REG_WIDTH] = "reg-io-width",
	[PROP_RNG_SEED] = "rng-seed",
	[PROP_STATUS] = "status",
	[PROP_STDOUT] = "stdout-path",
	[PROP_TIMEBASE] = "timebase-frequency",
};

static uint8_t name_cache[NAMES_CACHED]; /* enum property + 1; 0: not yet */

static enum property property_by_name(const char *name)
{
	unsigned int i;

	for (i = PROP_NONE + 1; i < PROPERTIES; i++) {
		if (name[0] == property_names[i][0] &&
		    strcmp(name, property_names[i]) == 0)
			return i;
	}
	return PROP_NONE;
}

static enum property property_of(const struct fdt_walk *walk)
{
	uint8_t *cached;

	if (walk->name_offset >= NAMES_CACHED)
		return property_by_name(walk->name);
	cached = &name_cache[walk->name_offset];
	if (*cached == 0)
		*cached = (uint8_t)(property_by_name(walk->name) + 1);
	return *cached - 1;
}

void node_reset(struct node *node, const char *name)
{
	node->name = name;
	node->judged = false;
	node->present = 0;
}

void node_keep(struct node *node, const struct fdt_walk *walk)
{
	enum property property = property_of(walk);

	node->present |= 1u << property;
	node->value[property] = walk->value;
	node->bytes[property] = walk->value_bytes;
}

bool node_has(const struct node *node, enum property property)
{
	return node->present >> property & 1;
}

uint64_t node_number(const struct node *node, enum property property,
                     uint64_t otherwise)
{
	if (!node_has(node, property) ||
	    (node->bytes[property] != 4 && node->bytes[property] != 8))
		return otherwise;
	return fdt_cells(node->value[property], node->bytes[property] / 4);
}

const char *node_string(const struct node *node, enum property property)
{
	const uint8_t *value = node->value[property];

	if (!node_has(node, property) || node->bytes[property] == 0 ||
	    value[node->bytes[property] - 1] != '\0')
		return NULL;
	return (const char *)value;
}

bool node_string_is(const struct node *node, enum property property,
                    const char *text)
{
	const char *value = node_string(node, property);

	return value && strcmp(value, text) == 0;
}

bool node_is_named(const struct node *node, const char *name)
{
	size_t length = strlen(name);

	return strncmp(node->name, name, length) == 0 &&
	       (node->name[length] == '\0' || node->name[length] == '@');
}

bool node_is_enabled(const struct node *node)
{
	return !node_has(node, PROP_STATUS) ||
	       node_string_is(node, PROP_STATUS, "okay") ||
	       node_string_is(node, PROP_STATUS, "ok");
}

const char *node_next_compatible(const struct node *node, const char *previous)
{
	const char *list = node_string(node, PROP_COMPATIBLE);
	const char *next = previous ? previous + strlen(previous) + 1 : list;

	if (!list || next >= list + node->bytes[PROP_COMPATIBLE])
		return NULL;
	return next;
}

bool node_reg(const struct node *node, const struct node *parent,
              unsigned int index, uint64_t *base_out, uint64_t *size_out)
{
	unsigned int cells = parent->address_cells + parent->size_cells;
	const uint8_t *entry = node->value[PROP_REG] + 4ul * index * cells;

	if (!node_has(node, PROP_REG) || cells == 0 ||
	    (index + 1ul) * cells * 4 > node->bytes[PROP_REG])
		return false;
	*base_out = fdt_cells(entry, parent->address_cells);
	*size_out = fdt_cells(entry + 4ul * parent->address_cells,
	                      parent->size_cells);
	return true;
}
