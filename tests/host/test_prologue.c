/* SPDX-License-Identifier: MIT */
/*
 * lib/prologue on prologues as gcc writes them, instruction by instruction, and
 * on random bytes.
 *
 * Sources: lib/prologue.c
 */
#include <stdlib.h>
#include <string.h>

#include "lib/prologue.h"
#include "tests/image/test.h"

/* Code as its halfwords; @at counts halfwords. */
static struct prologue_frame scan(const uint16_t *code, size_t at)
{
	struct prologue_frame frame;
	uint8_t *copy = malloc(at * 2 + 1);

	/* A copy of just the size: reading further is a bug. */
	memcpy(copy, code, at * 2);
	prologue_scan(copy, at * 2, &frame);
	free(copy);
	return frame;
}

static void expect(const uint16_t *code, size_t at, long bytes, long ra_offset)
{
	struct prologue_frame frame = scan(code, at);

	CHECK(frame.known);
	CHECK_EQ(frame.frame_bytes, bytes);
	CHECK_EQ(frame.ra_saved, ra_offset >= 0);
	if (ra_offset >= 0)
		CHECK_EQ(frame.ra_offset, ra_offset);
}

TEST(leaf_functions_have_no_frame)
{
	static const uint16_t code[] = { 0x852e, 0x8082 }; /* mv a0,a1; ret */

	expect(code, 0, 0, -1);
	expect(code, 1, 0, -1);
}

TEST(small_frame_is_followed_to_its_end)
{
	static const uint16_t code[] = {
		0x1101, /* addi sp,sp,-32 */
		0xec06, /* sd ra,24(sp) */
		0xe822, /* sd s0,16(sp) */
		0x842a, /* mv s0,a0 */
		0x60e2, /* ld ra,24(sp) */
		0x6442, /* ld s0,16(sp) */
		0x6105, /* addi sp,sp,32 */
		0x8082, /* ret */
	};

	expect(code, 0, 0, -1);
	expect(code, 1, 32, -1);
	expect(code, 2, 32, 24);
	expect(code, 4, 32, 24);
	expect(code, 5, 32, -1); /* ra is back in ra */
	expect(code, 7, 0, -1);
}

TEST(code_behind_an_early_return_has_the_frame_of_the_body)
{
	static const uint16_t code[] = {
		0x1141, /* addi sp,sp,-16 */
		0xe406, /* sd ra,8(sp) */
		0xc501, /* beqz a0, +8 */
		0x60a2, /* ld ra,8(sp) */
		0x0141, /* addi sp,sp,16 */
		0x8082, /* ret */
		0x4501, /* li a0,0 */
		0x4581, /* li a1,0 */
	};

	expect(code, 5, 0, -1);
	expect(code, 7, 16, 8);
}

TEST(frames_too_large_for_an_immediate_are_followed)
{
	static const uint16_t code[] = {
		0x0113, 0x8101, /* addi sp,sp,-2032 */
		0x3423, 0x7e11, /* sd ra,2024(sp) */
		0x72fd,         /* lui t0,-4096 */
		0x9116,         /* add sp,sp,t0 */
		0x0001,         /* nop */
	};

	expect(code, 2, 2032, -1);
	expect(code, 4, 2032, 2024);
	expect(code, 5, 2032, 2024);
	expect(code, 6, 2032 + 4096, 2024 + 4096);
}

TEST(uncompressed_prologues_are_followed)
{
	static const uint16_t code[] = {
		0x0113, 0xfe01, /* addi sp,sp,-32 */
		0x3c23, 0x0011, /* sd ra,24(sp) */
		0x0413, 0x0201, /* addi s0,sp,32 */
		0x0001,
	};

	expect(code, 2, 32, -1);
	expect(code, 4, 32, 24);
	expect(code, 6, 32, 24);
}

TEST(alloca_without_a_frame_pointer_is_unknown)
{
	static const uint16_t code[] = {
		0x1101,         /* addi sp,sp,-32 */
		0xec06,         /* sd ra,24(sp) */
		0x0133, 0x40a1, /* sub sp,sp,a0 */
		0x0001,
	};

	CHECK(scan(code, 2).known);
	CHECK(!scan(code, 4).known);
}

TEST(random_bytes_are_read_within_bounds)
{
	uint16_t code[64];

	for (unsigned int i = 0; i < 200000; i++) {
		size_t length = test_random() % 64;

		for (size_t n = 0; n < length; n++)
			code[n] = (uint16_t)test_random();
		scan(code, length);
	}
}

TEST(odd_lengths_end_within_bounds)
{
	struct prologue_frame frame;

	for (size_t bytes = 0; bytes < 12; bytes++) {
		uint8_t *code = malloc(bytes + 1);

		memset(code, 0x13, bytes);
		prologue_scan(code, bytes, &frame);
		free(code);
	}
}
