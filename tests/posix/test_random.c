/* SPDX-License-Identifier: MIT */
/* getrandom(): ChaCha20 that never gives the same bytes again. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "test.h"

TEST(random_bytes_differ_from_call_to_call)
{
	unsigned char a[100], b[100];

	CHECK_EQ(getrandom(a, sizeof(a), 0), sizeof(a));
	CHECK_EQ(getrandom(b, sizeof(b), GRND_NONBLOCK), sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)) != 0);
	CHECK(memcmp(a, a + 32, 32) != 0);
}

/* 32,768 bits: far beyond six standard deviations is no chance. */
TEST(half_of_all_bits_are_set)
{
	unsigned char bytes[4096];
	unsigned int set = 0;

	CHECK_EQ(getrandom(bytes, sizeof(bytes), 0), sizeof(bytes));
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		set += __builtin_popcount(bytes[i]);
	CHECK(set > 16384 - 600 && set < 16384 + 600);
}

TEST(bad_random_requests_are_refused)
{
	char byte;

	CHECK_EQ(getrandom(&byte, 1, 64), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(getrandom((void *)8, 1, 0), -1);
	CHECK_EQ(errno, EFAULT);
}
