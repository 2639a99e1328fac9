/* SPDX-License-Identifier: MIT */
/*
 * From the device tree to struct machine: the half of core/machine.c that knows
 * nodes. For core/ alone. Context: boot.
 */
#ifndef CORE_MACHINE_TREE_H
#define CORE_MACHINE_TREE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Fill machine from the tree at @fdt; refuses to boot when it is damaged.
 * False: no enabled node for the boot hart.
 */
bool machine_read_tree(const void *fdt, unsigned int boot_hart_id);

/* Whole pages around the range are not to be used. */
void machine_reserve(uint64_t base, uint64_t size);

/*
 * The whole pages in the range are RAM. Kept ascending; what the direct map
 * cannot hold does not exist for us.
 */
void machine_add_memory(uint64_t base, uint64_t size);

#endif /* CORE_MACHINE_TREE_H */
