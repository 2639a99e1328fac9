/* SPDX-License-Identifier: MIT */
/*
 * ChaCha20 (RFC 8439, 2.3) as a generator with fast key erasure: of each block's
 * 64 bytes the first 32 replace the key at once and the rest are given out, so
 * what was given out cannot be computed again from a later state. A plain
 * xorshift was rejected: its next output follows from a few earlier ones.
 *
 * What is added is a difference of the key, which as a step can be undone and so
 * loses nothing; the block that follows hides it.
 */
#include "core/random.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "arch/csr.h"
#include "core/lock.h"
#include "core/machine.h"

#define KEY_WORDS   8
#define BLOCK_WORDS 16
#define OUT_BYTES   ((BLOCK_WORDS - KEY_WORDS) * sizeof(uint32_t))

static struct spinlock random_lock = SPINLOCK_INIT(LOCK_RANDOM, "random_lock");
static uint32_t key[KEY_WORDS] __guarded_by(random_lock);
static bool seeded __guarded_by(random_lock);
static unsigned long counted; /* [A] bytes, since the source was asked */
static void (*source)(void);  /* [A] */

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
static void next_block(uint32_t out[BLOCK_WORDS]) __must_hold(random_lock)
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

/* At most a key's worth. */
static void absorb(const void *bytes, size_t count) __must_hold(random_lock)
{
	uint32_t words[KEY_WORDS] = { 0 };
	int i;

	memcpy(words, bytes, count);
	for (i = 0; i < KEY_WORDS; i++)
		key[i] ^= words[i];
}

/* Of a longer seed the rest is in machine.seed alone. */
static __cold void seed_key(void) __must_hold(random_lock)
{
	uint64_t state = machine.seed;
	size_t count = machine.rng_seed_bytes;
	int i;

	if (!machine.seed_fixed)
		state ^= read_time() ^ read_instret() << 32;
	for (i = 0; i < KEY_WORDS; i += 2) {
		const uint64_t value = mix(&state);

		key[i] = value;
		key[i + 1] = value >> 32;
	}
	if (!machine.seed_fixed && count > 0)
		absorb(machine.rng_seed,
		       count < sizeof(key) ? count : sizeof(key));
	seeded = true;
}

/* Bytes that nobody else gets: under the lock the key is replaced. */
static void take_block(uint32_t block[BLOCK_WORDS]) __must_hold(random_lock)
{
	if (!seeded)
		seed_key();
	next_block(block);
	memcpy(key, block, sizeof(key));
}

void random_fill(void *to, size_t count)
{
	uint32_t block[BLOCK_WORDS];
	char *next = to;

	while (count > 0) {
		const size_t part = count < OUT_BYTES ? count : OUT_BYTES;
		unsigned long flags = spin_lock_irqsave(&random_lock);

		take_block(block);
		spin_unlock_irqrestore(&random_lock, flags);
		memcpy(next, &block[KEY_WORDS], part);
		next += part;
		count -= part;
	}
}

void random_add(const void *bytes, size_t count)
{
	uint32_t block[BLOCK_WORDS];
	const char *next = bytes;

	while (count > 0 && !machine.seed_fixed) {
		const size_t part = count < sizeof(key) ? count : sizeof(key);
		unsigned long flags = spin_lock_irqsave(&random_lock);

		take_block(block); /* else it could undo the seed */
		absorb(next, part);
		take_block(block);
		spin_unlock_irqrestore(&random_lock, flags);
		next += part;
		count -= part;
	}
}

void random_set_source(void (*want)(void))
{
	__atomic_store_n(&source, want, __ATOMIC_RELEASE);
}

void random_count(size_t bytes)
{
	void (*want)(void) = __atomic_load_n(&source, __ATOMIC_ACQUIRE);

	if (!want || __atomic_add_fetch(&counted, bytes, __ATOMIC_RELAXED) <
	                     RANDOM_STALE_BYTES)
		return;
	__atomic_store_n(&counted, 0, __ATOMIC_RELAXED);
	want();
}
