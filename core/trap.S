/* SPDX-License-Identifier: MIT */
/*
 * Trap entry and return. The frame goes to the hart's trap stack, whatever sp
 * was: a full thread stack is then one fault like any other.
 *
 *   sscratch = top of the trap stack while the hart runs threads,
 *              0 while it is in a trap: a trap in a trap continues where it is
 *
 * gp is valid at all times, so the entry code spills to this hart's struct. A
 * nested trap whose sp is not on the trap stack, or too near its end, goes to
 * the emergency stack and panics; one on the emergency stack says a last line.
 */
#include "arch/asm_offsets.h"

	.macro SAVE_REGISTERS
	sd x1, 8(sp)
	sd x3, 24(sp)
	sd x4, 32(sp)
	sd x5, 40(sp)
	sd x6, 48(sp)
	sd x7, 56(sp)
	sd x8, 64(sp)
	sd x9, 72(sp)
	sd x10, 80(sp)
	sd x11, 88(sp)
	sd x12, 96(sp)
	sd x13, 104(sp)
	sd x14, 112(sp)
	sd x15, 120(sp)
	sd x16, 128(sp)
	sd x17, 136(sp)
	sd x18, 144(sp)
	sd x19, 152(sp)
	sd x20, 160(sp)
	sd x21, 168(sp)
	sd x22, 176(sp)
	sd x23, 184(sp)
	sd x24, 192(sp)
	sd x25, 200(sp)
	sd x26, 208(sp)
	sd x27, 216(sp)
	sd x28, 224(sp)
	sd x29, 232(sp)
	sd x30, 240(sp)
	sd x31, 248(sp)
	csrr t0, sepc
	csrr t1, sstatus
	csrr t2, scause
	csrr t3, stval
	sd t0, FRAME_SEPC(sp)
	sd t1, FRAME_SSTATUS(sp)
	sd t2, FRAME_SCAUSE(sp)
	sd t3, FRAME_STVAL(sp)
	.endm

	.text
	.balign 4
	.globl trap_entry
	.type trap_entry, @function
trap_entry:
	sd t0, HART_TRAP_SCRATCH(gp)
	csrrw t0, sscratch, zero        # from now on we are in a trap
	beqz t0, .Lnested
	addi t0, t0, -FRAME_BYTES
	sd sp, 16(t0)                   # x2 of the interrupted code
	mv sp, t0
	ld t0, HART_TRAP_SCRATCH(gp)

.Lsave:	SAVE_REGISTERS
	mv a0, sp
	call trap_dispatch
	.globl trap_return
trap_return:
	ld t0, FRAME_SEPC(sp)
	ld t1, FRAME_SSTATUS(sp)
	csrw sepc, t0
	csrw sstatus, t1
	addi t0, sp, FRAME_BYTES        # the outermost frame ends at the top
	ld t1, HART_TRAP_STACK_TOP(gp)
	bne t0, t1, 1f
	csrw sscratch, t0
1:	ld x1, 8(sp)
	ld x4, 32(sp)
	ld x5, 40(sp)
	ld x6, 48(sp)
	ld x7, 56(sp)
	ld x8, 64(sp)
	ld x9, 72(sp)
	ld x10, 80(sp)
	ld x11, 88(sp)
	ld x12, 96(sp)
	ld x13, 104(sp)
	ld x14, 112(sp)
	ld x15, 120(sp)
	ld x16, 128(sp)
	ld x17, 136(sp)
	ld x18, 144(sp)
	ld x19, 152(sp)
	ld x20, 160(sp)
	ld x21, 168(sp)
	ld x22, 176(sp)
	ld x23, 184(sp)
	ld x24, 192(sp)
	ld x25, 200(sp)
	ld x26, 208(sp)
	ld x27, 216(sp)
	ld x28, 224(sp)
	ld x29, 232(sp)
	ld x30, 240(sp)
	ld x31, 248(sp)
	ld sp, 16(sp)
	sret

.Lnested:
	ld t0, HART_TRAP_STACK_BOTTOM(gp)
	addi t0, t0, FRAME_BYTES
	bltu sp, t0, .Lexhausted
	ld t0, HART_TRAP_STACK_TOP(gp)
	bltu t0, sp, .Lexhausted
	sd sp, 16 - FRAME_BYTES(sp)
	addi sp, sp, -FRAME_BYTES
	ld t0, HART_TRAP_SCRATCH(gp)
	j .Lsave

.Lexhausted:
	sd t1, HART_TRAP_SCRATCH + 8(gp)
	ld t0, HART_TRAP_STACK_BOTTOM(gp)
	ld t1, HART_EMERGENCY_TOP(gp)
	bltu t0, t1, .Lhopeless         # we were on the emergency stack
	li t0, EMERGENCY_STACK_BYTES
	sub t0, t1, t0
	sd t0, HART_TRAP_STACK_BOTTOM(gp)
	addi t1, t1, -FRAME_BYTES
	sd sp, 16(t1)
	mv sp, t1
	ld t0, HART_TRAP_SCRATCH(gp)
	ld t1, HART_TRAP_SCRATCH + 8(gp)
	SAVE_REGISTERS
	mv a0, sp
	call trap_stack_exhausted       # does not return

.Lhopeless:
	mv sp, t1
	csrr a0, scause
	csrr a1, sepc
	csrr a2, stval
	call trap_hopeless              # does not return
	.size trap_entry, . - trap_entry

/*
 * Probing accesses: a trap between probe_start and probe_end continues at
 * probe_failed with ra unchanged (core/trap.c), which returns -EFAULT.
 */
	.globl probe_start
probe_start:

/* int probe_load(const void *from, void *to, unsigned int bytes): 1 2 4 8 */
	.globl probe_load
	.type probe_load, @function
probe_load:
	li t0, 8
	beq a2, t0, 8f
	li t0, 4
	beq a2, t0, 4f
	li t0, 2
	beq a2, t0, 2f
	lbu t0, 0(a0)
	sb t0, 0(a1)
	li a0, 0
	ret
2:	lhu t0, 0(a0)
	sh t0, 0(a1)
	li a0, 0
	ret
4:	lwu t0, 0(a0)
	sw t0, 0(a1)
	li a0, 0
	ret
8:	ld t0, 0(a0)
	sd t0, 0(a1)
	li a0, 0
	ret
	.size probe_load, . - probe_load
	.globl probe_end
probe_end:

/* int probe_failed(void) */
	.globl probe_failed
	.type probe_failed, @function
probe_failed:
	li a0, -14                      # -EFAULT, proved in core/trap.c
	ret
	.size probe_failed, . - probe_failed
