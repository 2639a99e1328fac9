/* SPDX-License-Identifier: MIT */
/*
 * void spin_wait(struct spinlock *lock) for code that does not expect a call: the
 * lock comes in t1, the return address in t0, and no other register changes. So
 * taking a lock, which hardly ever waits, is no call for the compiler, and a
 * function that does nothing else needs no frame.
 */
	.text
	.globl spin_wait_keeping_registers
	.type spin_wait_keeping_registers, @function
spin_wait_keeping_registers:
	addi sp, sp, -128
	sd ra, 0(sp)
	sd t0, 8(sp)
	sd t1, 16(sp)
	sd t2, 24(sp)
	sd t3, 32(sp)
	sd t4, 40(sp)
	sd t5, 48(sp)
	sd t6, 56(sp)
	sd a0, 64(sp)
	sd a1, 72(sp)
	sd a2, 80(sp)
	sd a3, 88(sp)
	sd a4, 96(sp)
	sd a5, 104(sp)
	sd a6, 112(sp)
	sd a7, 120(sp)
	mv a0, t1
	call spin_wait
	ld ra, 0(sp)
	ld t0, 8(sp)
	ld t1, 16(sp)
	ld t2, 24(sp)
	ld t3, 32(sp)
	ld t4, 40(sp)
	ld t5, 48(sp)
	ld t6, 56(sp)
	ld a0, 64(sp)
	ld a1, 72(sp)
	ld a2, 80(sp)
	ld a3, 88(sp)
	ld a4, 96(sp)
	ld a5, 104(sp)
	ld a6, 112(sp)
	ld a7, 120(sp)
	addi sp, sp, 128
	jr t0
	.size spin_wait_keeping_registers, . - spin_wait_keeping_registers
