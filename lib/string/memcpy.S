/* SPDX-License-Identifier: MIT */
/*
 * memcpy, memmove, copy_page.
 *
 * Up to 64 bytes: first and last words, overlapping, all loaded before any is
 * stored, so memmove shares it. Longer: the target is aligned byte by byte,
 * then 1,024 bytes a turn (128 loads, 128 stores, 3 more), 64 bytes a turn, the
 * rest as if it were all of it, or in words and bytes. Sources that are not aligned
 * as the target: misaligned loads where hardware does them, else aligned loads,
 * shifted and merged.
 *
 * The forward copy loads 64 bytes before it stores them and never comes back,
 * which makes it right for overlap with the target below the source.
 */
	.section .text.string, "ax"

	.macro COPY64 offset
	ld t0, \offset + 0(a1)
	ld t1, \offset + 8(a1)
	ld t2, \offset + 16(a1)
	ld t3, \offset + 24(a1)
	ld t4, \offset + 32(a1)
	ld a4, \offset + 40(a1)
	ld a5, \offset + 48(a1)
	ld a6, \offset + 56(a1)
	sd t0, \offset + 0(t6)
	sd t1, \offset + 8(t6)
	sd t2, \offset + 16(t6)
	sd t3, \offset + 24(t6)
	sd t4, \offset + 32(t6)
	sd a4, \offset + 40(t6)
	sd a5, \offset + 48(t6)
	sd a6, \offset + 56(t6)
	.endm

/*
 * 0 to 64 bytes from a1 to to; a3 and a4 are the ends. For where misaligned words
 * are fast.
 */
	.macro COPY_SMALL to
	add a3, a1, a2
	add a4, \to, a2
	li t0, 16
	bgtu a2, t0, 1f
	li t0, 8
	bltu a2, t0, 3f
	ld t0, 0(a1)                    # 8 to 16
	ld t1, -8(a3)
	sd t0, 0(\to)
	sd t1, -8(a4)
	ret
1:	li t0, 32
	bgtu a2, t0, 2f
	ld t0, 0(a1)                    # 17 to 32
	ld t1, 8(a1)
	ld t2, -16(a3)
	ld t3, -8(a3)
	sd t0, 0(\to)
	sd t1, 8(\to)
	sd t2, -16(a4)
	sd t3, -8(a4)
	ret
2:	ld t0, 0(a1)                    # 33 to 64
	ld t1, 8(a1)
	ld t2, 16(a1)
	ld t3, 24(a1)
	ld t4, -32(a3)
	ld t5, -24(a3)
	ld a6, -16(a3)
	ld a5, -8(a3)
	sd t0, 0(\to)
	sd t1, 8(\to)
	sd t2, 16(\to)
	sd t3, 24(\to)
	sd t4, -32(a4)
	sd t5, -24(a4)
	sd a6, -16(a4)
	sd a5, -8(a4)
	ret
3:	li t0, 4
	bltu a2, t0, 4f
	lwu t0, 0(a1)                   # 4 to 7
	lwu t1, -4(a3)
	sw t0, 0(\to)
	sw t1, -4(a4)
	ret
4:	beqz a2, 5f
	srli t0, a2, 1                  # 1 to 3: first, middle, last
	add t1, a1, t0
	add t0, \to, t0
	lbu t2, 0(a1)
	lbu t1, 0(t1)
	lbu t3, -1(a3)
	sb t2, 0(\to)
	sb t1, 0(t0)
	sb t3, -1(a4)
5:	ret
	.endm

/* void *memmove(void *to, const void *from, size_t bytes) */
	.globl memmove
	.type memmove, @function
	.balign 16
memmove:
	li t0, 64
	bgtu a2, t0, 1f
	lbu t0, string_misaligned_slow
	beqz t0, .Lsmall
1:	sub t0, a0, a1                  # target inside the source?
	bltu t0, a2, .Lbackward
	j .Lforward
	.size memmove, . - memmove

/* void copy_page(void *to, const void *from) */
	.globl copy_page
	.type copy_page, @function
copy_page:
	mv t6, a0
	li a3, 4096
	li a2, 0
	j .Lturns
	.size copy_page, . - copy_page

/* void *memcpy(void *to, const void *from, size_t bytes) */
	.globl memcpy
	.type memcpy, @function
	.balign 16
memcpy:
	li t0, 64
	bgtu a2, t0, .Lforward
	lbu t0, string_misaligned_slow
	beqz t0, .Lsmall

/* t6 = target, a1 = source, a2 = bytes left; a0 is kept to be returned. */
.Lforward:
	mv t6, a0
	or t0, a0, a1
	andi t0, t0, 7
	bnez t0, .Lunaligned
.Laligned:
	andi a3, a2, -1024
	beqz a3, .Llines
	andi a2, a2, 1023
.Lturns:	add t5, t6, a3
1:	COPY64 0
	COPY64 64
	COPY64 128
	COPY64 192
	COPY64 256
	COPY64 320
	COPY64 384
	COPY64 448
	COPY64 512
	COPY64 576
	COPY64 640
	COPY64 704
	COPY64 768
	COPY64 832
	COPY64 896
	COPY64 960
	addi a1, a1, 1024
	addi t6, t6, 1024
	bltu t6, t5, 1b
	beqz a2, .Ldone
.Llines:
	andi a3, a2, -64
	beqz a3, .Lwords
	andi a2, a2, 63
	add t5, t6, a3
1:	COPY64 0
	addi a1, a1, 64
	addi t6, t6, 64
	bltu t6, t5, 1b
	beqz a2, .Ldone
.Lwords:
	lbu t0, string_misaligned_slow
	beqz t0, .Lsmall_rest
	andi a3, a2, -8
	beqz a3, .Lbytes
	andi a2, a2, 7
	add t5, t6, a3
1:	ld t0, 0(a1)
	addi a1, a1, 8
	sd t0, 0(t6)
	addi t6, t6, 8
	bltu t6, t5, 1b
.Lbytes:
	beqz a2, .Ldone
	add t5, t6, a2
1:	lbu t0, 0(a1)
	addi a1, a1, 1
	sb t0, 0(t6)
	addi t6, t6, 1
	bltu t6, t5, 1b
.Ldone:
	ret

.Lunaligned:
	li t0, 16
	bltu a2, t0, .Lbytes
	neg t0, t6                      # bytes to the next aligned target
	andi t0, t0, 7
	beqz t0, 2f
	sub a2, a2, t0
	add t5, t6, t0
1:	lbu t0, 0(a1)
	addi a1, a1, 1
	sb t0, 0(t6)
	addi t6, t6, 1
	bltu t6, t5, 1b
2:	andi t1, a1, 7
	beqz t1, .Laligned
	lbu t0, string_misaligned_slow
	beqz t0, .Laligned              # hardware reads misaligned words

	andi a3, a2, -8                 # merge: at least 9 bytes are left
	beqz a3, .Lbytes
	andi a2, a2, 7
	add t5, t6, a3
	andi a4, a1, -8                 # aligned source cursor
	slli t2, t1, 3                  # bits to drop of the lower word
	neg t3, t2                      # bits to raise the upper word, mod 64
	ld t0, 0(a4)
1:	ld t4, 8(a4)
	addi a4, a4, 8
	srl t0, t0, t2
	sll a5, t4, t3
	or t0, t0, a5
	sd t0, 0(t6)
	addi t6, t6, 8
	mv t0, t4
	bltu t6, t5, 1b
	add a1, a4, t1
	j .Lbytes

/* The target begins inside the source: from the ends downward. */
.Lbackward:
	add t6, a0, a2
	add a1, a1, a2
	or t0, t6, a1
	andi t0, t0, 7
	bnez t0, .Lbackward_unaligned
.Lbackward_aligned:
	andi a3, a2, -64
	beqz a3, .Lbackward_words
	andi a2, a2, 63
	sub t5, t6, a3
1:	addi a1, a1, -64
	addi t6, t6, -64
	COPY64 0
	bltu t5, t6, 1b
.Lbackward_words:
	andi a3, a2, -8
	beqz a3, .Lbackward_bytes
	andi a2, a2, 7
	sub t5, t6, a3
1:	addi a1, a1, -8
	ld t0, 0(a1)
	addi t6, t6, -8
	sd t0, 0(t6)
	bltu t5, t6, 1b
.Lbackward_bytes:
	beqz a2, .Ldone
1:	addi a1, a1, -1
	lbu t0, 0(a1)
	addi t6, t6, -1
	sb t0, 0(t6)
	bltu a0, t6, 1b
	ret

.Lbackward_unaligned:
	li t0, 16
	bltu a2, t0, .Lbackward_bytes
	andi t0, t6, 7                  # bytes above the last aligned target
	beqz t0, 2f
	sub a2, a2, t0
	sub t5, t6, t0
1:	addi a1, a1, -1
	lbu t0, 0(a1)
	addi t6, t6, -1
	sb t0, 0(t6)
	bltu t5, t6, 1b
2:	andi t0, a1, 7
	beqz t0, .Lbackward_aligned
	lbu t0, string_misaligned_slow
	beqz t0, .Lbackward_aligned
	j .Lbackward_bytes

.Lsmall:
	COPY_SMALL a0
.Lsmall_rest:
	COPY_SMALL t6
	.size memcpy, . - memcpy
