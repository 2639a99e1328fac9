/* SPDX-License-Identifier: MIT */
/*
 * How a test is written. A test is a claim and proves it:
 *
 *   TEST(vmalloc_of_zero_bytes_is_refused)
 *   {
 *           CHECK_REPORTS(1, CHECK(!vmalloc(0)));
 *   }
 *
 * A failed CHECK prints file, line and values and ends its test. After each
 * test the runner demands what every test promises without saying so: no page,
 * area or mapping is left, no report beyond those that CHECK_REPORTS expected,
 * and all structures of mm pass their own checkers.
 *
 * CHECK and its kin are for the test's own thread: code that runs on another
 * hart or in an interrupt stores what it saw and the test checks it after.
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/compiler.h"

/* sstatus when main() began. */
extern unsigned long test_status_at_main;

struct test {
	const char *file; /* suite: "mm/test_vmalloc.c" says mm/vmalloc */
	const char *claim;
	void (*run)(void);
	struct test *next;
};

/* A constructor for each test: the list is complete by construction. */
#define TEST(name)                                                        \
	static void name(void);                                           \
	static struct test test_##name = { __FILE__, #name, name, NULL }; \
	static void __attribute__((constructor)) register_##name(void)    \
	{                                                                 \
		test_register(&test_##name);                              \
	}                                                                 \
	static void name(void)

void test_register(struct test *test);

/* End the running test: failed, or not possible here. */
void test_fail(const char *file, int line, const char *format, ...) __dead
	__printf_like(3, 4);
void test_skip(const char *why) __dead;

/* The running test expects @count reports more (core/report.h). */
void test_expect_reports(unsigned long count);

/*
 * The running test may leave up to @areas areas behind: only for memory that
 * the C library keeps for itself.
 */
void test_may_keep_areas(unsigned long areas);

/*
 * The running test, and threads that it starts, may use every hart; else all of
 * them stay on hart 0.
 */
void test_use_all_harts(void);

/* How long tests that may be long shall be: loops=N of the command line, or 1. */
unsigned int test_loops(void);

/* Deterministic pseudo-random numbers, the same in every run of a test. */
unsigned long test_random(void);

#define CHECK(cond)                                                        \
	do {                                                               \
		if (!(cond))                                               \
			test_fail(__FILE__, __LINE__, "CHECK(%s)", #cond); \
	} while (0)

/* Numbers and pointers alike, printed in decimal and hexadecimal. */
#define CHECK_EQ(got, want)                                                   \
	do {                                                                  \
		unsigned long got_ = (unsigned long)(got);                    \
		unsigned long want_ = (unsigned long)(want);                  \
		if (got_ != want_)                                            \
			test_fail(__FILE__, __LINE__,                         \
			          "%s is %ld (%#lx), not %s = %ld (%#lx)",    \
			          #got, (long)got_, got_, #want, (long)want_, \
			          want_);                                     \
	} while (0)

/* The statement makes exactly @count reports. */
#define CHECK_REPORTS(count, statement)                    \
	do {                                               \
		unsigned long before_ = report_count();    \
		test_expect_reports(count);                \
		statement;                                 \
		CHECK_EQ(report_count() - before_, count); \
	} while (0)

#endif /* TESTS_TEST_H */
