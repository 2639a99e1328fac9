/* SPDX-License-Identifier: MIT */
/*
 * The address space of the simulated machine: Sv39's shape, bits 38 to 0, moved
 * to where a process can have it. RAM and struct pages are memory there. In the
 * window nothing is: an access traps, and sim_mmu.c serves it.
 */
#ifndef ARCH_MEMMAP_H
#define ARCH_MEMMAP_H

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1ul << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define VA_IS_CANONICAL(va) ((va) >> 39 == 0x200000000000ul >> 39)

#define IMAGE_BASE      0x3f0080200000ul
#define IMAGE_LOAD_BASE 0x80200000ul

#define FIXMAP_BASE 0x3e0000000000ul
#define FIXMAP_FDT  FIXMAP_BASE

#define VMEMMAP_BASE 0x310000000000ul
#define VMEMMAP_SIZE (1ul << 30)

#define DIRECT_BASE 0x300000000000ul
#define DIRECT_SIZE (128ul << 30)

#define VMALLOC_REGION_BASE 0x200040000000ul
#define VMALLOC_REGION_END  0x201800000000ul
#define VMALLOC_SIZE        (64ul << 30)

#endif /* ARCH_MEMMAP_H */
