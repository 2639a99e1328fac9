/* SPDX-License-Identifier: MIT */
/*
 * A hart that boot/harts.c asked firmware to start: a0 = its id, a1 = physical
 * address of its struct hart_start, translation off. As in boot/entry.S, the
 * fetch after satp is written traps to the high half.
 */
#include "arch/asm_offsets.h"
#include "arch/csr.h"

	.text
	.globl secondary_start
	.type secondary_start, @function
	.balign 4
secondary_start:
	csrw sie, zero
	li tp, 0
	ld t0, START_SATP(a1)
	ld t1, START_ENTRY(a1)
	ld gp, START_HART(a1)
	ld sp, START_STACK(a1)
	csrw stvec, t1
	sfence.vma
	csrw satp, t0                   # the next fetch traps
	sfence.vma
1:	wfi                             # no Sv39 here: the boot hart reports it
	j 1b
	.size secondary_start, . - secondary_start

	.globl secondary_high
	.type secondary_high, @function
	.balign 4
secondary_high:
	sfence.vma
	li t0, SSTATUS_SIE | SSTATUS_SUM
	csrc sstatus, t0
	li t0, SSTATUS_FS
	csrs sstatus, t0
	fscsr zero
	li t0, SSTATUS_FS_CLEAN         # dirty to initial: nothing to save
	csrc sstatus, t0
	li ra, 0                        # backtraces end here
	tail secondary_main
	.size secondary_high, . - secondary_high
