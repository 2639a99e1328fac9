/* SPDX-License-Identifier: MIT */
/*
 * Registration and the ends of a test. A failed check leaves its test by
 * longjmp, so that checks in helpers end the test too.
 */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/hart.h"
#include "core/panic.h"
#include "core/report.h"
#include "core/thread.h"
#include "state.h"

struct test *tests;
static struct test **tests_tail = &tests;

static jmp_buf test_end;
static enum test_result result;
static unsigned long expected_reports;
static unsigned long kept_areas;
static unsigned long random_state;
static unsigned int loops = 1;

void test_register(struct test *test)
{
	*tests_tail = test;
	tests_tail = &test->next;
}

/* "mm/test_vmalloc.c": what is behind the last "../". */
static const char *short_file(const char *file)
{
	const char *up;

	while ((up = strstr(file, "../")) != NULL)
		file = up + 3;
	return file;
}

void test_suite_name(const struct test *test, char *name, size_t size)
{
	const char *file = short_file(test->file);
	const char *base = strstr(file, "test_");

	snprintf(name, size, "%.*s%.*s", (int)(base - file), file,
	         (int)strcspn(base + 5, "."), base + 5);
}

void test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	printf("# tests/%s:%d: ", short_file(file), line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	if (in_interrupt())
		panic("a check failed in an interrupt: store, then check");
	result = TEST_FAILED;
	longjmp(test_end, 1);
}

void test_skip(const char *why)
{
	printf("# skipped: %s\n", why);
	result = TEST_SKIPPED;
	longjmp(test_end, 1);
}

void test_expect_reports(unsigned long count)
{
	expected_reports += count;
}

void test_may_keep_areas(unsigned long areas)
{
	kept_areas = areas;
}

void test_set_loops(unsigned int count)
{
	loops = count;
}

void test_use_all_harts(void)
{
	(void)thread_set_allowed_harts(current_thread(), ~0ul);
}

unsigned int test_loops(void)
{
	return loops;
}

unsigned long test_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* What every test promises: see test.h. */
static void check_promises(const struct mm_state *before, unsigned long reports)
{
	struct mm_state after;

	if (report_count() - reports != expected_reports) {
		test_fail("../image/check.c", __LINE__,
		          "%lu reports, %lu expected; the last: %s",
		          report_count() - reports, expected_reports,
		          report_last());
	}
	mm_state_settled(&after);
	/* Less than before: it gave back what an earlier test made it keep. */
	if (kept_areas == 0 ||
	    (long)(after.busy_areas - before->busy_areas) > (long)kept_areas)
		mm_state_check_equal(&after, before);
	mm_check_all();
}

/*
 * Tests of mm look at what waits for the worker, so it does not run meanwhile
 * (it shares this hart: tests/image/main.c).
 */
static bool keeps_hart(const struct test *test)
{
	char suite[64];

	test_suite_name(test, suite, sizeof(suite));
	return strncmp(suite, "mm/", 3) == 0 &&
	       strcmp(suite, "mm/kthread") != 0;
}

enum test_result test_run(const struct test *test)
{
	const bool keep = keeps_hart(test);
	struct mm_state before;
	unsigned long reports;

	if (keep)
		preempt_disable();

	mm_state_settled(&before);
	expected_reports = 0;
	kept_areas = 0;
	random_state = 88172645463325252ul;
	result = TEST_PASSED;
	report_set_quiet(true);
	reports = report_count();
	if (setjmp(test_end) == 0) {
		test->run();
		(void)thread_set_allowed_harts(current_thread(), 1);
		check_promises(&before, reports);
	}
	(void)thread_set_allowed_harts(current_thread(), 1);
	mm_state_stop_injection();
	report_set_quiet(false);
	if (keep)
		preempt_enable();
	return result;
}
