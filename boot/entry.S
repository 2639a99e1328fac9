/* SPDX-License-Identifier: MIT */
/*
 * The first instructions. Firmware jumps to _start, the image's first byte, at
 * the physical address, translation off: a0 = hart id, a1 = device tree.
 *
 * Until `high` everything is pc-relative, so the same code serves wherever the
 * image was loaded. There is no identity map: writing satp makes the next
 * instruction's address invalid, the fetch traps, and stvec is `high`.
 *
 * OpenSBI 1.1 marks a hart as startable before it notes where: a hart that polls
 * at that moment comes here and not to secondary_start. Only the first one to
 * arrive is the boot hart.
 */
#include "arch/asm_offsets.h"
#include "arch/csr.h"
#include "arch/memmap.h"

	.section .text.start, "ax"
	.globl _start
	.type _start, @function
_start:
	rdinstret s2                    # for the boot chart
	rdtime s3
	mv s0, a0                       # hart id
	mv s1, a1                       # device tree
	lla t0, .Lboot_hart_came
	li t1, 1
	amoswap.w.aqrl t1, t1, (t0)
	bnez t1, .Lstray
	lla s4, _start                  # where the image is
	csrw sie, zero
	lla t0, .Learly_trap
	csrw stvec, t0
	li tp, 0
	lla sp, .Learly_stack_top
	mv a0, s4
	mv a1, s1
	call early_check                # may not return

	lla t0, early_clear_start
	lla t1, early_clear_end
	jal t2, .Lclear

	mv a0, s4
	mv a1, s1
	call early_map                  # a0 = satp

	lla t0, .Lhigh                  # virtual = physical + offset
	li t1, IMAGE_BASE
	sub t1, t1, s4
	add t0, t0, t1
	csrw stvec, t0
	sfence.vma
	csrw satp, a0                   # the next fetch traps to .Lhigh
	sfence.vma
	lla t0, .Learly_trap
	csrw stvec, t0
	lla a0, .Lno_sv39               # satp kept its old value
	call early_fail

	.balign 4
.Lhigh:
	sfence.vma
	lla gp, boot_hart
	lla sp, boot_stack_top
	li t0, SSTATUS_SIE | SSTATUS_SUM
	csrc sstatus, t0
	li t0, SSTATUS_FS
	csrs sstatus, t0
	fscsr zero
	li t0, SSTATUS_FS_CLEAN         # dirty to initial: nothing to save
	csrc sstatus, t0
	mv a0, s0
	mv a1, s4
	mv a2, s1
	mv a3, s2
	mv a4, s3
	li ra, 0                        # backtraces end here
	tail boot_main

.Lstray:
	lla t0, hart_start_wanted
	ld a1, 0(t0)                    # what hart_start was asked to pass
	j secondary_start
	.size _start, . - _start

	.data
	.balign 4
.Lboot_hart_came:
	.word 0

	.section .text.start, "ax"

/* Zero from t0 to t1, both page aligned; t2 is the way back. */
1:	sd zero, 0(t0)
	sd zero, 8(t0)
	sd zero, 16(t0)
	sd zero, 24(t0)
	sd zero, 32(t0)
	sd zero, 40(t0)
	sd zero, 48(t0)
	sd zero, 56(t0)
	sd zero, 64(t0)
	sd zero, 72(t0)
	sd zero, 80(t0)
	sd zero, 88(t0)
	sd zero, 96(t0)
	sd zero, 104(t0)
	sd zero, 112(t0)
	sd zero, 120(t0)
	sd zero, 128(t0)
	sd zero, 136(t0)
	sd zero, 144(t0)
	sd zero, 152(t0)
	sd zero, 160(t0)
	sd zero, 168(t0)
	sd zero, 176(t0)
	sd zero, 184(t0)
	sd zero, 192(t0)
	sd zero, 200(t0)
	sd zero, 208(t0)
	sd zero, 216(t0)
	sd zero, 224(t0)
	sd zero, 232(t0)
	sd zero, 240(t0)
	sd zero, 248(t0)
	addi t0, t0, 256
.Lclear:
	bltu t0, t1, 1b
	jr t2

/* A trap before the kernel's own handler: memory that is not there. */
	.balign 4
.Learly_trap:
	lla sp, .Learly_stack_top
	csrr a0, scause
	csrr a1, sepc
	csrr a2, stval
	call early_trap_fail

/*
 * void early_leave(int status) - power off with @status, whatever state the
 * kernel's memory is in: switch translation off and let early_stop() find the
 * power switch. The fetch after the switch is an access fault, which firmware
 * hands to stvec. Interrupts are off.
 */
	.text
	.globl early_leave
	.type early_leave, @function
early_leave:
	lla t0, early_image_phys
	ld t0, 0(t0)
	li t1, IMAGE_BASE
	sub t0, t0, t1                  # physical = virtual + this
	lla t1, 1f
	add t1, t1, t0
	csrw stvec, t1
	csrw satp, zero
	sfence.vma
	.balign 4
1:	lla sp, .Learly_stack_top       # physical from here on
	lla t0, .Learly_trap
	csrw stvec, t0
	sfence.vma
	tail early_stop                 # a0 = status
	.size early_leave, . - early_leave

/*
 * void run_on_stack(void *stack_top, void (*function)(void)) - never returns.
 */
	.globl run_on_stack
	.type run_on_stack, @function
run_on_stack:
	mv sp, a0
	li ra, 0
	jr a1
	.size run_on_stack, . - run_on_stack

	.section .rodata.boot, "a"
.Lno_sv39:
	.asciz "this hart has no Sv39 translation (satp refuses mode 8)"

/* Physical, below .rodata: usable when RAM ends before .bss does. */
	.section .early_stack, "aw", @nobits
	.balign 16
	.skip EARLY_STACK_BYTES
.Learly_stack_top:

/*
 * What need not be zero to begin with, at the start of .bss (sv39.ld):
 *
 *   .rodata | boot stack, later the emergency stack | trap stack
 *
 * Read-only memory is the guard. While the boot runs, a trap that overflows the
 * trap stack writes its last words over the boot's.
 */
	.section .bss.boot_stacks, "aw", @nobits
	.balign PAGE_SIZE
	.globl boot_stack_top, boot_trap_stack_top
	.skip BOOT_STACK_BYTES
boot_stack_top:
	.skip TRAP_STACK_BYTES
boot_trap_stack_top:
