/* SPDX-License-Identifier: MIT */
/*
 * main() of every host test: the same TEST and CHECK as in the image
 * (tests/image/test.h), and what the sources under test need of core.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/hart.h"
#include "core/lock.h"
#include "core/machine.h"
#include "core/panic.h"
#include "core/report.h"
#include "tests/image/test.h"

struct machine machine = { .seed = 1 };
struct hart boot_hart;
struct hart *this_hart = &boot_hart;
struct hart *harts[CONFIG_NR_HARTS] = { &boot_hart };
unsigned int nr_harts = 1;

static struct test *tests;
static struct test **tests_tail = &tests;
static jmp_buf test_end;
static const char *word;
static unsigned long random_state;
static unsigned long reports, expected_reports;
static char last_report[256];

void test_register(struct test *test)
{
	*tests_tail = test;
	tests_tail = &test->next;
}

static void print_line(const char *format, va_list args)
{
	printf("# ");
	vprintf(format, args);
	printf("\n");
}

/* __weak: tests/host/machine has some of these its own way. */
__weak void test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	printf("# %s:%d:\n", file, line);
	va_start(args, format);
	print_line(format, args);
	va_end(args);
	word = "not ok";
	longjmp(test_end, 1);
}

void test_skip(const char *why)
{
	printf("# skipped: %s\n", why);
	longjmp(test_end, 2);
}

void test_expect_reports(unsigned long count)
{
	expected_reports += count;
}

unsigned long test_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

void report_at(struct report_site *site, const char *format, ...)
{
	va_list args;

	site->count++;
	reports++;
	va_start(args, format);
	vsnprintf(last_report, sizeof(last_report), format, args);
	va_end(args);
}

unsigned long report_count(void)
{
	return reports;
}

const char *report_last(void)
{
	return last_report;
}

__weak void panic(const char *format, ...)
{
	va_list args;

	printf("# PANIC:\n");
	va_start(args, format);
	print_line(format, args);
	va_end(args);
	fflush(stdout);
	abort();
}

__weak void spin_wait(struct spinlock *lock)
{
	panic("deadlock: %s is held by the only thread", lock->name);
}

__weak void hart_interrupt(unsigned int index, hart_function *function,
                           void *argument)
{
	struct hart *interrupted = this_hart;

	this_hart = harts[index];
	function(argument);
	this_hart = interrupted;
}

/* What setjmp() says: 0 first, then 1 or 2 when the test left early. */
static bool run_test(const struct test *test)
{
	switch (setjmp(test_end)) {
	case 0:
		test->run();
		return false;
	case 1:
		return false;
	default:
		return true;
	}
}

int main(void)
{
	unsigned int planned = 0, number = 0, failed = 0;

	for (struct test *test = tests; test; test = test->next)
		planned++;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%u\n", planned);
	for (struct test *test = tests; test; test = test->next) {
		unsigned long before = reports;
		bool skipped;

		word = "ok";
		expected_reports = 0;
		random_state = 88172645463325252ul;
		skipped = run_test(test);
		if (word[0] == 'o' && reports - before != expected_reports) {
			printf("# %lu reports; the last: %s\n",
			       reports - before, last_report);
			word = "not ok";
		}
		failed += word[0] == 'n';
		printf("%s %u - %s%s\n", word, ++number, test->claim,
		       skipped ? " # SKIP" : "");
	}
	return failed ? 1 : 0;
}
