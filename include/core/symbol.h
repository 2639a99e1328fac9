/* SPDX-License-Identifier: MIT */
/*
 * Names of the functions of this image, from the table that tools/gensyms.py
 * links into it. Without the table (CONFIG_SYMBOLS) addresses stay numbers.
 * Context: any.
 */
#ifndef CORE_SYMBOL_H
#define CORE_SYMBOL_H

#include <stddef.h>
#include <stdint.h>

/* "name+0xoff" of the function that holds @pc, or "0x..." */
void symbol_format(uintptr_t pc, char *buf, size_t size);

/* The function's start and name; NULL when @pc is in none. cost: O(log n) */
const char *symbol_lookup(uintptr_t pc, uintptr_t *start_out);

#endif /* CORE_SYMBOL_H */
