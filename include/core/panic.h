/* SPDX-License-Identifier: MIT */
/*
 * The end of an image that cannot go on. Prints the message, registers when in
 * a trap, a backtrace with names, what the faulting address is or was, and the
 * log's tail; stops the other harts; ends QEMU with a non-zero exit status.
 * Context: any, also with any lock held and in nested traps.
 */
#ifndef CORE_PANIC_H
#define CORE_PANIC_H

#include "core/compiler.h"

struct trap_frame;

#define PANIC_EXIT_STATUS 134 /* as a process that abort()s under a shell */

void panic(const char *format, ...) __dead __cold __printf_like(1, 2);

/* panic() with the registers of @frame instead of the caller's. */
void panic_trap(const struct trap_frame *frame, const char *format,
                ...) __dead __cold __printf_like(2, 3);

/*
 * No stack is left to speak of: one line by the firmware's console, then off.
 */
void panic_last_line(const char *why, unsigned long scause, unsigned long sepc,
                     unsigned long stval) __dead __cold;

/*
 * Who can say what an address is: mm registers itself here, so that core knows
 * no page. Writes one line without newline into buf; context: as panic().
 */
typedef void address_describer(unsigned long address, char *buf,
                               unsigned long size);
void panic_set_address_describer(address_describer *describe);

#endif /* CORE_PANIC_H */
