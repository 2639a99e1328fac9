/* SPDX-License-Identifier: MIT */
/*
 * The sampling profiler: who is busy is found, what it cannot see is told, and
 * its limits hold. Busy functions are so for a number of samples, not for a time,
 * and what is asked of them is a number, not a share: a host that is busy itself
 * lets timers come when it likes, also while code is called for the first time.
 */
#include <errno.h>
#include <linux/vmalloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/csr.h"
#include "core/hart.h"
#include "core/profile.h"
#include "core/timer.h"
#include "test.h"

#define PERIOD_NS 20000u
#define SAMPLES   60u
#define MOST      (SAMPLES / 2)
#define BYTES     (256ul << 10)

static void *memory;

/* Lines of a report. */
static char lines[400][700];
static unsigned int nr_lines;

static void keep(const char *line, void *context)
{
	CHECK(context == &nr_lines);
	CHECK(nr_lines < ARRAY_SIZE(lines) && strlen(line) < sizeof(lines[0]));
	snprintf(lines[nr_lines++], sizeof(lines[0]), "%s", line);
}

static void begin(void)
{
	memory = vmalloc(BYTES);
	CHECK(memory);
	CHECK_EQ(profile_start(memory, BYTES, PERIOD_NS), 0);
}

static void stop(void)
{
	profile_stop();
	nr_lines = 0;
	profile_show_stacks(keep, &nr_lines);
}

static void end(void)
{
	stop();
	vfree(memory);
}

/* For that many timer interrupts, a few of which are of others' timers. */
static __noipa void be_busy(unsigned int count)
{
	unsigned long start = READ_ONCE(this_hart->timer_ticks);

	while (READ_ONCE(this_hart->timer_ticks) - start < count)
		;
}

static __noipa void call_busy(unsigned int count)
{
	be_busy(count);
	__asm__ volatile("");
}

static void wait_ns(uint64_t ns)
{
	uint64_t start = timer_now_ns();

	while (timer_now_ns() - start < ns)
		;
}

static bool timer_asks(void)
{
	unsigned long pending = csr_read(sip);

	return pending & SIE_STIE;
}

/* Until the timer has asked for an interrupt, and a while longer. */
static __noipa void be_busy_masked(uint64_t ns)
{
	unsigned long flags = irq_save();

	while (!timer_asks())
		;
	wait_ns(ns);
	irq_restore(flags);
	__asm__ volatile("");
}

/* Samples in stacks that hold @part. */
static unsigned long samples_with(const char *part)
{
	unsigned long sum = 0;

	for (unsigned int i = 0; i < nr_lines; i++) {
		if (strstr(lines[i], part))
			sum += strtoul(strrchr(lines[i], ' '), NULL, 10);
	}
	return sum;
}

TEST(busy_function_and_its_caller_have_most_samples)
{
	begin();
	call_busy(SAMPLES);
	end();
	CHECK(samples_with("main;") >= MOST);
	CHECK(samples_with(";call_busy;be_busy") >= MOST);
}

TEST(every_sample_is_in_one_line_or_idle_or_lost)
{
	struct profile_totals totals;

	begin();
	call_busy(SAMPLES);
	end();
	profile_read_totals(&totals);
	CHECK_EQ(totals.samples, samples_with("") + totals.idle + totals.lost);
	for (unsigned int i = 0; i < nr_lines; i++)
		CHECK(strtoul(strrchr(lines[i], ' '), NULL, 10) > 0);
}

TEST(samples_with_interrupts_off_come_late_and_say_so)
{
	struct profile_totals totals;

	begin();
	/* Some of the interrupts may be of others' timers. */
	for (unsigned int i = 0; i < 13; i++)
		be_busy_masked(200000);
	end();
	/* On its way in and out it can be seen with interrupts on, too. */
	CHECK(samples_with(";be_busy_masked;[interrupts off]") >= 10);
	CHECK_EQ(samples_with("wait_ns"), 0);
	CHECK_EQ(samples_with("timer_asks"), 0);
	profile_read_totals(&totals);
	CHECK(totals.masked >= 10 && totals.masked <= totals.samples);
	CHECK(totals.masked_max_ns >= 200000);
	CHECK(totals.masked_ns >= totals.masked_max_ns);
	CHECK(totals.masked_ns / totals.masked <= totals.masked_max_ns);
}

TEST(function_table_agrees_with_the_stacks)
{
	unsigned long samples, with_callees, own;
	char name[64];

	begin();
	call_busy(SAMPLES);
	stop();
	own = samples_with(";be_busy ");
	nr_lines = 0;
	profile_show_functions(1, keep, &nr_lines);
	CHECK_EQ(nr_lines, 2);
	CHECK_EQ(sscanf(lines[1], "%lu %*f%% %*u %lu%*[.0-9]%% %63s", &samples,
	                &with_callees, name),
	         3);
	CHECK_EQ(strcmp(name, "be_busy"), 0);
	CHECK_EQ(samples, own);
	profile_show_stacks(keep, &nr_lines);
	CHECK_EQ(samples_with(";be_busy "), own);
	CHECK(with_callees >= own * 100 / samples_with("") &&
	      with_callees <= 100);
	vfree(memory);
}

/* Forty functions in a row, each called by the next one. */
#define LINK(name, callee)                                     \
	static __noinline void link_##name(unsigned int count) \
	{                                                      \
		callee(count);                                 \
		__asm__ volatile("nop");                       \
	}
#define LINKS(n, callee)        \
	LINK(n##0, callee)      \
	LINK(n##1, link_##n##0) \
	LINK(n##2, link_##n##1) \
	LINK(n##3, link_##n##2)
#define NAMES(n) link_##n##0, link_##n##1, link_##n##2, link_##n##3

LINKS(a, be_busy)
LINKS(b, link_a3)
LINKS(c, link_b3)
LINKS(d, link_c3)
LINKS(e, link_d3)
LINKS(f, link_e3)
LINKS(g, link_f3)
LINKS(h, link_g3)
LINKS(i, link_h3)
LINKS(j, link_i3)

static void (*const links[])(unsigned int count) = {
	NAMES(a), NAMES(b), NAMES(c), NAMES(d), NAMES(e),
	NAMES(f), NAMES(g), NAMES(h), NAMES(i), NAMES(j),
};

TEST(stack_too_deep_keeps_its_inner_end)
{
	begin();
	link_j3(SAMPLES);
	end();
	CHECK(samples_with("[deeper];link_") >= MOST);
	CHECK(samples_with(";link_a1;link_a0;be_busy") >= MOST);
	CHECK_EQ(samples_with("main;link_j3"), 0);
}

/* Another way to the same functions: other stacks. */
static __noinline void by_another_way(void (*function)(unsigned int count),
                                      unsigned int count)
{
	function(count);
	__asm__ volatile("nop");
}

TEST(table_that_is_full_loses_samples_and_counts_them)
{
	size_t bytes = nr_harts * PROFILE_HART_BYTES;
	struct profile_totals totals;

	memory = vmalloc(bytes);
	CHECK(memory);
	CHECK_EQ(profile_start(memory, bytes, PERIOD_NS), 0);
	/* Each twice, in room for 32 stacks. */
	for (unsigned int i = 0; i < 20; i++) {
		links[i](3);
		by_another_way(links[i], 3);
	}
	end();
	profile_read_totals(&totals);
	CHECK(totals.lost > 0);
	CHECK(nr_lines <= bytes / 128);
	CHECK_EQ(totals.samples, samples_with("") + totals.idle + totals.lost);
}

TEST(one_profile_at_a_time)
{
	begin();
	CHECK_EQ(profile_start(memory, BYTES, PERIOD_NS), -EBUSY);
	call_busy(SAMPLES);
	end();
	CHECK(samples_with(";be_busy") > 0);
	begin();
	end();
	CHECK_EQ(samples_with(";be_busy"), 0);
}

TEST(nothing_is_sampled_after_the_stop)
{
	struct profile_totals before, after;

	begin();
	call_busy(SAMPLES);
	end();
	profile_read_totals(&before);
	wait_ns(10 * PERIOD_NS);
	profile_read_totals(&after);
	CHECK_EQ(memcmp(&before, &after, sizeof(before)), 0);
}

TEST(periods_and_memory_outside_the_limits_are_refused)
{
	size_t least = nr_harts * PROFILE_HART_BYTES;

	memory = vmalloc(BYTES);
	CHECK(memory);
	CHECK_EQ(profile_start(memory, least - 1, PERIOD_NS), -EINVAL);
	CHECK_EQ(profile_start(memory, 0, PERIOD_NS), -EINVAL);
	CHECK_EQ(profile_start(memory, BYTES, PROFILE_PERIOD_MIN_NS - 1),
	         -EINVAL);
	CHECK_EQ(profile_start(memory, BYTES, PROFILE_PERIOD_MAX_NS + 1),
	         -EINVAL);
	CHECK_EQ(profile_start(memory, BYTES, 0), -EINVAL);
	CHECK_EQ(profile_start(memory, least, PERIOD_NS), 0);
	end();
}

TEST(idle_harts_are_counted_and_left_out)
{
	struct profile_totals totals;

	begin();
	/* A sample ends the sleep, or comes between two when the host is late. */
	for (unsigned int i = 0; i < SAMPLES; i++)
		hart_idle(UINT64_MAX);
	end();
	profile_read_totals(&totals);
	CHECK(totals.idle > 0);
	CHECK_EQ(samples_with("hart_idle "), 0);
	CHECK_EQ(samples_with("hart_idle;["), 0);
}

/* Until the hart that waits has been sampled, too. */
static void be_busy_there(void *unused)
{
	const struct hart *waiting = harts[0];
	unsigned long start = READ_ONCE(waiting->timer_ticks);

	(void)unused;
	do {
		call_busy(SAMPLES);
	} while (READ_ONCE(waiting->timer_ticks) - start < SAMPLES);
}

TEST(other_harts_are_sampled_too)
{
	struct profile_totals totals;

	if (nr_harts < 2)
		test_skip("needs two harts");
	begin();
	for (unsigned int i = 1; i < nr_harts; i++)
		hart_call_start(i, be_busy_there, NULL);
	for (unsigned int i = 1; i < nr_harts; i++)
		hart_call_wait(i);
	end();
	CHECK(samples_with(
		      "hart_serve_calls;be_busy_there;call_busy;be_busy ") >=
	      MOST);
	/* Whoever waits for long sleeps. */
	profile_read_totals(&totals);
	CHECK(totals.idle > 0 || samples_with(";hart_call_wait") > 0);
}
