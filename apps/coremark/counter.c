/* SPDX-License-Identifier: MIT */
/* A loop whose length is known tells whether instret is to be believed. */
#include "counter.h"

#include <time.h>
#include <vireo/clock.h>

#define TURNS       10000ul
#define SLACK       16 /* what stands around the loop */
#define PROBES      4
#define NS_A_SECOND 1000000000ull

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_A_SECOND + now.tv_nsec;
}

static bool probe(void)
{
	const uint64_t before = read_instret();
	unsigned long left;

	__asm__ volatile("1:	addi	%0, %0, -1\n"
	                 "	bnez	%0, 1b"
	                 : "=r"(left)
	                 : "0"(TURNS));
	return read_instret() - before - 2 * TURNS <= SLACK;
}

bool counter_counts(void)
{
	static int good = -1;

	if (good < 0) {
		int i;

		for (i = 0; i < PROBES && probe(); i++)
			;
		good = i == PROBES;
	}
	return good;
}

void counter_start(struct counter *counter)
{
	counter->ns = now_ns();
	counter->instructions = counter_counts() ? read_instret() : 0;
}

void counter_stop(struct counter *counter)
{
	if (counter_counts())
		counter->instructions = read_instret() - counter->instructions;
	counter->ns = now_ns() - counter->ns;
}
