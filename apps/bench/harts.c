/* SPDX-License-Identifier: MIT */
/*
 * Each hart notes when it begins and ends. Whoever waits sleeps: under -icount
 * the emulator runs one hart at a time, 100 million instructions long, and all
 * that a waiting hart spins away is spent on the one clock that all share.
 *
 * In turn is for -icount: harts that take turns of that length never meet, but a
 * fence on another hart waits for that hart's next turn.
 */
#include "harts.h"

#include "core/hart.h"
#include "core/timer.h"

#define NAP_NS 100000000u /* an early wake-up disturbs, a late one does not */

struct member {
	const struct harts_job *job;
	uint64_t begin;
	uint64_t end;
	bool good;
	bool done; /* [A] the rest is written */
};

static struct member members[CONFIG_NR_HARTS];

static inline uint64_t ticks_now(void)
{
	uint64_t ticks;

	__asm__ volatile("rdtime %0" : "=r"(ticks) : : "memory");
	return ticks;
}

static void member_run(void *argument)
{
	struct member *member = argument;
	const struct harts_job *job = member->job;

	member->begin = ticks_now();
	member->good = job->body(job->row, job->loops);
	member->end = ticks_now();
	/* Partner: member_wait(). */
	__atomic_store_n(&member->done, true, __ATOMIC_RELEASE);
}

static void member_start(const struct harts_job *job, unsigned int hart)
{
	members[hart] = (struct member){ .job = job };
	if (hart != this_hart->index)
		hart_call_start(hart, member_run, &members[hart]);
	else
		member_run(&members[hart]);
}

static void member_wait(unsigned int hart)
{
	/* Partner: member_run(). */
	while (!__atomic_load_n(&members[hart].done, __ATOMIC_ACQUIRE))
		hart_idle(timer_now_ns() + NAP_NS);
	if (hart != this_hart->index)
		hart_call_wait(hart);
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
