/* SPDX-License-Identifier: MIT */
/*
 * The sampling profiler with -icount, where it must be right: loops of known
 * length get their share of the samples, whatever period they run in step with,
 * and a second boot prints the same.
 */
#include <linux/vmalloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/profile.h"
#include "test.h"

#define BYTES     (64ul << 10)
#define PERIOD_NS 10000u /* instructions */

static unsigned long samples[2];

static void run_loop(unsigned long turns)
{
	__asm__ volatile("1:	addi	%0, %0, -1\n"
	                 "	bnez	%0, 1b"
	                 : "+r"(turns));
}

static __noinline void run_short(unsigned long turns)
{
	run_loop(turns);
}

static __noinline void run_long(unsigned long turns)
{
	run_loop(3 * turns);
}

static void note(const char *line, void *context)
{
	(void)context;
	printf("# %s\n", line);
	if (strstr(line, ";run_short "))
		samples[0] += strtoul(strrchr(line, ' '), NULL, 10);
	if (strstr(line, ";run_long "))
		samples[1] += strtoul(strrchr(line, ' '), NULL, 10);
}

static void profile_loops(unsigned long turns)
{
	void *memory = vmalloc(BYTES);
	const unsigned long pairs = 20000000 / (8 * turns);

	CHECK(memory);
	memset(samples, 0, sizeof(samples));
	CHECK_EQ(profile_start(memory, BYTES, PERIOD_NS), 0);
	for (unsigned long i = 0; i < pairs; i++) {
		run_short(turns);
		run_long(turns);
	}
	profile_stop();
	profile_show_stacks(note, NULL);
	profile_show_totals(note, NULL);
	vfree(memory);
}

/* 20 million instructions are 2,000 samples: 500 and 1,500, give or take 5 %. */
static void check_shares(void)
{
	CHECK(samples[0] + samples[1] > 1900 && samples[0] + samples[1] < 2100);
	CHECK(samples[1] > 27 * samples[0] / 10 &&
	      samples[1] < 33 * samples[0] / 10);
}

TEST(samples_fall_as_instructions_do)
{
	profile_loops(100000);
	check_shares();
}

/* A pair is one period long: without the spread all samples would fall into one
 * place. */
TEST(loop_in_step_with_the_period_gets_its_share)
{
	profile_loops(PERIOD_NS / 8);
	check_shares();
}
