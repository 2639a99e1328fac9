/* SPDX-License-Identifier: MIT */
/* Bit positions without a bit-scan instruction (rv64gc has none). Pure. */
#ifndef LIB_BITS_H
#define LIB_BITS_H

#include <stdint.h>

#define BITS_DE_BRUIJN 0x03f79d71b4cb0a89ul

extern const uint8_t bits_lowest_table[64];

/*
 * Number of the lowest set bit; pre: x != 0. About 10 instructions: the lowest
 * bit times a de Bruijn sequence has a different top for each position.
 */
static inline unsigned int bits_lowest(uint64_t x)
{
	return bits_lowest_table[(x & -x) * BITS_DE_BRUIJN >> 58];
}

/*
 * Number of the highest set bit; pre: x != 0. About 20 instructions, half of
 * what the compiler's library needs: everything below it is set, then taken off.
 */
static inline unsigned int bits_highest(uint64_t x)
{
	x |= x >> 1;
	x |= x >> 2;
	x |= x >> 4;
	x |= x >> 8;
	x |= x >> 16;
	x |= x >> 32;
	return bits_lowest_table[(x - (x >> 1)) * BITS_DE_BRUIJN >> 58];
}

#endif /* LIB_BITS_H */
