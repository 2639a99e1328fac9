/* SPDX-License-Identifier: MIT */
/*
 * Four words of state, mixed twice for each 8 bytes of the message and four times
 * at the end. The last word holds what is left of the message, and its length.
 */
#include "lib/siphash.h"

#include <string.h>

static uint64_t rotate_left(uint64_t value, unsigned int bits)
{
	return value << bits | value >> (64 - bits);
}

static void mix(uint64_t v[4], int rounds)
{
	while (rounds-- > 0) {
		v[0] += v[1], v[2] += v[3];
		v[1] = rotate_left(v[1], 13) ^ v[0];
		v[3] = rotate_left(v[3], 16) ^ v[2];
		v[0] = rotate_left(v[0], 32);
		v[2] += v[1], v[0] += v[3];
		v[1] = rotate_left(v[1], 17) ^ v[2];
		v[3] = rotate_left(v[3], 21) ^ v[0];
		v[2] = rotate_left(v[2], 32);
	}
}

static void absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v, 2);
	v[0] ^= word;
}

uint64_t siphash(const uint64_t key[2], const void *message, size_t bytes)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575,
		          key[1] ^ 0x646f72616e646f6d,
		          key[0] ^ 0x6c7967656e657261,
		          key[1] ^ 0x7465646279746573 };
	const unsigned char *p = message;
	const uint64_t length = (uint64_t)bytes << 56;
	uint64_t word;

	for (; bytes >= sizeof(word); bytes -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		absorb(v, word);
		p += sizeof(word);
	}
	word = 0;
	memcpy(&word, p, bytes);
	absorb(v, word | length);
	v[2] ^= 0xff;
	mix(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
