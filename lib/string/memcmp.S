/* SPDX-License-Identifier: MIT */
/*
 * Words while both ends may be read as words: hardware reads misaligned ones,
 * or both are aligned. The words that differ are looked at byte by byte. Never
 * reads beyond the length.
 */
	.section .text.string, "ax"

/* int memcmp(const void *left, const void *right, size_t bytes) */
	.globl memcmp
	.type memcmp, @function
	.balign 16
memcmp:
	or t0, a0, a1
	andi t0, t0, 7
	beqz t0, 1f
	lbu t0, string_misaligned_slow
	bnez t0, .Lbytes
1:	andi a3, a2, -32
	beqz a3, .Lwords
	andi a2, a2, 31
	add a3, a0, a3
2:	ld t0, 0(a0)
	ld t1, 0(a1)
	bne t0, t1, .Ldiffer
	ld t2, 8(a0)
	ld t3, 8(a1)
	bne t2, t3, .Ldiffer8
	ld t4, 16(a0)
	ld t5, 16(a1)
	bne t4, t5, .Ldiffer16
	ld t0, 24(a0)
	ld t1, 24(a1)
	bne t0, t1, .Ldiffer24
	addi a0, a0, 32
	addi a1, a1, 32
	bltu a0, a3, 2b
.Lwords:
	andi a3, a2, -8
	beqz a3, .Lbytes
	andi a2, a2, 7
	add a3, a0, a3
1:	ld t0, 0(a0)
	ld t1, 0(a1)
	bne t0, t1, .Ldiffer
	addi a0, a0, 8
	addi a1, a1, 8
	bltu a0, a3, 1b
.Lbytes:
	add a3, a0, a2
1:	beq a0, a3, .Lequal
	lbu t0, 0(a0)
	lbu t1, 0(a1)
	addi a0, a0, 1
	addi a1, a1, 1
	beq t0, t1, 1b
	sub a0, t0, t1
	ret
.Lequal:
	li a0, 0
	ret

.Ldiffer24:
	addi a0, a0, 8
	addi a1, a1, 8
.Ldiffer16:
	addi a0, a0, 8
	addi a1, a1, 8
.Ldiffer8:
	addi a0, a0, 8
	addi a1, a1, 8
.Ldiffer:
	li a2, 8
	j .Lbytes
	.size memcmp, . - memcmp
