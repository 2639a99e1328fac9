/* SPDX-License-Identifier: MIT */
/*
 * ChaCha20 (RFC 8439, 2.3) as a generator with fast key erasure: of each block's
 * 64 bytes the first 32 replace the key at once and the rest are given out, so
 * what was given out cannot be computed again from a later state. A plain
 * xorshift was rejected: its next output follows from a few earlier ones.
 */
#include "posix/random.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "arch/csr.h"
#include "core/machine.h"
#include "posix/syscalls.h"
#include "posix/user_memory.h"

#define KEY_WORDS   8
#define BLOCK_WORDS 16
#define OUT_BYTES   ((BLOCK_WORDS - KEY_WORDS) * sizeof(uint32_t))

static uint32_t key[KEY_WORDS];
static bool seeded;

static uint32_t rotate_left(uint32_t value, unsigned int bits)
{
	return value << bits | value >> (32 - bits);
}

static void quarter_round(uint32_t *s, int a, int b, int c, int d)
{
	s[a] += s[b], s[d] = rotate_left(s[d] ^ s[a], 16);
	s[c] += s[d], s[b] = rotate_left(s[b] ^ s[c], 12);
	s[a] += s[b], s[d] = rotate_left(s[d] ^ s[a], 8);
	s[c] += s[d], s[b] = rotate_left(s[b] ^ s[c], 7);
}

static void double_round(uint32_t *s)
{
	quarter_round(s, 0, 4, 8, 12);
	quarter_round(s, 1, 5, 9, 13);
	quarter_round(s, 2, 6, 10, 14);
	quarter_round(s, 3, 7, 11, 15);
	quarter_round(s, 0, 5, 10, 15);
	quarter_round(s, 1, 6, 11, 12);
	quarter_round(s, 2, 7, 8, 13);
	quarter_round(s, 3, 4, 9, 14);
}

/* The block of the current key with counter and nonce 0. */
static void next_block(uint32_t out[BLOCK_WORDS])
{
	uint32_t start[BLOCK_WORDS] = { 0x61707865, 0x3320646e, 0x79622d32,
		                        0x6b206574 };
	int i;

	memcpy(&start[4], key, sizeof(key));
	memcpy(out, start, sizeof(start));
	for (i = 0; i < 10; i++)
		double_round(out);
	for (i = 0; i < BLOCK_WORDS; i++)
		out[i] += start[i];
}

/* splitmix64: consecutive seeds give unrelated values. */
static uint64_t mix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void seed_key(void)
{
	uint64_t state = machine.seed;
	int i;

	if (!machine.seed_fixed)
		state ^= read_time() ^ read_instret() << 32;
	for (i = 0; i < KEY_WORDS; i += 2) {
		const uint64_t value = mix(&state);

		key[i] = value;
		key[i + 1] = value >> 32;
	}
	seeded = true;
}

void random_fill(void *to, size_t count)
{
	uint32_t block[BLOCK_WORDS];
	char *next = to;

	if (!seeded)
		seed_key();
	while (count > 0) {
		const size_t part = count < OUT_BYTES ? count : OUT_BYTES;

		next_block(block);
		memcpy(key, block, sizeof(key));
		memcpy(next, &block[KEY_WORDS], part);
		next += part;
		count -= part;
	}
}

SYSCALL(getrandom, (void *to, size_t count, unsigned int flags), (void *)a, b,
        c)
{
	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if (!user_can_write(to, count))
		return -EFAULT;

	random_fill(to, count);
	return count;
}
