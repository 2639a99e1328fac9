/* SPDX-License-Identifier: MIT */
/*
 * long syscall(long n, ...): arguments of a variadic function come in the same
 * registers as others, so the number leaves and the rest moves down by one. In C
 * the moves cost twice.
 */
#include "glue_asm.h"

	.text
	.globl syscall
	.type syscall, @function
syscall:
	li t0, SYSCALL_TABLE_SIZE
	bgeu a0, t0, .Lunknown
	slli t0, a0, 3
.Ltable:
	auipc t1, %pcrel_hi(syscall_table)
	add t1, t1, t0
	ld t1, %pcrel_lo(.Ltable)(t1)
	beqz t1, .Lunknown
	mv a0, a1
	mv a1, a2
	mv a2, a3
	mv a3, a4
	mv a4, a5
	mv a5, a6
	addi sp, sp, -16
	sd ra, 8(sp)
	jalr t1
	ld ra, 8(sp)
	addi sp, sp, 16
	li t0, -4096
	bltu t0, a0, .Lfailed
	ret
.Lfailed:
	tail syscall_failed
.Lunknown:
	tail syscall_unknown
	.size syscall, . - syscall
