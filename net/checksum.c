/* SPDX-License-Identifier: MIT */
/*
 * Sums of 16 bits with end-around carry do not mind how many are added at a time
 * (RFC 1071, 2): 64, the carry counted apart. Loads are aligned whatever the data
 * is, so no machine traps on them: what comes before the first multiple of 8 is
 * added in its own size, and data at an odd address as if a zero stood in front,
 * which gives the sum with its bytes exchanged.
 */
#include <stdbool.h>

#include "core/compiler.h"
#include "lwip_port.h"

#define HEADER 20u
#define WORD   sizeof(uint64_t)

/* The carry of an addition goes round. */
static uint64_t add(uint64_t a, uint64_t b)
{
	const uint64_t sum = a + b;

	return sum + (sum < b);
}

#define ADD(i) (sum += word[i], carry += sum < word[i])

static __always_inline uint64_t add_words(uint64_t sum, const uint64_t *word,
                                          size_t count)
{
	uint64_t carry = 0;

	for (; count >= 16; count -= 16, word += 16) {
		ADD(0), ADD(1), ADD(2), ADD(3);
		ADD(4), ADD(5), ADD(6), ADD(7);
		ADD(8), ADD(9), ADD(10), ADD(11);
		ADD(12), ADD(13), ADD(14), ADD(15);
	}
	if (count >= 8) {
		ADD(0), ADD(1), ADD(2), ADD(3);
		ADD(4), ADD(5), ADD(6), ADD(7);
		count -= 8, word += 8;
	}
	for (; count > 0; count--, word++)
		ADD(0);
	return add(sum, carry);
}

/* Up to the first multiple of 8; @p is even. */
static const unsigned char *add_head(const unsigned char *p, size_t *bytes,
                                     uint64_t *sum)
{
	if (((uintptr_t)p & 2) && *bytes >= 2) {
		*sum += *(const uint16_t *)p;
		p += 2, *bytes -= 2;
	}
	if (((uintptr_t)p & 4) && *bytes >= 4) {
		*sum += *(const uint32_t *)p;
		p += 4, *bytes -= 4;
	}
	return p;
}

/* What is less than a word. */
static uint64_t tail(const unsigned char *p, size_t bytes)
{
	uint64_t sum = 0;

	if (bytes & 4) {
		sum += *(const uint32_t *)p;
		p += 4;
	}
	if (bytes & 2) {
		sum += *(const uint16_t *)p;
		p += 2;
	}
	return bytes & 1 ? sum + *p : sum;
}

/* IPv4's header, as each packet has one; received ones begin 2 behind a word. */
static uint16_t sum_header(const uint16_t *half)
{
	return net_fold((uint64_t)half[0] + half[1] + half[2] + half[3] +
	                half[4] + half[5] + half[6] + half[7] + half[8] +
	                half[9]);
}

uint16_t net_checksum(const void *data, size_t bytes)
{
	const bool odd = (uintptr_t)data & 1;
	const unsigned char *p = data;
	uint64_t sum = 0;
	uint16_t folded;

	if (bytes == HEADER && !odd)
		return sum_header(data);
	if (odd && bytes > 0) {
		sum = (uint64_t)*p++ << 8;
		bytes--;
	}
	p = add_head(p, &bytes, &sum);
	if (bytes >= WORD) {
		sum = add_words(sum, (const uint64_t *)p, bytes / WORD);
		p += ALIGN_DOWN(bytes, WORD);
		bytes %= WORD;
	}
	folded = net_fold(add(sum, tail(p, bytes)));
	return odd ? (uint16_t)(folded << 8 | folded >> 8) : folded;
}
