/* SPDX-License-Identifier: MIT */
/*
 * memset, clear_page. Bytes up to an aligned target, then 512 bytes a turn (64
 * stores, 2 more), words, bytes. Up to 64 bytes: first and last words,
 * overlapping, where hardware stores misaligned words. With Zicboz a page is
 * cleared by cache blocks.
 */
	.section .text.string, "ax"

	.macro STORE64 offset
	sd a1, \offset + 0(t6)
	sd a1, \offset + 8(t6)
	sd a1, \offset + 16(t6)
	sd a1, \offset + 24(t6)
	sd a1, \offset + 32(t6)
	sd a1, \offset + 40(t6)
	sd a1, \offset + 48(t6)
	sd a1, \offset + 56(t6)
	.endm

/* void clear_page(void *page) */
	.globl clear_page
	.type clear_page, @function
clear_page:
	lhu t0, clear_page_block_bytes
	bnez t0, .Lblocks
	mv t6, a0
	li a1, 0
	li a2, 0
	li a3, 4096
	j .Lturns
.Lblocks:
	li t1, 4096
	add t1, t1, a0
1:	.4byte 0x0045200f               # cbo.zero (a0)
	add a0, a0, t0
	bltu a0, t1, 1b
	ret
	.size clear_page, . - clear_page

/* void *memset(void *to, int byte, size_t bytes) */
	.globl memset
	.type memset, @function
	.balign 16
memset:
	beqz a1, 1f                     # eight copies of the byte
	andi a1, a1, 255
	slli t0, a1, 8
	or a1, a1, t0
	slli t0, a1, 16
	or a1, a1, t0
	slli t0, a1, 32
	or a1, a1, t0
1:	li t0, 64
	bgtu a2, t0, .Llong
	lbu t0, string_misaligned_slow
	beqz t0, .Lsmall

/* t6 = target, a2 = bytes left; a0 is kept to be returned. */
.Llong:
	mv t6, a0
	andi t0, a0, 7
	bnez t0, .Lunaligned
.Laligned:
	andi a3, a2, -512
	beqz a3, .Lwords
	andi a2, a2, 511
.Lturns:	add t5, t6, a3
1:	STORE64 0
	STORE64 64
	STORE64 128
	STORE64 192
	STORE64 256
	STORE64 320
	STORE64 384
	STORE64 448
	addi t6, t6, 512
	bltu t6, t5, 1b
	beqz a2, .Ldone
.Lwords:
	andi a3, a2, -8
	beqz a3, .Lbytes
	andi a2, a2, 7
	add t5, t6, a3
1:	sd a1, 0(t6)
	addi t6, t6, 8
	bltu t6, t5, 1b
.Lbytes:
	beqz a2, .Ldone
	add t5, t6, a2
1:	sb a1, 0(t6)
	addi t6, t6, 1
	bltu t6, t5, 1b
.Ldone:
	ret

.Lunaligned:
	li t0, 8
	bltu a2, t0, .Lbytes
	neg t0, t6
	andi t0, t0, 7
	sub a2, a2, t0
	add t5, t6, t0
1:	sb a1, 0(t6)
	addi t6, t6, 1
	bltu t6, t5, 1b
	j .Laligned

/* 0 to 64 bytes; a4 is the end. */
.Lsmall:
	add a4, a0, a2
	li t0, 16
	bgtu a2, t0, 1f
	li t0, 8
	bltu a2, t0, 3f
	sd a1, 0(a0)                    # 8 to 16
	sd a1, -8(a4)
	ret
1:	li t0, 32
	bgtu a2, t0, 2f
	sd a1, 0(a0)                    # 17 to 32
	sd a1, 8(a0)
	sd a1, -16(a4)
	sd a1, -8(a4)
	ret
2:	sd a1, 0(a0)                    # 33 to 64
	sd a1, 8(a0)
	sd a1, 16(a0)
	sd a1, 24(a0)
	sd a1, -32(a4)
	sd a1, -24(a4)
	sd a1, -16(a4)
	sd a1, -8(a4)
	ret
3:	li t0, 4
	bltu a2, t0, 4f
	sw a1, 0(a0)                    # 4 to 7
	sw a1, -4(a4)
	ret
4:	beqz a2, 5f
	srli t0, a2, 1                  # 1 to 3: first, middle, last
	add t0, a0, t0
	sb a1, 0(a0)
	sb a1, 0(t0)
	sb a1, -1(a4)
5:	ret
	.size memset, . - memset

	.bss
	.globl clear_page_block_bytes
	.balign 2
clear_page_block_bytes:
	.zero 2
