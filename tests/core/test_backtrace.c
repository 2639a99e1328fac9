/* SPDX-License-Identifier: MIT */
/* Backtraces by prologue scan, and the symbol table behind them. */
#include <stdint.h>
#include <string.h>

#include "arch/sections.h"
#include "core/backtrace.h"
#include "core/symbol.h"
#include "test.h"

static uintptr_t pcs[32];
static unsigned int depth;

/* Frames of different shapes; the barriers keep the calls real. */
static __noinline void innermost(void)
{
	depth = backtrace_here(pcs, ARRAY_SIZE(pcs));
	__asm__ volatile("" : : : "memory");
}

static __noinline void with_large_frame(unsigned int seed)
{
	volatile char bytes[3000];

	bytes[seed] = (char)seed;
	innermost();
	__asm__ volatile("" : : "r"(bytes) : "memory");
}

static __noinline void with_saved_registers(unsigned int a)
{
	__asm__ volatile("" : : : "s1", "s2", "s3", "s4", "s5", "memory");
	with_large_frame(a + 1);
	__asm__ volatile("" : : : "s1", "s2", "s3", "s4", "s5", "memory");
}

static int place_of(const char *name)
{
	char found[80];

	for (unsigned int i = 0; i < depth; i++) {
		symbol_name(pcs[i] - 1, found, sizeof(found));
		/* gcc may append .constprop.0 and the like. */
		if (strncmp(found, name, strlen(name)) == 0)
			return (int)i;
	}
	return -1;
}

TEST(backtrace_names_every_caller_in_order)
{
	int inner, large, saved, here, top;

	with_saved_registers(3);
	inner = place_of("innermost");
	large = place_of("with_large_frame");
	saved = place_of("with_saved_registers");
	here = place_of("backtrace_names_every_caller_in_order");
	top = place_of("main");
	CHECK(inner >= 0 && large > inner && saved > large);
	CHECK(here > saved);
	CHECK(top > here);
	CHECK(depth < ARRAY_SIZE(pcs));
}

TEST(symbols_know_start_and_name)
{
	uintptr_t pc = (uintptr_t)with_large_frame + 2;
	uintptr_t start;
	char name[80];

	CHECK_EQ(symbol_name(pc, name, sizeof(name)), 16);
	CHECK_EQ(strcmp(name, "with_large_frame"), 0);
	CHECK(symbol_lookup(pc, &start));
	CHECK_EQ(start, with_large_frame);
	CHECK_EQ(symbol_name(0, name, sizeof(name)), 0);
	CHECK_EQ(strcmp(name, ""), 0);
	CHECK(!symbol_lookup(0, &start));
	CHECK(!symbol_lookup((uintptr_t)&start, &start));
	CHECK(!symbol_lookup(~0ul, &start));
}

static bool is_name(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_."
	                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

/* Two names for one address are one entry, so each entry begins one function. */
TEST(every_function_is_found_and_has_a_name)
{
	const uint32_t *entries = (const uint32_t *)__ksyms_start;
	uintptr_t pc = (uintptr_t)__text_start;
	uintptr_t last = 0;
	uint32_t found = 0;
	uintptr_t start;
	char name[80];

	for (; CONFIG_SYMBOLS && pc < (uintptr_t)__text_end; pc += 2) {
		CHECK(symbol_lookup(pc, &start));
		CHECK(start == pc || start == last);
		if (start == last)
			continue;
		CHECK(symbol_name(pc, name, sizeof(name)) > 0 && is_name(name));
		last = start;
		found++;
	}
	CHECK(!CONFIG_SYMBOLS || found == *entries);
}

TEST(a_name_is_cut_to_the_buffer)
{
	uintptr_t pc = (uintptr_t)with_large_frame;
	char name[8];

	CHECK_EQ(symbol_name(pc, name, sizeof(name)), sizeof(name) - 1);
	CHECK_EQ(strcmp(name, "with_la"), 0);
	CHECK_EQ(symbol_name(pc, name, 1), 0);
	CHECK_EQ(symbol_name(pc, NULL, 0), 0);
}

TEST(addresses_are_printed_with_offset_or_plain)
{
	char text[80];

	symbol_format((uintptr_t)with_large_frame + 4, text, sizeof(text));
	CHECK_EQ(strcmp(text, "with_large_frame+0x4"), 0);
	symbol_format(0x1234, text, sizeof(text));
	CHECK_EQ(strcmp(text, "0x1234"), 0);
	symbol_format((uintptr_t)with_large_frame, text, 8);
	CHECK(strlen(text) < 8);
}

TEST(walk_from_nonsense_ends_without_a_fault)
{
	uintptr_t out[8];

	CHECK(backtrace_walk(0, 0, 0, out, 8) <= 8);
	CHECK(backtrace_walk((uintptr_t)innermost, 16, 8, out, 8) <= 8);
	CHECK(backtrace_walk((uintptr_t)innermost, ~0ul - 7, ~0ul, out, 8) <=
	      8);
	CHECK_EQ(backtrace_here(out, 0), 0);
}
