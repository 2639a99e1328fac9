/* SPDX-License-Identifier: MIT */
#ifndef LINUX_GFP_H
#define LINUX_GFP_H

#include <linux/types.h>

#include "mm/page_alloc.h"

#define alloc_page(gfp)   alloc_pages((gfp), 0)
#define __free_page(page) __free_pages((page), 0)

unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
unsigned long get_zeroed_page(gfp_t gfp);
void free_pages(unsigned long address, unsigned int order);
#define __get_free_page(gfp) __get_free_pages((gfp), 0)
#define free_page(address)   free_pages((address), 0)

#endif /* LINUX_GFP_H */
