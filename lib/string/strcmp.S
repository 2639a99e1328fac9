/* SPDX-License-Identifier: MIT */
/*
 * Aligned words while both strings are aligned alike: a word that reaches past
 * the end of a string stays in the page where the string ends. A word with a
 * zero byte, or a difference, is looked at byte by byte.
 */
	.section .text.string, "ax"

/* int strcmp(const char *left, const char *right) */
	.globl strcmp
	.type strcmp, @function
	.balign 16
strcmp:
	xor t0, a0, a1
	andi t0, t0, 7
	bnez t0, .Lbytes
	andi t0, a0, 7
	beqz t0, .Lwords
	li t2, 8
	sub t0, t2, t0                  # bytes before the first aligned word
	add a3, a0, t0
1:	lbu t0, 0(a0)
	lbu t1, 0(a1)
	bne t0, t1, .Ldiffer
	beqz t0, .Ldiffer
	addi a0, a0, 1
	addi a1, a1, 1
	bltu a0, a3, 1b
.Lwords:
	li a4, 0x0101010101010101
	slli a5, a4, 7                  # 0x80 in each byte
1:	ld t0, 0(a0)
	ld t1, 0(a1)
	sub t2, t0, a4
	not t3, t0
	and t2, t2, t3
	and t2, t2, a5                  # a zero byte?
	bnez t2, .Lbytes
	bne t0, t1, .Lbytes
	addi a0, a0, 8
	addi a1, a1, 8
	j 1b
.Lbytes:
	lbu t0, 0(a0)
	lbu t1, 0(a1)
	addi a0, a0, 1
	addi a1, a1, 1
	bne t0, t1, .Ldiffer
	bnez t0, .Lbytes
.Ldiffer:
	sub a0, t0, t1
	ret
	.size strcmp, . - strcmp
