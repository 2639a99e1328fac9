/* SPDX-License-Identifier: MIT */
/*
 * Sv39 page-table entries: the only code that knows their bits (privileged spec
 * 4.3.1 and 4.4.1; Svnapot chapter 5; Svpbmt chapter 6).
 *
 *   63 62..61 60..54 53........10 9..8 7 6 5 4 3 2 1 0
 *    N  PBMT  zero       PPN       RSW  D A G U X W R V
 *
 * A and D are always preset: hardware without Svadu faults otherwise. W without
 * R is reserved. Non-leaf entries have R = W = X = A = D = U = 0.
 */
#ifndef ARCH_PTE_H
#define ARCH_PTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/memmap.h"
#include "core/compiler.h"

typedef uint64_t pte_t;
typedef uint64_t paddr_t;
typedef uintptr_t vaddr_t;

typedef struct {
	unsigned long pgprot;
} pgprot_t;

#define pgprot_val(prot) ((prot).pgprot)
#define __pgprot(value)  ((pgprot_t){ (value) })

#define PTE_V         (1ul << 0)
#define PTE_R         (1ul << 1)
#define PTE_W         (1ul << 2)
#define PTE_X         (1ul << 3)
#define PTE_U         (1ul << 4)
#define PTE_G         (1ul << 5)
#define PTE_A         (1ul << 6)
#define PTE_D         (1ul << 7)
#define PTE_HELD      (1ul << 8) /* RSW, ours: a page reference goes with it */
#define PTE_PBMT_IO   (2ul << 61)
#define PTE_N         (1ul << 63)
#define PTE_PPN_SHIFT 10
#define PTE_PPN_MASK  (((1ul << 44) - 1) << PTE_PPN_SHIFT)
#define PTE_RWX       (PTE_R | PTE_W | PTE_X)
/* What a pgprot_t may hold; everything else in it is refused. */
#define PTE_PROT_MASK \
	(PTE_V | PTE_RWX | PTE_U | PTE_G | PTE_A | PTE_D | PTE_PBMT_IO)

#define PTE_KERNEL_BASE (PTE_V | PTE_R | PTE_G | PTE_A | PTE_D)

#define PAGE_KERNEL         __pgprot(PTE_KERNEL_BASE | PTE_W)
#define PAGE_KERNEL_RO      __pgprot(PTE_KERNEL_BASE)
#define PAGE_KERNEL_EXEC    __pgprot(PTE_KERNEL_BASE | PTE_W | PTE_X)
#define PAGE_KERNEL_RX      __pgprot(PTE_KERNEL_BASE | PTE_X)
#define PAGE_KERNEL_NOCACHE pgprot_noncached(PAGE_KERNEL)

/* Levels: 0 = 4 KiB leaves, 1 = 2 MiB, 2 = 1 GiB (the root). */
#define PTES_PER_TABLE     512u
#define LEVEL_SHIFT(level) (PAGE_SHIFT + 9u * (level))
#define LEVEL_SIZE(level)  (1ul << LEVEL_SHIFT(level))
#define LEAF_TABLE_SIZE    LEVEL_SIZE(1)
#define SV39_ROOT_LEVEL    2u

static inline unsigned int pte_index(vaddr_t va, unsigned int level)
{
	return va >> LEVEL_SHIFT(level) & (PTES_PER_TABLE - 1);
}

static inline bool pte_is_valid(pte_t pte)
{
	return pte & PTE_V;
}

static inline bool pte_is_leaf(pte_t pte)
{
	return pte & PTE_RWX;
}

/* Does @pte lead to a table of the next level? */
static inline bool pte_is_table(pte_t pte)
{
	return pte_is_valid(pte) && !pte_is_leaf(pte);
}

static inline pte_t pte_make(paddr_t pa, pgprot_t prot)
{
	return pa >> PAGE_SHIFT << PTE_PPN_SHIFT | pgprot_val(prot);
}

static inline pte_t pte_make_table(paddr_t table)
{
	return table >> PAGE_SHIFT << PTE_PPN_SHIFT | PTE_V;
}

/* Physical address in the entry: of a table, or of a leaf without PTE_N. */
static inline paddr_t pte_phys(pte_t pte)
{
	return (pte & PTE_PPN_MASK) >> PTE_PPN_SHIFT << PAGE_SHIFT;
}

/*
 * Svnapot: 16 equal level-0 entries make one 64 KiB translation; PPN bits 3..0
 * hold 1000 instead of an address (Svnapot, table 5.1).
 */
#define NAPOT_PTES 16u
#define NAPOT_SIZE (NAPOT_PTES * PAGE_SIZE)

/* One of the 16 entries; @pa is aligned to NAPOT_SIZE. */
static inline pte_t pte_make_napot(paddr_t pa, pgprot_t prot)
{
	return pte_make(pa, prot) | PTE_N |
	       (pte_t)(NAPOT_PTES / 2) << PTE_PPN_SHIFT;
}

/* Bytes that one translation of leaf @pte covers. */
static inline size_t pte_leaf_size(pte_t pte, unsigned int level)
{
	return pte & PTE_N ? NAPOT_SIZE : LEVEL_SIZE(level);
}

/* Where leaf @pte at @level takes @va. */
static inline paddr_t pte_translate(pte_t pte, unsigned int level, vaddr_t va)
{
	size_t offset_mask = pte_leaf_size(pte, level) - 1;

	return (pte_phys(pte) & ~offset_mask) | (va & offset_mask);
}

/* From the entry of one leaf to that of the next one in memory. */
static inline pte_t pte_step(unsigned int level)
{
	return LEVEL_SIZE(level) >> PAGE_SHIFT << PTE_PPN_SHIFT;
}

/*
 * @pte + @step, opaque, so that an unrolled run is a store and an addition an
 * entry; the compiler would make a table of sums of it.
 */
static inline pte_t pte_advance(pte_t pte, pte_t step)
{
	pte += step;
	__asm__("" : "+r"(pte));
	return pte;
}

static inline pgprot_t pte_prot(pte_t pte)
{
	return __pgprot(pte & PTE_PROT_MASK);
}

/* Leaf @pte with another protection; frame, PTE_N and PTE_HELD stay. */
static inline pte_t pte_modify(pte_t pte, pgprot_t prot)
{
	return (pte & (PTE_PPN_MASK | PTE_N | PTE_HELD)) | pgprot_val(prot);
}

/*
 * Is @prot something a leaf may hold: valid, readable or executable, no
 * W without R, no U, nothing outside PTE_PROT_MASK. (contract 1.4, prot)
 */
static inline bool pgprot_is_sane(pgprot_t prot)
{
	unsigned long bits = pgprot_val(prot);

	if (bits & ~PTE_PROT_MASK || bits & PTE_U || !(bits & PTE_V))
		return false;
	if (!(bits & (PTE_R | PTE_X)) || !(bits & PTE_A) || !(bits & PTE_D))
		return false;
	return !(bits & PTE_W) || bits & PTE_R;
}

#endif /* ARCH_PTE_H */
