/* SPDX-License-Identifier: MIT */
/*
 * Looking at memory that may not be there: probe_read() and probe_write() fail
 * instead of faulting, address_describe() says what an address is or was.
 * vread() for the vmalloc window is in <linux/vmalloc.h>.
 */
#ifndef VIREO_MEMORY_H
#define VIREO_MEMORY_H

#include "core/trap.h"
#include "mm/fault.h"

#endif /* VIREO_MEMORY_H */
