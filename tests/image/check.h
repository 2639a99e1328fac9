/* SPDX-License-Identifier: MIT */
/* Between the runner (main.c) and the checks (check.c). */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <setjmp.h>

#include "test.h"

enum test_result { TEST_PASSED, TEST_FAILED, TEST_SKIPPED };

/* All tests in link order: suites are contiguous. */
extern struct test *tests;

void test_set_loops(unsigned int count);

enum test_result test_run(const struct test *test);

/* "mm/vmalloc" for tests/mm/test_vmalloc.c */
void test_suite_name(const struct test *test, char *name, size_t size);

#endif /* TESTS_CHECK_H */
