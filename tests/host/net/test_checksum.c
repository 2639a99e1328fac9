/* SPDX-License-Identifier: MIT */
/* net_checksum() against the sum as RFC 1071 has it, two bytes at a time. */
#include <stdint.h>
#include <string.h>

#include "lwip_port.h"
#include "tests/image/test.h"

static unsigned char bytes[70000] __aligned(8);

static uint16_t reference(const unsigned char *p, size_t count)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		sum += (uint64_t)p[i] << (i % 2 * 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void check(size_t from, size_t count)
{
	const uint16_t want = reference(&bytes[from], count);

	CHECK_EQ(net_checksum(&bytes[from], count), want);
}

static void fill(void)
{
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)test_random();
}

TEST(checksum_of_any_start_and_length_is_right)
{
	size_t from, count;

	fill();
	for (from = 0; from < 16; from++)
		for (count = 0; count < 300; count++)
			check(from, count);
}

TEST(checksum_of_packets_is_right)
{
	unsigned int i;

	fill();
	for (i = 0; i < 2000; i++)
		check(test_random() % 64, test_random() % 65536);
}

/* Every addition carries. */
TEST(checksum_of_ones_is_right)
{
	size_t from;

	memset(bytes, 0xff, sizeof(bytes));
	for (from = 0; from < 8; from++) {
		check(from, 65535);
		check(from, 65528);
		check(from, 1);
	}
}

TEST(checksum_of_zeros_is_zero)
{
	memset(bytes, 0, sizeof(bytes));
	CHECK_EQ(net_checksum(bytes, sizeof(bytes)), 0);
	CHECK_EQ(net_checksum(bytes, 0), 0);
}
