/* SPDX-License-Identifier: MIT */
/*
 * Names of the functions of this image, from the table that tools/gensyms.py
 * links into it. Without the table (CONFIG_SYMBOLS) addresses stay numbers.
 * Context: any.
 */
#ifndef CORE_SYMBOL_H
#define CORE_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "name+0xoff" of the function that holds @pc, or "0x..." */
void symbol_format(uintptr_t pc, char *buf, size_t size);

/* Where the function begins; false when @pc is in none. cost: O(log n) */
bool symbol_lookup(uintptr_t pc, uintptr_t *start_out);

/* Its name, cut where it does not fit; returns the length, 0: in none. */
size_t symbol_name(uintptr_t pc, char *buf, size_t size);

#endif /* CORE_SYMBOL_H */
