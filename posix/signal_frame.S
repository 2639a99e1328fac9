/* SPDX-License-Identifier: MIT */
/*
 * Into a handler and back. Two ways lead in: signal_call(), from the end of a system
 * call, and signal_entry_point, where a thread goes on that was interrupted between
 * two instructions. Both make a struct signal_frame; the handler is called on the
 * thread's stack and returns to signal_returned, which loads everything again.
 *
 * s1 holds the frame while a handler runs: it is the handler's to keep.
 */
#include "arch/asm_offsets.h"
#include "arch/csr.h"
#include "signal_frame_asm.h"

/* FS of sstatus off or initial: nothing is there to keep. Clobbers a0 and ra too */
	.macro SAVE_FPU base
	csrr t0, sstatus
	li t1, SSTATUS_FS_CLEAN
	and t0, t0, t1
	sd t0, SIGNAL_FRAME_HAS_FPU(\base)
	frcsr t1
	sw t1, SIGNAL_FRAME_FCSR(\base)
	beqz t0, 1f
	addi a0, \base, SIGNAL_FRAME_FPREGS
	call fpu_save
1:
	.endm

	.text

	.globl signal_call
	.type signal_call, @function
signal_call:
	addi sp, sp, -SIGNAL_FRAME_BYTES
	sd ra, SIGNAL_FRAME_GREGS(sp)
	sd ra, SIGNAL_FRAME_GREGS + 8(sp)
	addi t0, sp, SIGNAL_FRAME_BYTES
	sd t0, SIGNAL_FRAME_GREGS + 16(sp)
	sd gp, SIGNAL_FRAME_GREGS + 24(sp)
	sd tp, SIGNAL_FRAME_GREGS + 32(sp)
	sd s0, SIGNAL_FRAME_GREGS + 64(sp)
	sd s1, SIGNAL_FRAME_GREGS + 72(sp)
	sd s2, SIGNAL_FRAME_GREGS + 144(sp)
	sd s3, SIGNAL_FRAME_GREGS + 152(sp)
	sd s4, SIGNAL_FRAME_GREGS + 160(sp)
	sd s5, SIGNAL_FRAME_GREGS + 168(sp)
	sd s6, SIGNAL_FRAME_GREGS + 176(sp)
	sd s7, SIGNAL_FRAME_GREGS + 184(sp)
	sd s8, SIGNAL_FRAME_GREGS + 192(sp)
	sd s9, SIGNAL_FRAME_GREGS + 200(sp)
	sd s10, SIGNAL_FRAME_GREGS + 208(sp)
	sd s11, SIGNAL_FRAME_GREGS + 216(sp)
	mv s1, a0
	SAVE_FPU sp
	mv a0, sp
	mv a1, s1
	call signal_from_call
	bnez a0, .Lenter
	ld ra, SIGNAL_FRAME_GREGS + 8(sp)
	ld s1, SIGNAL_FRAME_GREGS + 72(sp)
	addi sp, sp, SIGNAL_FRAME_BYTES
	ret
	.size signal_call, . - signal_call

/*
 * Interrupts are on; every register but sp, gp and the F and V ones is free. Room
 * for V state is left below the frame, where C would have its own.
 */
	.globl signal_entry_point
	.type signal_entry_point, @function
signal_entry_point:
	andi sp, sp, -16
	addi sp, sp, -SIGNAL_FRAME_BYTES
	SAVE_FPU sp
	mv s1, sp
	call thread_vector_bytes
	addi a0, a0, 15
	andi a0, a0, -16
	sub sp, sp, a0
	mv a0, s1
	call signal_from_thread
	beqz a0, .Lnothing

/* a0 is the frame */
.Lenter:
	mv s1, a0
.Lcall_handler:
	ld sp, SIGNAL_FRAME_SP(s1)
	ld a0, SIGNAL_FRAME_SIGNAL(s1)
	mv a1, s1
	addi a2, s1, SIGNAL_FRAME_UC
	ld t0, SIGNAL_FRAME_HANDLER(s1)
	jalr t0
signal_returned:
	mv a0, s1
	call signal_return
	bnez a0, .Lcall_handler
	j .Lgo_on

/* No signal was left for it: the frame is where it was, V state below. */
.Lnothing:
	ld sp, SIGNAL_FRAME_SP(s1)
	mv a0, s1
	call signal_return
	bnez a0, .Lcall_handler

/* s1 is the frame, interrupts are off */
.Lgo_on:
	ld a0, SIGNAL_FRAME_VECTOR(s1)
	beqz a0, 1f
	call vector_load
1:	lw t0, SIGNAL_FRAME_FCSR(s1)
	frcsr t1
	beq t0, t1, 2f
	fscsr t0
2:	ld t0, SIGNAL_FRAME_HAS_FPU(s1)
	beqz t0, 3f
	addi a0, s1, SIGNAL_FRAME_FPREGS
	call fpu_load
3:	li t0, SSTATUS_SPP | SSTATUS_SPIE
	csrs sstatus, t0
	ld t0, SIGNAL_FRAME_GREGS(s1)
	csrw sepc, t0
	mv t6, s1
	ld x1, SIGNAL_FRAME_GREGS + 8(t6)
	ld x2, SIGNAL_FRAME_GREGS + 16(t6)
	ld x4, SIGNAL_FRAME_GREGS + 32(t6)
	ld x5, SIGNAL_FRAME_GREGS + 40(t6)
	ld x6, SIGNAL_FRAME_GREGS + 48(t6)
	ld x7, SIGNAL_FRAME_GREGS + 56(t6)
	ld x8, SIGNAL_FRAME_GREGS + 64(t6)
	ld x9, SIGNAL_FRAME_GREGS + 72(t6)
	ld x10, SIGNAL_FRAME_GREGS + 80(t6)
	ld x11, SIGNAL_FRAME_GREGS + 88(t6)
	ld x12, SIGNAL_FRAME_GREGS + 96(t6)
	ld x13, SIGNAL_FRAME_GREGS + 104(t6)
	ld x14, SIGNAL_FRAME_GREGS + 112(t6)
	ld x15, SIGNAL_FRAME_GREGS + 120(t6)
	ld x16, SIGNAL_FRAME_GREGS + 128(t6)
	ld x17, SIGNAL_FRAME_GREGS + 136(t6)
	ld x18, SIGNAL_FRAME_GREGS + 144(t6)
	ld x19, SIGNAL_FRAME_GREGS + 152(t6)
	ld x20, SIGNAL_FRAME_GREGS + 160(t6)
	ld x21, SIGNAL_FRAME_GREGS + 168(t6)
	ld x22, SIGNAL_FRAME_GREGS + 176(t6)
	ld x23, SIGNAL_FRAME_GREGS + 184(t6)
	ld x24, SIGNAL_FRAME_GREGS + 192(t6)
	ld x25, SIGNAL_FRAME_GREGS + 200(t6)
	ld x26, SIGNAL_FRAME_GREGS + 208(t6)
	ld x27, SIGNAL_FRAME_GREGS + 216(t6)
	ld x28, SIGNAL_FRAME_GREGS + 224(t6)
	ld x29, SIGNAL_FRAME_GREGS + 232(t6)
	ld x30, SIGNAL_FRAME_GREGS + 240(t6)
	ld x31, SIGNAL_FRAME_GREGS + 248(t6)
	sret
	.size signal_entry_point, . - signal_entry_point
