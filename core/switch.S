/* SPDX-License-Identifier: MIT */
/*
 * From one thread to another. A thread that gives its hart up by a call keeps
 * what a call keeps (ra, sp, tp, s0 to s11, fs0 to fs11, fcsr) in the frame of
 * its struct; one that was preempted has every register there, put by
 * core/frame.c. Either kind can be resumed from here and from there.
 *
 * sstatus.FS says whether a thread has written an F register since it got the
 * hart; who never does pays nothing for them. V registers do not outlive calls:
 * only a preempted thread has any.
 */
#include "arch/asm_offsets.h"
#include "arch/csr.h"

	.macro KEPT instruction, base
	\instruction ra, 8(\base)
	\instruction sp, 16(\base)
	\instruction tp, 32(\base)
	\instruction s0, 64(\base)
	\instruction s1, 72(\base)
	\instruction s2, 144(\base)
	\instruction s3, 152(\base)
	\instruction s4, 160(\base)
	\instruction s5, 168(\base)
	\instruction s6, 176(\base)
	\instruction s7, 184(\base)
	\instruction s8, 192(\base)
	\instruction s9, 200(\base)
	\instruction s10, 208(\base)
	\instruction s11, 216(\base)
	.endm

	.macro FPU_KEPT instruction, base
	\instruction f8, THREAD_FPU + 64(\base)
	\instruction f9, THREAD_FPU + 72(\base)
	\instruction f18, THREAD_FPU + 144(\base)
	\instruction f19, THREAD_FPU + 152(\base)
	\instruction f20, THREAD_FPU + 160(\base)
	\instruction f21, THREAD_FPU + 168(\base)
	\instruction f22, THREAD_FPU + 176(\base)
	\instruction f23, THREAD_FPU + 184(\base)
	\instruction f24, THREAD_FPU + 192(\base)
	\instruction f25, THREAD_FPU + 200(\base)
	\instruction f26, THREAD_FPU + 208(\base)
	\instruction f27, THREAD_FPU + 216(\base)
	.endm

	.macro FPU_ALL instruction, base, offset
	\instruction f0, \offset + 0(\base)
	\instruction f1, \offset + 8(\base)
	\instruction f2, \offset + 16(\base)
	\instruction f3, \offset + 24(\base)
	\instruction f4, \offset + 32(\base)
	\instruction f5, \offset + 40(\base)
	\instruction f6, \offset + 48(\base)
	\instruction f7, \offset + 56(\base)
	\instruction f8, \offset + 64(\base)
	\instruction f9, \offset + 72(\base)
	\instruction f10, \offset + 80(\base)
	\instruction f11, \offset + 88(\base)
	\instruction f12, \offset + 96(\base)
	\instruction f13, \offset + 104(\base)
	\instruction f14, \offset + 112(\base)
	\instruction f15, \offset + 120(\base)
	\instruction f16, \offset + 128(\base)
	\instruction f17, \offset + 136(\base)
	\instruction f18, \offset + 144(\base)
	\instruction f19, \offset + 152(\base)
	\instruction f20, \offset + 160(\base)
	\instruction f21, \offset + 168(\base)
	\instruction f22, \offset + 176(\base)
	\instruction f23, \offset + 184(\base)
	\instruction f24, \offset + 192(\base)
	\instruction f25, \offset + 200(\base)
	\instruction f26, \offset + 208(\base)
	\instruction f27, \offset + 216(\base)
	\instruction f28, \offset + 224(\base)
	\instruction f29, \offset + 232(\base)
	\instruction f30, \offset + 240(\base)
	\instruction f31, \offset + 248(\base)
	.endm

	.macro VECTOR_ALL instruction, base
	csrr t1, vlenb
	slli t1, t1, 3
	\instruction v0, (\base)
	add \base, \base, t1
	\instruction v8, (\base)
	add \base, \base, t1
	\instruction v16, (\base)
	add \base, \base, t1
	\instruction v24, (\base)
	.endm

	.text

/*
 * void thread_switch(struct thread *last, struct thread *next,
 *                    unsigned long *lock_word)
 * Interrupts off. The lock is let go as soon as @last is saved.
 */
	.globl thread_switch
	.type thread_switch, @function
	.balign 8
thread_switch:
	csrr t0, sstatus
	slli t1, t0, 63 - 14            # FS: clean and dirty have bit 14
	bltz t1, .Lfpu_used
.Lfpu_saved:
	KEPT sd, a0
.Lkept:
	amoswap.d.rl zero, zero, (a2)
	ld t3, THREAD_FPU_IS_SAVED(a1)
	ld t4, THREAD_PREEMPTED(a1)
	bnez t4, .Lresume_whole
	bnez t3, .Lload_fpu
	frcsr t3
	bnez t3, .Lclear_fcsr
.Lfpu_loaded:
	KEPT ld, a1
	ret

/* QEMU does not say dirty where only flags were set, as by feq.d. */
.Lfpu_used:
	slli t1, t1, 1                  # and dirty bit 13 as well
	bltz t1, .Lsave_fpu
	frcsr t3
	sd t3, THREAD_FPU + FPU_FCSR(a0)
	j .Lfpu_saved

.Lsave_fpu:
	FPU_KEPT fsd, a0
	frcsr t3
	sd t3, THREAD_FPU + FPU_FCSR(a0)
	li t3, 1
	sd t3, THREAD_FPU_IS_SAVED(a0)
	li t4, SSTATUS_FS_INITIAL       # dirty to clean: one bit goes
	csrc sstatus, t4
	j .Lfpu_saved

.Lload_fpu:
	FPU_KEPT fld, a1
	ld t3, THREAD_FPU + FPU_FCSR(a1)
	fscsr t3
	li t4, SSTATUS_FS_INITIAL
	csrc sstatus, t4
	j .Lfpu_loaded

.Lclear_fcsr:
	fscsr zero
	li t4, SSTATUS_FS_CLEAN
	csrc sstatus, t4                # dirty to initial
	j .Lfpu_loaded

/* @next in a1 was preempted: everything, and back to where that was. */
.Lresume_whole:
	beqz t3, 1f
	FPU_ALL fld, a1, THREAD_FPU
	ld t3, THREAD_FPU + FPU_FCSR(a1)
	fscsr t3
	j 2f
1:	fscsr zero
2:	ld t0, FRAME_SSTATUS(a1)
	li t1, SSTATUS_VS_CLEAN
	and t1, t0, t1
	beqz t1, 3f
	ld a0, THREAD_VECTOR(a1)
	beqz a0, 3f
	mv s0, a1
	call vector_load
	mv a1, s0
	ld t0, FRAME_SSTATUS(a1)
/* No load may fault behind the csrw: both ends of the frame are seen before. */
3:	sd zero, THREAD_PREEMPTED(a1)
	ld x1, 8(a1)
	ld t1, FRAME_SEPC(a1)
	csrw sstatus, t0
	csrw sepc, t1
	mv t6, a1
	ld x2, 16(t6)
	ld x4, 32(t6)
	ld x5, 40(t6)
	ld x6, 48(t6)
	ld x7, 56(t6)
	ld x8, 64(t6)
	ld x9, 72(t6)
	ld x10, 80(t6)
	ld x11, 88(t6)
	ld x12, 96(t6)
	ld x13, 104(t6)
	ld x14, 112(t6)
	ld x15, 120(t6)
	ld x16, 128(t6)
	ld x17, 136(t6)
	ld x18, 144(t6)
	ld x19, 152(t6)
	ld x20, 160(t6)
	ld x21, 168(t6)
	ld x22, 176(t6)
	ld x23, 184(t6)
	ld x24, 192(t6)
	ld x25, 200(t6)
	ld x26, 208(t6)
	ld x27, 216(t6)
	ld x28, 224(t6)
	ld x29, 232(t6)
	ld x30, 240(t6)
	ld t6, 248(t6)
	sret
	.size thread_switch, . - thread_switch

/*
 * void thread_switch_from_idle(struct thread *next, unsigned long *lock_word)
 * The same from the idle thread, of which nothing is kept.
 */
	.globl thread_switch_from_idle
	.type thread_switch_from_idle, @function
thread_switch_from_idle:
	mv a2, a1
	mv a1, a0
	j .Lkept
	.size thread_switch_from_idle, . - thread_switch_from_idle

/* void thread_resume(struct thread *next): the caller is no thread. */
	.globl thread_resume
	.type thread_resume, @function
thread_resume:
	KEPT ld, a0
	ret
	.size thread_resume, . - thread_resume

/* Where a thread begins: s0 is its function, s1 the argument. */
	.globl thread_entry
	.type thread_entry, @function
thread_entry:
	csrsi sstatus, SSTATUS_SIE
	mv a0, s1
	jalr s0
	call thread_exit
	.size thread_entry, . - thread_entry

/* void fpu_save(struct fpu_state *state), fpu_load(const struct fpu_state *) */
	.globl fpu_save
	.type fpu_save, @function
fpu_save:
	FPU_ALL fsd, a0, 0
	frcsr t0
	sd t0, FPU_FCSR(a0)
	ret
	.size fpu_save, . - fpu_save

	.globl fpu_load
	.type fpu_load, @function
fpu_load:
	FPU_ALL fld, a0, 0
	ld t0, FPU_FCSR(a0)
	fscsr t0
	ret
	.size fpu_load, . - fpu_load

	.option push
	.option arch, +v
/* void vector_save(void *state), vector_load(const void *state) */
	.globl vector_save
	.type vector_save, @function
vector_save:
	csrr t0, vstart
	sd t0, 0(a0)
	csrr t0, vtype
	sd t0, 8(a0)
	csrr t0, vl
	sd t0, 16(a0)
	csrr t0, vcsr
	sd t0, 24(a0)
	csrw vstart, zero
	addi a0, a0, 32
	VECTOR_ALL vs8r.v, a0
	ret
	.size vector_save, . - vector_save

	.globl vector_load
	.type vector_load, @function
vector_load:
	csrw vstart, zero
	addi t2, a0, 32
	VECTOR_ALL vl8re8.v, t2
	ld t0, 8(a0)
	ld t1, 16(a0)
	vsetvl zero, t1, t0
	ld t0, 24(a0)
	csrw vcsr, t0
	ld t0, 0(a0)
	csrw vstart, t0
	ret
	.size vector_load, . - vector_load
	.option pop
