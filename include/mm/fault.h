/* SPDX-License-Identifier: MIT */
/*
 * Page faults: a stale "invalid" translation of a page that is mapped now is
 * repaired (ISA: an invalid entry may be cached; Linux: new_vmalloc_check);
 * everything else is described and ends in panic.
 */
#ifndef MM_FAULT_H
#define MM_FAULT_H

#include <stddef.h>

void fault_init(void);

/*
 * What @address is or was, one line: "12 bytes past the end (guard page) of a
 * vmalloc area 0x...-0x... of 1 page, allocated by f+0x10"; "in an area freed by
 * g+0x8, allocated by f+0x10"; direct map, image section, null page ... Locks:
 * takes none (reads racily, in panics); never faults.
 */
void address_describe(unsigned long address, char *buf, size_t size);

#endif /* MM_FAULT_H */
