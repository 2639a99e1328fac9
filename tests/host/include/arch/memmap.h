/* SPDX-License-Identifier: MIT */
/*
 * The address space where a host program can have it: the direct map and the
 * struct page array are memory that tests map there, the window is numbers.
 */
#ifndef ARCH_MEMMAP_H
#define ARCH_MEMMAP_H

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1ul << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define IMAGE_BASE      0x3f0080200000ul
#define IMAGE_LOAD_BASE 0x80200000ul

#define FIXMAP_BASE 0x3e0000000000ul
#define FIXMAP_FDT  FIXMAP_BASE

#define VMEMMAP_BASE 0x310000000000ul
#define VMEMMAP_SIZE (1ul << 30)

#define DIRECT_BASE 0x300000000000ul
#define DIRECT_SIZE (128ul << 30)

#define VMALLOC_REGION_BASE 0xffffffc040000000ul
#define VMALLOC_REGION_END  0xffffffd800000000ul
#define VMALLOC_SIZE        (64ul << 30)

#endif /* ARCH_MEMMAP_H */
