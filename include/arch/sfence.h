/* SPDX-License-Identifier: MIT */
/*
 * The instructions that order page-table stores before translations
 * (privileged spec 4.2.1; Svinval, chapter 7). mm/tlb.c decides which, when and
 * on which harts.
 */
#ifndef ARCH_SFENCE_H
#define ARCH_SFENCE_H

#include <stdint.h>

/* Everything, all levels, this hart. */
static inline void sfence_vma_all(void)
{
	__asm__ volatile("sfence.vma" : : : "memory");
}

/* The leaf entry of one address, this hart; no page-table page. */
static inline void sfence_vma_page(uintptr_t va)
{
	__asm__ volatile("sfence.vma %0" : : "r"(va) : "memory");
}

/* Svinval: begin, each address, end = sfence_vma_page() of all of them. */
static inline void sfence_inval_begin(void)
{
	__asm__ volatile(".4byte 0x18000073" : : : "memory"); /* w.inval */
}

static inline void sfence_inval_page(uintptr_t va)
{
	__asm__ volatile(".insn r 0x73, 0, 0x0b, x0, %0, x0" /* sinval.vma */
	                 :
	                 : "r"(va)
	                 : "memory");
}

static inline void sfence_inval_end(void)
{
	__asm__ volatile(".4byte 0x18100073" : : : "memory"); /* inval.ir */
}

#endif /* ARCH_SFENCE_H */
