/* SPDX-License-Identifier: MIT */
/*
 * A device-tree node while the tree is walked: the properties that this kernel
 * knows, by number. Values point into the tree and stay big-endian there.
 *
 * Context: boot. Locking: none.
 */
#ifndef CORE_TREE_NODE_H
#define CORE_TREE_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/fdt_walk.h"

enum property {
	PROP_NONE,
	PROP_ADDRESS_CELLS,
	PROP_SIZE_CELLS,
	PROP_BOOTARGS,
	PROP_CBOZ_BLOCK,
	PROP_COMPATIBLE,
	PROP_DEVICE_TYPE,
	PROP_INITRD_END,
	PROP_INITRD_START,
	PROP_INTERRUPT_PARENT,
	PROP_INTERRUPTS,
	PROP_INTERRUPTS_EXTENDED,
	PROP_ISA,
	PROP_ISA_EXTENSIONS,
	PROP_MODEL,
	PROP_NDEV,
	PROP_PHANDLE,
	PROP_REG,
	PROP_REG_SHIFT,
	PROP_REG_WIDTH,
	PROP_RNG_SEED,
	PROP_STATUS,
	PROP_STDOUT,
	PROP_TIMEBASE,
	PROPERTIES
};

struct node {
	const char *name;
	bool judged;
	uint32_t present; /* bit per enum property */
	const uint8_t *value[PROPERTIES];
	uint32_t bytes[PROPERTIES];
	unsigned int address_cells; /* for children */
	unsigned int size_cells;
	uint32_t interrupt_parent; /* phandle, inherited; 0: none is named */
};

/* Start anew for the node that @walk has come to. */
void node_reset(struct node *node, const char *name);

/* Keep the property that @walk has come to, if it is one of the above. */
void node_keep(struct node *node, const struct fdt_walk *walk);

bool node_has(const struct node *node, enum property property);

/* A number of one or two cells; @otherwise when absent or of another size. */
uint64_t node_number(const struct node *node, enum property property,
                     uint64_t otherwise);

/* A string that ends inside its property, or NULL. */
const char *node_string(const struct node *node, enum property property);
bool node_string_is(const struct node *node, enum property property,
                    const char *text);

/* "name" or "name@unit" */
bool node_is_named(const struct node *node, const char *name);

/* No status, or status okay. */
bool node_is_enabled(const struct node *node);

/* The names in compatible, one after the other; NULL begins, and ends. */
const char *node_next_compatible(const struct node *node, const char *previous);

/* Entry @index of reg, in the parent's cells; false when there is none. */
bool node_reg(const struct node *node, const struct node *parent,
              unsigned int index, uint64_t *base_out, uint64_t *size_out);

#endif /* CORE_TREE_NODE_H */
