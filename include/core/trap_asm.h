/* SPDX-License-Identifier: MIT */
/* Labels of core/trap.S, and what it calls; for core/ alone. */
#ifndef CORE_TRAP_ASM_H
#define CORE_TRAP_ASM_H

#include "core/compiler.h"

struct trap_frame;

/* stvec of every hart; trap_return is where its call of trap_dispatch ends. */
extern char trap_entry[], trap_return[];

/* Copies 1, 2, 4 or 8 bytes with one load and one store; -EFAULT on a trap. */
int probe_load(const void *from, void *to, unsigned int bytes);
extern char probe_start[], probe_end[], probe_failed[];

void trap_dispatch(struct trap_frame *frame);
void trap_stack_exhausted(struct trap_frame *frame) __dead;
void trap_hopeless(unsigned long scause, unsigned long sepc,
                   unsigned long stval) __dead;

#endif /* CORE_TRAP_ASM_H */
