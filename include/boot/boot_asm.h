/* SPDX-License-Identifier: MIT */
/* What the assembler of boot/ defines, and what it calls. */
#ifndef BOOT_BOOT_ASM_H
#define BOOT_BOOT_ASM_H

#include <stdint.h>

#include "core/compiler.h"
#include "core/hart.h"

/* The boot hart's stacks, one behind the other (boot/entry.S). */
extern char boot_stack_top[], boot_trap_stack_top[];

/* Page tables at the end of .bss, not cleared (sv39.ld). */
extern uint64_t early_leaf_tables[][512], early_leaf_tables_end[][512];

/* What a secondary hart needs before it has a stack (asm_offsets.h). */
struct hart_start {
	uint64_t satp;
	uintptr_t entry; /* virtual */
	struct hart *hart;
	uintptr_t stack_top;
};

/* Physical address of the struct for the hart that is being started. */
extern uint64_t hart_start_wanted;

/*
 * First instructions of a secondary hart: secondary_start at its physical
 * address, secondary_high when translation is on, then C on the idle stack.
 */
extern char secondary_start[], secondary_high[];
void secondary_main(void) __dead;

/* Continue on another stack, for ever. */
void run_on_stack(void *stack_top, void (*function)(void)) __dead;

/* Power off with translation off; see boot/entry.S. */
void early_leave(int status) __dead;

/* Physical addresses, before translation (boot/early_check.c, early_map.c). */
void early_check(uint64_t image_phys, const void *fdt);
uint64_t early_map(uint64_t image_phys, uint64_t fdt_phys);
void early_fail(const char *message) __dead;
void early_trap_fail(unsigned long scause, unsigned long sepc,
                     unsigned long stval) __dead;
void early_stop(int status) __dead;

/* boot/init.c, on the boot stack. */
void boot_main(unsigned int hart_id, uint64_t image_phys, uint64_t fdt_phys,
               uint64_t instret, uint64_t time) __dead;

#endif /* BOOT_BOOT_ASM_H */
