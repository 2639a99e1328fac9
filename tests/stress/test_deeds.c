/* SPDX-License-Identifier: MIT */
/*
 * Every deed by all harts at once, then all deeds mixed (I-1 to I-6, I-22, I-23;
 * B9, B12, B20, B22, B29 to B31, B57, B58). `loops=N` on the image's command line
 * makes it N times as long; 1 is a few seconds.
 */
#include <stdio.h>

#include "core/hart.h"
#include "core/race_window.h"
#include "core/timer.h"
#include "stress.h"
#include "test.h"

/* What flushes each time, or walks everything. */
static void rarely(struct worker *worker)
{
	static const struct deed *const rare[] = {
		&deed_aliases, &deed_dump,      &deed_remap,
		&deed_reclaim, &deed_map_range, &deed_set_memory,
	};

	if (worker_choose(worker, 8) == 0)
		rare[worker_choose(worker, ARRAY_SIZE(rare))]->once(worker);
}

static void rarely_finish(struct worker *worker)
{
	deed_reclaim.finish(worker);
}

static const struct deed deed_rare = { "rare", rarely, rarely_finish };

static const struct deed *const all_deeds[] = {
	&deed_alloc,     &deed_alloc,    &deed_alloc,   &deed_hand_over,
	&deed_hand_over, &deed_map_ram,  &deed_map_ram, &deed_map_ram,
	&deed_interrupt, &deed_vrealloc, &deed_ioremap, &deed_vmap,
	&deed_percpu,    &deed_copy,     &deed_look,    &deed_rare,
};

/* Those whose flushes serve many, as in programs. */
static const struct deed *const usual_deeds[] = {
	&deed_alloc,   &deed_alloc,   &deed_hand_over, &deed_map_ram,
	&deed_map_ram, &deed_ioremap, &deed_vmap,      &deed_look,
};

/*
 * @hundreds of operations, shared among the harts, in each loop. Every structure
 * walks itself in between.
 */
static void all_harts(const struct deed *const *deeds, unsigned int count,
                      unsigned long hundreds)
{
	unsigned long rounds = hundreds * 100 / nr_harts;

	if (nr_harts < 2)
		test_skip("needs two harts");
	for (unsigned int loop = 0; loop < test_loops(); loop++)
		stress(deeds, count, nr_harts, rounds);
}

/* Ten times as many where nothing else is checked meanwhile. */
#define MANY (CONFIG_CHECK ? 1 : 10)

#define ALONE(claim, name, hundreds)                    \
	TEST(claim)                                     \
	{                                               \
		const struct deed *deed = &deed_##name; \
                                                        \
		all_harts(&deed, 1, hundreds);          \
	}

ALONE(harts_stress_alloc, alloc, 500 * MANY)
ALONE(harts_stress_hand_over, hand_over, 300 * MANY)
ALONE(harts_stress_vrealloc, vrealloc, 50 * MANY)
ALONE(harts_stress_map_ram, map_ram, 200 * MANY)
ALONE(harts_stress_ioremap, ioremap, 300 * MANY)
ALONE(harts_stress_vmap, vmap, 200 * MANY)
ALONE(harts_stress_percpu, percpu, 50 * MANY)
ALONE(harts_stress_look, look, 500 * MANY)
ALONE(harts_stress_copy, copy, 10 * MANY)
/* Each of these waits for other harts, which may have to wait for a processor. */
ALONE(harts_stress_interrupt, interrupt, 50)
ALONE(harts_stress_reclaim, reclaim, 50)
ALONE(harts_stress_set_memory, set_memory, 3)
ALONE(harts_stress_aliases, aliases, 3)
ALONE(harts_stress_remap, remap, 5)
ALONE(harts_stress_map_range, map_range, 5)
ALONE(harts_stress_dump, dump, 1)

TEST(harts_stress_everything)
{
	all_harts(all_deeds, ARRAY_SIZE(all_deeds), 100);
}

/* At points where harts may meet badly, linger now and then. */
static void linger(void *unused)
{
	static unsigned long random[CONFIG_NR_HARTS]; /* [H] */
	unsigned long *own = &random[this_hart->index];
	unsigned long until;

	(void)unused;
	*own = *own * 6364136223846793005ul + 2 * this_hart->index + 1;
	if (*own >> 60 != 0)
		return;
	until = timer_now_ns() + (*own >> 40) % 100000;
	while (timer_now_ns() < until)
		;
}

TEST(harts_stress_everything_with_races_widened)
{
	if (!CONFIG_RACE_WINDOWS)
		test_skip("needs CONFIG_RACE_WINDOWS");
	for (unsigned int i = 0; i < RACE_POINTS; i++)
		race_window_open(i, linger, NULL);
	all_harts(all_deeds, ARRAY_SIZE(all_deeds), 50);
	for (unsigned int i = 0; i < RACE_POINTS; i++)
		race_window_close(i);
}

static void take_better(unsigned long *best, unsigned int nr)
{
	unsigned long rate =
		stress_rate(usual_deeds, ARRAY_SIZE(usual_deeds), nr, 200);

	if (rate > *best)
		*best = rate;
}

/*
 * With more harts than processors below them a hart that holds a lock may not be
 * running; the others must let it. The host may be busy: it has some tries.
 * Breaks: pause_before_next_look() that never naps.
 */
TEST(harts_beyond_the_processors_cost_little)
{
	unsigned long two = 0, four = 0, eight = 0;

	if (nr_harts < 8)
		test_skip("needs eight harts");
	for (unsigned int i = 0; i < 3 || (i < 9 && 3 * eight < two); i++) {
		take_better(&two, 2);
		take_better(&four, 4);
		take_better(&eight, 8);
	}
	printf("# operations in a second: %lu by 2 harts, %lu by 4, %lu by 8\n",
	       two, four, eight);
	CHECK(3 * four >= two);
	CHECK(3 * eight >= two);
}
