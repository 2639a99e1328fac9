/* SPDX-License-Identifier: MIT */
/*
 * A choice takes as few bytes as its bound needs, so that a fuzzer that changes
 * one byte changes one decision.
 */
#include "choice.h"

static const uint8_t *given;
static const uint8_t *given_end;
static uint64_t state; /* of the generator; 0: bytes are given */

uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t x = a * 0x9e3779b97f4a7c15ul ^ b;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ul;
	x = (x ^ x >> 27) * 0x94d049bb133111ebul;
	return x ^ x >> 31;
}

void choices_from_seed(uint64_t seed, unsigned long step)
{
	state = mix(seed, step) | 1;
}

void choices_from_bytes(const uint8_t *bytes, size_t count)
{
	state = 0;
	given = bytes;
	given_end = bytes + count;
}

bool choices_left(void)
{
	return state || given < given_end;
}

static uint64_t next_word(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dul >> 16;
}

static uint64_t next_bytes(unsigned long bound)
{
	uint64_t value = 0;

	for (bound--; bound > 0; bound >>= 8)
		value = value << 8 | (given < given_end ? *given++ : 0);
	return value;
}

unsigned long choose(unsigned long bound)
{
	return (state ? next_word() : next_bytes(bound)) % bound;
}

unsigned long choose_between(unsigned long low, unsigned long high)
{
	return low + choose(high - low + 1);
}

bool one_in(unsigned long n)
{
	/* 0, which is what a spent stream gives, is the common case. */
	return choose(n) == n - 1;
}
