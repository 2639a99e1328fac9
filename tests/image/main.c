/* SPDX-License-Identifier: MIT */
/*
 * The test image: runs what argv names and prints TAP. `mm/` is every suite of
 * mm, `mm/vmap:` is one suite, anything else one claim; nothing: every suite. Suites
 * that start with `cost/` (instructions are counted) or `stress/` (long) run only
 * when named. `loops=N` makes those that can be long N times as long.
 * The exit status is 0 when tests ran and none failed.
 */
#include <stdio.h>
#include <string.h>

#include "arch/csr.h"
#include "check.h"
#include "core/thread.h"
#include "core/timer.h"
#include "mm/kthread.h"
#include "state.h"

static bool is_selected(const struct test *test, int argc, char **argv)
{
	char suite[64];
	char name[72];

	test_suite_name(test, suite, sizeof(suite));
	if (argc < 2)
		return strncmp(suite, "cost/", 5) != 0 &&
		       strncmp(suite, "stress/", 7) != 0;
	snprintf(name, sizeof(name), "%s:", suite);
	for (int i = 1; i < argc; i++) {
		if (strncmp(name, argv[i], strlen(argv[i])) == 0)
			return true;
		if (strcmp(test->claim, argv[i]) == 0)
			return true;
	}
	return false;
}

/* Takes loops=N out of argv. */
static int read_loops(int argc, char **argv)
{
	int left = 0;

	for (int i = 0; i < argc; i++) {
		unsigned int loops;

		if (sscanf(argv[i], "loops=%u", &loops) == 1)
			test_set_loops(loops);
		else
			argv[left++] = argv[i];
	}
	return left;
}

static void keep_worker_here(struct thread *thread, void *unused)
{
	(void)unused;
	if (strcmp(thread->name, "worker") == 0)
		thread->allowed_harts = 1;
}

unsigned long test_status_at_main;

int main(int argc, char **argv)
{
	static const char *const word[] = { "ok", "not ok", "ok" };
	unsigned int planned = 0, number = 0, count[3] = { 0 };
	char name[64];

	test_status_at_main = csr_read(sstatus);
	/* Many tests count what this hart does, and use the others for more. */
	(void)thread_set_allowed_harts(current_thread(), 1);
	argc = read_loops(argc, argv);
	for (struct test *test = tests; test; test = test->next)
		planned += is_selected(test, argc, argv);
	printf("TAP version 13\n1..%u\n", planned);
	/* The first thread makes the worker: what stays is there before. */
	if (kthread_work_init() != 0)
		return 1;
	threads_visit(keep_worker_here, NULL);
	mm_state_warm_up();
	for (struct test *test = tests; test; test = test->next) {
		enum test_result result;
		uint64_t start;

		if (!is_selected(test, argc, argv))
			continue;
		test_suite_name(test, name, sizeof(name));
		printf("# %s: %s\n", name, test->claim);
		start = timer_now_ns();
		result = test_run(test);
		count[result]++;
		printf("%s %u - %s: %s%s\n", word[result], ++number, name,
		       test->claim, result == TEST_SKIPPED ? " # SKIP" : "");
		printf("# took %lu ms\n", (timer_now_ns() - start) / 1000000);
	}
	printf("# %u passed, %u failed, %u skipped\n", count[TEST_PASSED],
	       count[TEST_FAILED], count[TEST_SKIPPED]);
	return planned == 0 || count[TEST_FAILED] ? 1 : 0;
}
