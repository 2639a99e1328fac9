/* SPDX-License-Identifier: MIT */
/*
 * A run is the body between two readings of a counter. The same is done with an
 * empty body, and the difference is divided by the operations. Counters of
 * fences and purges are read around all runs, never inside one.
 *
 * The first run fills caches and pools and is thrown away. Nothing here waits,
 * sleeps or arms a timer while one hart is measured, so that under -icount every
 * run of the image yields the same numbers. Several harts are measured by time:
 * where instructions count, a nanosecond is one.
 */
#include "measure.h"

#include <stddef.h>

#include "core/assert.h"
#include "core/hart.h"
#include "core/machine.h"
#include "core/timer.h"
#include "harts.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "profiled.h"
#include "rows.h"

#define NS_PER_SECOND 1000000000u
#define BODY_FAILED   "an allocation failed in the loop"

#define PROBES      3u
#define PROBE_TURNS 10000ul
#define PROBE_SLACK 8ul /* the readings themselves */

/* How one row is measured. */
struct session {
	const struct bench_row *row;
	unsigned long loops;
	unsigned int harts;
	bool instructions;
	unsigned long profile_us;
};

static inline uint64_t instret_now(void)
{
	uint64_t instret;

	__asm__ volatile("rdinstret %0" : "=r"(instret) : : "memory");
	return instret;
}

/* Is what instret counts in a loop of known length the length of the loop? */
static bool probe_counts(void)
{
	uint64_t begin = instret_now();
	unsigned long left;
	uint64_t counted;

	__asm__ volatile("1:	addi	%0, %0, -1\n"
	                 "	bnez	%0, 1b"
	                 : "=r"(left)
	                 : "0"(PROBE_TURNS));
	counted = instret_now() - begin;
	return left == 0 && counted - 2 * PROBE_TURNS <= PROBE_SLACK;
}

bool measure_counts_instructions(void)
{
	unsigned int good = 0;

	while (good < PROBES && probe_counts())
		good++;
	return good == PROBES;
}

static bool empty_body(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++)
		bench_barrier();
	return true;
}

static uint64_t ticks_to_ns(uint64_t ticks)
{
	return ticks * NS_PER_SECOND / machine.timebase_hz;
}

static bool run_alone(const struct session *s, bench_body *body, uint64_t *out)
{
	uint64_t begin = instret_now();
	bool good = body(s->row, s->loops);

	*out = instret_now() - begin;
	return good;
}

uint64_t measure_now(bool instructions)
{
	return instructions ? instret_now() : timer_now_ns();
}

/* One run in units of the session; false: the body failed. */
static bool run_once(const struct session *s, bench_body *body, uint64_t *out)
{
	const struct harts_job job = {
		.body = body,
		.row = s->row,
		.loops = s->loops,
		.count = s->harts,
	};
	uint64_t ticks;
	bool good;

	if (s->instructions && s->harts == 1)
		return run_alone(s, body, out);
	good = s->instructions ? harts_run_in_turn(&job, &ticks)
	                       : harts_run_together(&job, &ticks);
	*out = ticks_to_ns(ticks);
	return good;
}

/* Runs that count come this way: what `make profile` looks for. */
static __noinline bool run_counted(const struct session *s, uint64_t *out)
{
	return run_once(s, s->row->body, out);
}

static void read_events(struct bench_events *out)
{
	struct vmap_counters vmap;
	struct tlb_counters tlb;

	vmap_read_counters(&vmap);
	tlb_read_counters(&tlb);
	*out = (struct bench_events){
		.maps = vmap.maps + vmap.map_ram_maps,
		.unmaps = vmap.unmaps + vmap.map_ram_unmaps,
		.fences = tlb.local_fences + tlb.page_fences,
		.remote_fences = tlb.remote_fences,
		.purges = vmap.purges,
		.purged_pages = vmap.purged_pages,
		.repaired_faults = tlb.repaired_faults,
		.tables_reclaimed = vmap.tables_reclaimed,
	};
}

static void events_since(const struct bench_events *before,
                         struct bench_events *out)
{
	read_events(out);
	out->maps -= before->maps;
	out->unmaps -= before->unmaps;
	out->fences -= before->fences;
	out->remote_fences -= before->remote_fences;
	out->purges -= before->purges;
	out->purged_pages -= before->purged_pages;
	out->repaired_faults -= before->repaired_faults;
	out->tables_reclaimed -= before->tables_reclaimed;
}

static void sort(uint64_t *values, unsigned int count)
{
	for (unsigned int i = 1; i < count; i++) {
		uint64_t value = values[i];
		unsigned int at = i;

		for (; at > 0 && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
}

static void summarise(uint64_t *values, unsigned int runs,
                      struct bench_result *result)
{
	sort(values, runs);
	result->runs = runs;
	result->min = values[0];
	result->median = (values[(runs - 1) / 2] + values[runs / 2]) / 2;
	result->max = values[runs - 1];
}

/* @runs times the body, as they come; false: one of them failed. */
static bool take_counted(const struct session *s, unsigned int runs,
                         uint64_t *values)
{
	for (unsigned int i = 0; i < runs; i++) {
		if (!run_counted(s, &values[i]))
			return false;
	}
	return true;
}

/* The same under the profiler; the values say nothing then. */
static const char *profile_counted(const struct session *s, unsigned int runs)
{
	uint64_t values[BENCH_MAX_REPEATS];
	const char *error = profiled_begin(s->profile_us);
	bool good;

	if (error)
		return error;
	good = take_counted(s, runs, values);
	profiled_end();
	return good ? NULL : BODY_FAILED;
}

static const char *take_runs(const struct session *s, unsigned int runs,
                             struct bench_result *result)
{
	uint64_t ops = s->row->ops_per_loop ? s->row->ops_per_loop : 1;
	uint64_t values[BENCH_MAX_REPEATS];
	struct bench_events before;
	uint64_t empty;

	ops *= (uint64_t)s->loops * s->harts;
	ASSERT(ops > 0 && runs > 0 && runs <= BENCH_MAX_REPEATS);
	if (!run_once(s, s->row->body, &empty))
		return BODY_FAILED;
	if (s->profile_us > 0)
		return profile_counted(s, runs);
	run_once(s, empty_body, &empty);
	run_once(s, empty_body, &empty);

	read_events(&before);
	if (!take_counted(s, runs, values))
		return BODY_FAILED;
	events_since(&before, &result->events);
	for (unsigned int i = 0; i < runs; i++)
		values[i] =
			values[i] > empty ? (values[i] - empty) * 100 / ops : 0;
	result->operations = ops * runs;
	summarise(values, runs, result);
	return NULL;
}

static void measure_body(const struct session *s, unsigned int runs,
                         struct bench_result *result)
{
	result->error = s->row->setup ? s->row->setup(s->row) : NULL;
	if (result->error)
		return;
	result->error = take_runs(s, runs, result);
	if (s->row->teardown)
		s->row->teardown(s->row);
}

static void measure_read(const struct session *s, struct bench_result *result)
{
	uint64_t value;

	result->error = s->row->read(s->instructions, &value);
	if (result->error)
		return;
	result->loops = 1;
	result->harts = 1;
	result->operations = 1;
	value *= 100;
	summarise(&value, 1, result);
}

void measure_row(const struct bench_row *row,
                 const struct bench_options *options, bool instructions,
                 struct bench_result *result)
{
	const struct session s = {
		.row = row,
		.loops = options->loops ? options->loops : row->loops,
		.harts = row->harts ? row->harts : options->harts,
		.instructions = instructions,
		.profile_us = options->profile_us,
	};

	*result = (struct bench_result){ .loops = s.loops, .harts = s.harts };
	if (s.harts > nr_harts)
		result->error = "the machine has fewer harts than it needs";
	else if (row->read && options->profile_us > 0)
		result->error = "it has no loop to profile";
	else if (row->read)
		measure_read(&s, result);
	else
		measure_body(&s, options->repeats, result);
}
