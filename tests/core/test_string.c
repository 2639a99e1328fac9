/* SPDX-License-Identifier: MIT */
/*
 * The image's own memcpy, memmove, memset, memcmp and strcmp against byte loops:
 * every small size and misalignment, with canaries, at page edges, both with
 * hardware and with emulated misaligned access (lib/page_ops.h).
 */
#include <linux/vmalloc.h>
#include <string.h>

#include "core/machine.h"
#include "lib/page_ops.h"
#include "pages.h"
#include "test.h"

#define ROOM 400

static unsigned char from[ROOM], to[ROOM], expect[ROOM];

static void fill(unsigned char *bytes, unsigned int seed)
{
	for (unsigned int i = 0; i < ROOM; i++)
		bytes[i] = (unsigned char)(i * 7 + seed * 31 + (i >> 4));
}

/* Loops that no compiler may turn into the call they check. */
static void copy_slowly(volatile unsigned char *d,
                        const volatile unsigned char *s, size_t n)
{
	while (n--)
		*d++ = *s++;
}

static bool equal(const unsigned char *a, const unsigned char *b, size_t n)
{
	const volatile unsigned char *x = a, *y = b;

	while (n--)
		if (*x++ != *y++)
			return false;
	return true;
}

static void in_both_modes(void (*check)(void))
{
	unsigned char kept = string_misaligned_slow;

	string_misaligned_slow = 0;
	check();
	string_misaligned_slow = 1;
	check();
	string_misaligned_slow = kept;
}

static void check_memcpy(void)
{
	for (unsigned int d = 0; d < 16; d++) {
		for (unsigned int s = 0; s < 16; s++) {
			for (unsigned int n = 0; n < 200; n += n < 40 ? 1 : 7) {
				fill(from, n);
				fill(to, n + 1);
				fill(expect, n + 1);
				copy_slowly(expect + d, from + s, n);
				CHECK_EQ(memcpy(to + d, from + s, n), to + d);
				CHECK(equal(to, expect, ROOM));
			}
		}
	}
}

TEST(memcpy_copies_every_size_at_every_phase)
{
	in_both_modes(check_memcpy);
}

static void check_memmove(void)
{
	for (unsigned int d = 0; d < 150; d += 3) {
		for (unsigned int s = 0; s < 150; s += 5) {
			for (unsigned int n = 0; n < 150; n += 11) {
				fill(from, n);
				fill(to, n);
				fill(expect, n);
				copy_slowly(expect + d, from + s, n);
				CHECK_EQ(memmove(to + d, to + s, n), to + d);
				CHECK(equal(to, expect, ROOM));
			}
		}
	}
}

TEST(memmove_copies_overlapping_ranges_both_ways)
{
	in_both_modes(check_memmove);
}

TEST(memset_sets_every_size_at_every_phase)
{
	for (unsigned int d = 0; d < 16; d++) {
		for (unsigned int n = 0; n < 300; n += n < 80 ? 1 : 13) {
			fill(to, n);
			fill(expect, n);
			for (volatile unsigned int i = 0; i < n; i++)
				((volatile unsigned char *)expect)[d + i] =
					0xc3;
			CHECK_EQ(memset(to + d, 0x1c3, n), to + d);
			CHECK(equal(to, expect, ROOM));
		}
	}
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void check_memcmp(void)
{
	for (unsigned int d = 0; d < 9; d++) {
		for (unsigned int s = 0; s < 9; s++) {
			for (unsigned int n = 0; n < 60; n++) {
				fill(from, n);
				copy_slowly(to + d, from + s, n);
				to[d + n] = 1;
				from[s + n] = 2;
				CHECK_EQ(memcmp(to + d, from + s, n), 0);
				for (unsigned int at = 0; at < n; at += 5) {
					unsigned char byte = to[d + at];

					to[d + at] =
						(unsigned char)(byte ^ 0x80);
					CHECK_EQ(sign(memcmp(to + d, from + s,
					                     n)),
					         byte & 0x80 ? -1 : 1);
					to[d + at] = byte;
				}
			}
		}
	}
}

TEST(memcmp_orders_by_unsigned_bytes)
{
	in_both_modes(check_memcmp);
}

static void check_strcmp(void)
{
	for (unsigned int d = 0; d < 9; d++) {
		for (unsigned int s = 0; s < 9; s++) {
			for (unsigned int n = 0; n < 50; n++) {
				char *a = (char *)to + d, *b = (char *)from + s;

				memset(to, 0xff, ROOM);
				memset(from, 0xfe, ROOM);
				for (unsigned int i = 0; i < n; i++)
					a[i] = b[i] = (char)(i % 200 + 1);
				a[n] = b[n] = '\0';
				CHECK_EQ(strcmp(a, b), 0);
				b[n] = (char)0x90;
				b[n + 1] = '\0';
				CHECK(strcmp(a, b) < 0 && strcmp(b, a) > 0);
			}
		}
	}
}

TEST(strcmp_stops_at_the_terminator_at_every_phase)
{
	in_both_modes(check_strcmp);
}

/* Word-wise readers must not look into the next page. */
static void check_page_edge(void)
{
	char *page = vmalloc(PAGE_SIZE), *other = vmalloc(PAGE_SIZE);
	char *end = page + PAGE_SIZE, *end2 = other + PAGE_SIZE;

	CHECK(page && other);
	for (unsigned int n = 1; n < 40; n++) {
		for (unsigned int i = 0; i < n; i++)
			end[-(long)n + i] = end2[-(long)n + i] = 'x';
		end[-1] = end2[-1] = '\0';
		CHECK_EQ(strcmp(end - n, end2 - n), 0);
		CHECK_EQ(memcmp(end - n, end2 - n, n), 0);
		memcpy(to, end - n, n);
		memmove(to + 1, end - n, n);
		memset(end - n, 0, n);
		memcpy(end - n, to + 1, n);
		if (n > 3) {
			CHECK(strcmp(end - n, end2 - n + 1) != 0);
			CHECK(strcmp(end - n + 3, end2 - n) != 0);
		}
	}
	vfree(page);
	vfree(other);
}

TEST(no_string_function_reads_past_the_last_page)
{
	in_both_modes(check_page_edge);
}

static void clear_middle_page(unsigned char *three)
{
	memset(three, 0xaa, 3 * PAGE_SIZE);
	clear_page(three + PAGE_SIZE);
	CHECK(is_all(three, PAGE_SIZE, 0xaa) &&
	      is_all(three + PAGE_SIZE, PAGE_SIZE, 0));
	CHECK(is_all(three + 2 * PAGE_SIZE, PAGE_SIZE, 0xaa));
}

TEST(whole_pages_are_cleared_and_copied)
{
	unsigned char *a = vmalloc(3 * PAGE_SIZE), *b = vmalloc(3 * PAGE_SIZE);
	unsigned short kept = clear_page_block_bytes;

	CHECK(a && b);
	CHECK_EQ(kept != 0, isa_has(ISA_ZICBOZ));
	clear_middle_page(a);
	clear_page_block_bytes = 0;
	clear_middle_page(a);
	clear_page_block_bytes = kept;
	pattern_fill(a, PAGE_SIZE, 3);
	memset(b, 0xbb, 3 * PAGE_SIZE);
	copy_page(b + PAGE_SIZE, a);
	CHECK(pattern_holds(b + PAGE_SIZE, PAGE_SIZE, 3));
	CHECK(is_all(b, PAGE_SIZE, 0xbb));
	CHECK(is_all(b + 2 * PAGE_SIZE, PAGE_SIZE, 0xbb));
	vfree(a);
	vfree(b);
}

TEST(large_copies_arrive_whole)
{
	unsigned char *a = vmalloc(1 << 20), *b = vmalloc(1 << 20);

	CHECK(a && b);
	pattern_fill(a, 1 << 20, 8);
	for (unsigned int shift = 0; shift < 9; shift++) {
		memcpy(b + shift, a, (1 << 20) - 16);
		CHECK_EQ(memcmp(b + shift, a, (1 << 20) - 16), 0);
		memmove(b, b + shift, (1 << 20) - 16);
		CHECK_EQ(memcmp(b, a, (1 << 20) - 16), 0);
	}
	vfree(a);
	vfree(b);
}
