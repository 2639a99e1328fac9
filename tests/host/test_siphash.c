/* SPDX-License-Identifier: MIT */
/*
 * lib/siphash.c against the vectors of its paper and its authors' reference.
 *
 * Sources: lib/siphash.c
 */
#include "lib/siphash.h"
#include "tests/image/test.h"

static const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

TEST(siphash_of_the_papers_example)
{
	unsigned char message[15];
	unsigned char i;

	for (i = 0; i < sizeof(message); i++)
		message[i] = i;
	CHECK_EQ(siphash(key, message, sizeof(message)), 0xa129ca6149be45e5);
}

TEST(siphash_of_short_messages)
{
	static const uint64_t want[] = {
		0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a,
		0x85676696d7fb7e2d, 0xcf2794e0277187b7, 0x18765564cd99a68d,
		0xcbc9466e58fee3ce, 0xab0200f58b01d137, 0x93f5f5799a932462,
	};
	unsigned char message[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	unsigned int length;

	for (length = 0; length <= 8; length++)
		CHECK_EQ(siphash(key, message, length), want[length]);
}
