/* SPDX-License-Identifier: MIT */
/*
 * A check of the processor in the manner of CoreMark, written anew: three kinds
 * of work that compilers cannot foresee, each ending in a CRC that is known.
 * Its figures are its own and no CoreMark scores.
 */
#ifndef COREMARK_H
#define COREMARK_H

#include <stddef.h>
#include <stdint.h>

/* CRC-16/XMODEM of @value's two bytes, low byte first, behind @crc. */
uint16_t crc_add(uint16_t crc, uint16_t value);

/* The next of a row of numbers that @state begins. */
static inline uint16_t next_number(uint32_t *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 16;
}

/* Find, turn round and sort a linked list. */
uint16_t list_work(uint32_t seed);

/* Products and bit fields of matrices. */
uint16_t matrix_work(uint32_t seed);

/* A state machine that tells apart numbers in a text. */
uint16_t state_work(uint32_t seed);

#endif /* COREMARK_H */
