/* SPDX-License-Identifier: MIT */
/*
 * Page faults: a stale "invalid" translation of a page that is mapped now is
 * repaired (ISA: an invalid entry may be cached; Linux: new_vmalloc_check);
 * memory that is backed by its first access is backed; everything else is
 * described and ends in a signal or in panic.
 */
#ifndef MM_FAULT_H
#define MM_FAULT_H

#include <stddef.h>

#include "mm/types.h"

void fault_init(void);

/*
 * Backs memory by its first access: @needed is PTE_R, PTE_W or PTE_X. 0: the
 * access may be repeated; else the signal for it. Only called when the interrupted
 * code had interrupts on. Context: trap stack, interrupts off; may take locks and
 * allocate as in an interrupt.
 */
typedef int fault_backing(vaddr_t address, pte_t needed);
void fault_set_backing(fault_backing *function);

/*
 * What @address is or was, one line: "12 bytes past the end (guard page) of a
 * vmalloc area 0x...-0x... of 1 page, allocated by f+0x10"; "in an area freed by
 * g+0x8, allocated by f+0x10"; direct map, image section, null page ... Locks:
 * takes none (reads racily, in panics); never faults.
 */
void address_describe(unsigned long address, char *buf, size_t size);

#endif /* MM_FAULT_H */
