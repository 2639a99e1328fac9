/* SPDX-License-Identifier: MIT */
/*
 * A thread on each hart notes when it begins and ends. Whoever waits sleeps: under
 * -icount the emulator runs one hart at a time, 100 million instructions long, and
 * all that a waiting hart spins away is spent on the one clock that all share.
 *
 * In turn is for -icount: harts that take turns of that length never meet, but a
 * fence on another hart waits for that hart's next turn.
 */
#define _GNU_SOURCE
#include "harts.h"

#include <pthread.h>
#include <sched.h>

#include "core/hart.h"

struct member {
	const struct harts_job *job;
	pthread_t thread;
	uint64_t begin;
	uint64_t end;
	bool joins; /* it runs on another hart */
	bool good;
};

static struct member members[CONFIG_NR_HARTS];

static inline uint64_t ticks_now(void)
{
	uint64_t ticks;

	__asm__ volatile("rdtime %0" : "=r"(ticks) : : "memory");
	return ticks;
}

static void *member_run(void *argument)
{
	struct member *member = argument;
	const struct harts_job *job = member->job;

	member->begin = ticks_now();
	member->good = job->body(job->row, job->loops);
	member->end = ticks_now();
	return NULL;
}

static void member_start(const struct harts_job *job, unsigned int hart)
{
	struct member *member = &members[hart];
	cpu_set_t set;

	*member = (struct member){ .job = job };
	if (hart == this_hart->index) {
		member_run(member);
		return;
	}
	CPU_ZERO(&set);
	CPU_SET(hart, &set);
	member->joins =
		pthread_create(&member->thread, NULL, member_run, member) == 0;
	/* It is ready behind the caller, and goes to its own hart. */
	if (member->joins)
		pthread_setaffinity_np(member->thread, sizeof(set), &set);
}

static void member_wait(unsigned int hart)
{
	if (members[hart].joins)
		pthread_join(members[hart].thread, NULL);
}

bool harts_run_together(const struct harts_job *job, uint64_t *ticks_out)
{
	uint64_t begin = UINT64_MAX;
	uint64_t end = 0;
	bool good = true;

	/* The caller's own share last: it keeps the caller busy. */
	for (unsigned int i = job->count; i-- > 0;)
		member_start(job, i);
	for (unsigned int i = 0; i < job->count; i++) {
		member_wait(i);
		good = good && members[i].good;
		if (members[i].begin < begin)
			begin = members[i].begin;
		if (members[i].end > end)
			end = members[i].end;
	}
	*ticks_out = end - begin;
	return good;
}

bool harts_run_in_turn(const struct harts_job *job, uint64_t *ticks_out)
{
	uint64_t ticks = 0;
	bool good = true;

	for (unsigned int i = 0; i < job->count; i++) {
		member_start(job, i);
		member_wait(i);
		good = good && members[i].good;
		ticks += members[i].end - members[i].begin;
	}
	*ticks_out = ticks;
	return good;
}
