/* SPDX-License-Identifier: MIT */
/*
 * The address space, drawn once. sv39.ld asserts the same numbers.
 *
 * Sv39 gives 39 bits; the low half stays empty, so every null-ish pointer
 * faults. Privileged spec 4.4: bits 63..39 repeat bit 38.
 *
 *   0xffffffff_ffffffff  +---------------------------+
 *                        | hole                      |
 *   0xffffffff_c0000000  +---------------------------+
 *                        | fixmap: the device tree   |  4 MiB, read-only
 *   0xffffffff_bfc00000  +---------------------------+  FIXMAP_BASE
 *                        | image, linked here        |  text RX, data RW, rodata R
 *   0xffffffff_80200000  +---------------------------+  IMAGE_BASE
 *                        | hole                      |
 *   0xfffffffa_00000000  +---------------------------+
 *                        | struct page array         |  1 GiB: 16 bytes a page,
 *   0xfffffff9_c0000000  +---------------------------+  VMEMMAP_BASE, on demand
 *                        | hole                      |
 *   0xfffffff8_00000000  +---------------------------+
 *                        | direct map of RAM         |  128 GiB from physical 0,
 *   0xffffffd8_00000000  +---------------------------+  DIRECT_BASE, RAM only
 *                        | vmalloc window, 64 GiB,   |
 *                        | placed anywhere in here   |  VMALLOC_START is a variable
 *   0xffffffc0_40000000  +---------------------------+  VMALLOC_REGION_BASE
 *                        | 1 GiB never mapped        |
 *   0xffffffc0_00000000  +---------------------------+
 *                        | not canonical             |
 *   0x00000040_00000000  +---------------------------+
 *                        | low half, never mapped    |
 *   0x00000000_00000000  +---------------------------+
 */
#ifndef ARCH_MEMMAP_H
#define ARCH_MEMMAP_H

#ifdef __ASSEMBLER__
#define MEMMAP_UL(x) x
#else
#define MEMMAP_UL(x) x##ul
#endif

#define PAGE_SHIFT 12
#define PAGE_SIZE  (MEMMAP_UL(1) << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

/* Sv39: bits 63 to 39 repeat bit 38 (privileged spec 4.4.1). */
#define VA_IS_CANONICAL(va) ((long)((va) << 25) >> 25 == (long)(va))

#define IMAGE_BASE      MEMMAP_UL(0xffffffff80200000)
#define IMAGE_LOAD_BASE MEMMAP_UL(0x80200000) /* where QEMU loads the ELF */

/* In the image's GiB, so that one page table serves both. */
#define FIXMAP_BASE MEMMAP_UL(0xffffffffbfc00000)
#define FIXMAP_FDT  FIXMAP_BASE /* two 2 MiB leaves: a tree of <= 2 MiB */

#define VMEMMAP_BASE MEMMAP_UL(0xfffffff9c0000000)
#define VMEMMAP_SIZE (MEMMAP_UL(1) << 30)

#define DIRECT_BASE MEMMAP_UL(0xffffffd800000000)
#define DIRECT_SIZE (MEMMAP_UL(128) << 30) /* physical 0 .. 128 GiB */

#define VMALLOC_REGION_BASE MEMMAP_UL(0xffffffc040000000)
#define VMALLOC_REGION_END  DIRECT_BASE
#define VMALLOC_SIZE        (MEMMAP_UL(64) << 30)

#endif /* ARCH_MEMMAP_H */
