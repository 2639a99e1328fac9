/* SPDX-License-Identifier: MIT */
/*
 * lib/printf against the C library's snprintf(), over every combination of
 * flags, widths and sizes of buffer; lib/number against what it promises.
 *
 * Sources: lib/printf.c lib/number.c
 */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/number.h"
#include "lib/printf.h"
#include "tests/image/test.h"

#define TEXT_BYTES 80u

static bool same(int one, int two, const char *text, const char *wanted)
{
	return one == two && strcmp(text, wanted) == 0;
}

/* Both ways with each size of buffer; one that is too short must not be left. */
#define CHECK_AS_LIBC(...)                                                     \
	do {                                                                   \
		char wanted_[TEXT_BYTES];                                      \
		size_t size_;                                                  \
                                                                               \
		for (size_ = 1; size_ <= TEXT_BYTES; size_ += 1 + size_ / 4) { \
			char *text_ = malloc(size_);                           \
			int one_ = ksnprintf(text_, size_, __VA_ARGS__);       \
			int two_ = snprintf(wanted_, size_, __VA_ARGS__);      \
                                                                               \
			CHECK(same(one_, two_, text_, wanted_));               \
			free(text_);                                           \
		}                                                              \
	} while (0)

/* The formats are made here, so the compiler cannot check them. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

/* C leaves open what a + or a # does to the others. */
static bool has_meaning(const char *flag, const char *type)
{
	if (strchr(flag, '+'))
		return strpbrk(type, "di") != NULL;
	return !strchr(flag, '#') || strchr(type, 'x');
}

static void check_numbers(const char *format)
{
	static const long values[] = { 0,  1,        -1,       9,
		                       10, LONG_MAX, LONG_MIN, 0x1234abcd };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++)
		CHECK_AS_LIBC(format, values[i]);
}

TEST(numbers_are_laid_out_as_the_c_library_does)
{
	static const char *const flags[] = { "",  "-",  "+",  "0",
		                             "#", "-+", "+0", "#0" };
	static const char *const types[] = { "ld", "lu", "lx", "zu", "li" };
	static const char *const widths[] = { "", "1", "5", "16", "22" };
	char format[16];
	unsigned int i;

	for (i = 0; i < 8 * 5 * 5; i++) {
		const char *flag = flags[i % 8];
		const char *type = types[i / 8 % 5];

		snprintf(format, sizeof(format), "<%%%s%s%s>", flag,
		         widths[i / 40], type);
		if (has_meaning(flag, type))
			check_numbers(format);
	}
}

TEST(an_int_is_not_a_long)
{
	CHECK_AS_LIBC("%d %u %x %#x", -1, UINT_MAX, UINT_MAX, 0x80000000u);
	CHECK_AS_LIBC("%d %i", INT_MIN, INT_MAX);
	CHECK_AS_LIBC("%5d|%-5d|%05d|%+d", -42, -42, -42, 42);
}

TEST(texts_are_padded_and_cut)
{
	CHECK_AS_LIBC("%s", "");
	CHECK_AS_LIBC("[%s] [%8s] [%-8s] [%2s]", "abc", "abc", "abc", "abc");
	CHECK_AS_LIBC("[%.2s] [%8.2s] [%.0s]", "abc", "abc", "abc");
	CHECK_AS_LIBC("[%*s] [%-*s] [%.*s]", 6, "abc", 6, "abc", 2, "abc");
	CHECK_AS_LIBC("%c%c%3c%-3c|", 'a', 'b', 'c', 'd');
	CHECK_AS_LIBC("100 %% of %s", "it");
}

TEST(a_precision_bounds_what_is_read)
{
	char *unended = malloc(3);
	char text[8];

	memcpy(unended, "abc", 3);
	CHECK_EQ(ksnprintf(text, sizeof(text), "%.3s", unended), 3);
	CHECK(strcmp(text, "abc") == 0);
	free(unended);
}

/* musl and glibc differ in these two. */
TEST(pointers_have_all_their_digits)
{
	char text[64];

	ksnprintf(text, sizeof(text), "%p", (void *)0xffffffc0402fd000);
	CHECK(strcmp(text, "0xffffffc0402fd000") == 0);
	ksnprintf(text, sizeof(text), "%p %s", NULL, (const char *)NULL);
	CHECK(strcmp(text, "0x0000000000000000 (null)") == 0);
}

TEST(what_it_does_not_know_stands_as_it_is)
{
	char text[32];
	const char *format = "%d %f %";

	CHECK_EQ(ksnprintf(text, sizeof(text), format, 7), 6);
	CHECK(strcmp(text, "7 %f %") == 0);
}

TEST(a_buffer_of_no_bytes_is_not_touched)
{
	CHECK_EQ(ksnprintf(NULL, 0, "%s %d", "abc", 12), 6);
}

TEST(numbers_are_read_whole_or_not_at_all)
{
	static const char *const bad[] = {
		"",
		"x",
		"-1",
		"+1",
		" 1",
		"1 ",
		"12a",
		"0x",
		"0xg",
		"1_",
		"0b1",
		"0x1 ",
		"18446744073709551616",
		"0x10000000000000000",
		"99999999999999999999",
	};
	unsigned long value = 42;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!number_parse(bad[i], &value));
	CHECK_EQ(value, 42);
}

TEST(numbers_are_decimal_or_hexadecimal)
{
	unsigned long value;

	CHECK(number_parse("0", &value) && value == 0);
	CHECK(number_parse("010", &value) && value == 10);
	CHECK(number_parse("0x10", &value) && value == 16);
	CHECK(number_parse("0XfF", &value) && value == 255);
	CHECK(number_parse("18446744073709551615", &value) &&
	      value == UINT64_MAX);
	CHECK(number_parse("0xffffffffffffffff", &value) &&
	      value == UINT64_MAX);
}
