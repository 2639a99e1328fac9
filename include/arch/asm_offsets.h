/* SPDX-License-Identifier: MIT */
/*
 * Numbers that assembler and C share. C proves them: core/trap.c and
 * boot/harts.c hold a static_assert for each.
 */
#ifndef ARCH_ASM_OFFSETS_H
#define ARCH_ASM_OFFSETS_H

/* struct hart */
#define HART_TRAP_STACK_TOP    0
#define HART_TRAP_STACK_BOTTOM 8
#define HART_EMERGENCY_TOP     16
#define HART_TRAP_SCRATCH      24

/* struct trap_frame: x[n] is at 8 * n */
#define FRAME_SEPC    256
#define FRAME_SSTATUS 264
#define FRAME_SCAUSE  272
#define FRAME_STVAL   280
#define FRAME_BYTES   288

/* struct thread: its frame comes first */
#define THREAD_PREEMPTED    288
#define THREAD_FPU          296 /* f[n] at 8 * n, then fcsr */
#define THREAD_FPU_IS_SAVED 560
#define THREAD_VECTOR       568
#define FPU_FCSR            256

/* Room for V state: the four CSRs, then 32 registers */
#define VECTOR_REGISTERS 32

#define EMERGENCY_STACK_BYTES 4096
#define TRAP_STACK_BYTES      8192
#define BOOT_STACK_BYTES      4096 /* later the emergency stack */
#define EARLY_STACK_BYTES     2048
#define EARLY_LEAF_TABLES     7

/* musl's struct pthread and two words behind the variables, rounded up */
#define TLS_FIXED_BYTES 256

/* struct hart_start */
#define START_SATP  0
#define START_ENTRY 8
#define START_HART  16
#define START_STACK 24

#endif /* ARCH_ASM_OFFSETS_H */
