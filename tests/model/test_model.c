/* SPDX-License-Identifier: MIT */
/*
 * Runs of the model, in an image and on the host. model.seed, model.steps and
 * model.check repeat a run and look at it (docs/testing.md): arguments of the app
 * in an image, environment variables on the host.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/report.h"
#include "model.h"
#include "test.h"

static unsigned long number(const char *key, unsigned long otherwise)
{
	const char *value = machine_option(key);

	return value ? strtoul(value, NULL, 0) : otherwise;
}

/* "N": so many steps. "A-B": up to B, those from A on are shown. */
static void read_steps(struct model_run *run, const char *text)
{
	char *end;

	run->show_from = strtoul(text, &end, 0);
	run->show_to = *end == '-' ? strtoul(end + 1, NULL, 0) : 0;
	run->steps = run->show_to ? run->show_to : run->show_from;
}

static void run_model(bool small_window)
{
	struct model_run run = { .seed = 1,
		                 .steps = 100000,
		                 .check_every = 2000,
		                 .small_window = small_window };
	unsigned long before = report_count();

	machine_boot();
	run.seed = number("model.seed", run.seed);
	run.check_every = number("model.check", run.check_every);
	if (machine_option("model.steps"))
		read_steps(&run, machine_option("model.steps"));
	printf("# seed %lu, %lu steps\n", run.seed, run.steps);
	model_run(&run);
	test_expect_reports(report_count() - before);
}

TEST(random_calls_equal_the_model)
{
	run_model(false);
}

TEST(random_calls_in_a_window_of_8_mib_equal_the_model)
{
	run_model(true);
}
