/* SPDX-License-Identifier: MIT */
#ifndef LINUX_MM_H
#define LINUX_MM_H

#include <linux/gfp.h>
#include <linux/types.h>
#include <linux/vmalloc.h>

#include "mm/page.h"

#define PAGE_ALIGN(x) ALIGN_UP(x, PAGE_SIZE)
#define SHMLBA        PAGE_SIZE

/* Linux keeps these beside vmalloc's; here they work on the vmalloc window. */
int set_memory_ro(unsigned long addr, int numpages);
int set_memory_rw(unsigned long addr, int numpages);
int set_memory_x(unsigned long addr, int numpages);
int set_memory_nx(unsigned long addr, int numpages);

#endif /* LINUX_MM_H */
