/* SPDX-License-Identifier: MIT */
/*
 * core/timer_heap against a linear search: the root is always the soonest, and
 * each timer comes out once, also out of the middle.
 *
 * Sources: core/timer_heap.c
 */
#include <stdlib.h>
#include <string.h>

#include "core/timer_heap.h"
#include "tests/image/test.h"

#define TIMERS 300u

static struct timer *timers[TIMERS]; /* NULL: not in the heap */
static struct timer *root;

static struct timer *add(uint64_t at_ns)
{
	struct timer *timer = malloc(sizeof(*timer));

	/* Rubbish: nothing of a fresh node may be believed. */
	memset(timer, 0xa5, sizeof(*timer));
	timer->at_ns = at_ns;
	timer_heap_add(&root, timer);
	return timer;
}

/* Freed at once: the sanitizer sees whoever still points there. */
static void take(struct timer *timer)
{
	timer_heap_remove(&root, timer);
	free(timer);
}

static uint64_t soonest(void)
{
	uint64_t at_ns = UINT64_MAX;

	for (unsigned int i = 0; i < TIMERS; i++)
		if (timers[i] && timers[i]->at_ns < at_ns)
			at_ns = timers[i]->at_ns;
	return at_ns;
}

static void check_root(void)
{
	CHECK_EQ(root ? root->at_ns : UINT64_MAX, soonest());
	CHECK(!root || (!root->next && !root->previous));
}

TEST(heap_of_none_and_of_one)
{
	struct timer *timer;

	root = NULL;
	timer = add(5);
	CHECK_EQ(root, timer);
	take(timer);
	CHECK(!root);
}

TEST(soonest_is_the_root_whatever_comes_and_goes)
{
	root = NULL;
	memset(timers, 0, sizeof(timers));
	for (unsigned int step = 0; step < 200000; step++) {
		unsigned int i = test_random() % TIMERS;

		if (timers[i]) {
			take(timers[i]);
			timers[i] = NULL;
		} else {
			timers[i] = add(test_random() % 50);
		}
		if (step % 16 == 0)
			check_root();
	}
	for (unsigned int i = 0; i < TIMERS; i++)
		if (timers[i])
			take(timers[i]);
	CHECK(!root);
}

TEST(they_come_out_in_order)
{
	uint64_t last = 0;
	struct timer *latest;

	root = NULL;
	for (unsigned int i = 0; i < 1000; i++)
		latest = add(test_random());
	latest = add(UINT64_MAX);
	for (unsigned int i = 0; i < 1000; i++) {
		CHECK(root->at_ns >= last && root != latest);
		last = root->at_ns;
		take(root);
	}
	CHECK_EQ(root, latest);
	take(root);
}

TEST(equal_times_come_out_as_they_went_in)
{
	struct timer *in_order[20];

	root = NULL;
	for (unsigned int i = 0; i < 20; i++)
		in_order[i] = add(7);
	for (unsigned int i = 0; i < 20; i++) {
		CHECK_EQ(root, in_order[i]);
		take(root);
	}
}
