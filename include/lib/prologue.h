/* SPDX-License-Identifier: MIT */
/*
 * Reads RV64GC function prologues: how far sp has moved at an instruction, and
 * where the return address lies. Bytes in, numbers out: knows no memory, no
 * symbols, no hart.
 *
 * Context: any. Locking: none. cost: O(instructions scanned)
 */
#ifndef LIB_PROLOGUE_H
#define LIB_PROLOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prologue_frame {
	bool known;       /* false: sp moved by what the code does not tell */
	bool ra_saved;    /* false: the return address is in ra */
	long frame_bytes; /* the caller's sp minus sp */
	long ra_offset;   /* where ra is saved, from sp */
};

/*
 * The frame just before the instruction at @code + @code_bytes runs, @code
 * being the first instruction of the function.
 */
void prologue_scan(const uint8_t *code, size_t code_bytes,
                   struct prologue_frame *frame_out);

#endif /* LIB_PROLOGUE_H */
