/* SPDX-License-Identifier: MIT */
/*
 * soak seconds=N [seed=N]: rounds of load, a line for each, and a verdict. The
 * first rounds warm the caches up. What a heap holds back differs from round to
 * round; what leaked is missing in all that come later, so the best of the last
 * rounds is compared with the worst of the first. The exit status is 0 when nothing
 * leaked.
 */
#include <linux/vmalloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/hart.h"
#include "core/timer.h"
#include "core/work.h"
#include "soak.h"
#include "state.h"

#define ROUND_SECONDS 5u
#define WARM_ROUNDS   2u
#define LAST_ROUNDS   3u
#define SOAKERS_MAX   32u

const struct deed deeds[] = {
	{ "heap", deed_heap },
	{ "realloc", deed_realloc },
	{ "mmap", deed_mmap },
	{ "mremap", deed_mremap },
	{ "vmalloc", deed_vmalloc },
	{ "map_ram", deed_map_ram },
	{ "file", deed_file },
	{ "directory", deed_directory },
	{ "shared file", deed_shared_file },
	{ "pipe", deed_pipe },
	{ "epoll", deed_epoll },
	{ "threads", deed_threads },
	{ "condition", deed_condition },
	{ "cancel", deed_cancel },
	{ "signal", deed_signal },
	{ "sleep", deed_sleep },
	{ "timer", deed_timer },
	{ "float", deed_float },
	{ "errors", deed_errors },
};
const unsigned int nr_deeds = sizeof(deeds) / sizeof(deeds[0]);

static unsigned long done[sizeof(deeds) / sizeof(deeds[0])]; /* [A] */
static unsigned int stop;                                    /* [A] */
static struct soaker soakers[SOAKERS_MAX];

void soak_fail(const char *format, ...)
{
	va_list args;

	printf("soak: FAILED: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

/* tests/image/state.c reports so. */
void test_fail(const char *file, int line, const char *format, ...);
void test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;
	char text[256];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	soak_fail("%s:%d: %s", file, line, text);
}

uint32_t soak_choose(struct soaker *soaker, uint32_t below)
{
	/* xorshift64* */
	soaker->random ^= soaker->random >> 12;
	soaker->random ^= soaker->random << 25;
	soaker->random ^= soaker->random >> 27;
	return (uint32_t)((soaker->random * 0x2545f4914f6cdd1dull) >> 32) %
	       below;
}

static uint64_t pattern(uint64_t tag, unsigned long i)
{
	return (tag + i) * 0x9e3779b97f4a7c15ull;
}

void soak_fill(void *at, unsigned long bytes, uint64_t tag)
{
	uint64_t word;
	unsigned long i;

	for (i = 0; i + 8 <= bytes; i += 8) {
		word = pattern(tag, i);
		memcpy((char *)at + i, &word, 8);
	}
	memset((char *)at + i, (int)tag, bytes - i);
}

void soak_expect(const void *at, unsigned long bytes, uint64_t tag)
{
	uint64_t word;
	unsigned long i;

	for (i = 0; i + 8 <= bytes; i += 8) {
		memcpy(&word, (const char *)at + i, 8);
		if (word != pattern(tag, i))
			soak_fail("%p + %lu: %#lx instead of %#lx", at, i, word,
			          pattern(tag, i));
	}
	for (; i < bytes; i++)
		SOAK_CHECK(((const unsigned char *)at)[i] ==
		           (unsigned char)tag);
}

static void *soak(void *argument)
{
	struct soaker *soaker = argument;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		unsigned int i = soak_choose(soaker, nr_deeds);

		deeds[i].run(soaker);
		soaker->deeds++;
		__atomic_fetch_add(&done[i], 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static unsigned int nr_soakers(void)
{
	unsigned int count = 2 * nr_harts + 1;

	return count < SOAKERS_MAX ? count : SOAKERS_MAX;
}

static unsigned long run_round(uint64_t seed, unsigned int seconds)
{
	pthread_t threads[SOAKERS_MAX];
	unsigned long total = 0;
	unsigned int i;

	__atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
	for (i = 0; i < nr_soakers(); i++) {
		soakers[i] = (struct soaker){
			.id = i,
			.random = (seed + i) * 0x9e3779b97f4a7c15ull | 1,
		};
		SOAK_CHECK(pthread_create(&threads[i], NULL, soak,
		                          &soakers[i]) == 0);
	}
	sleep(seconds);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < nr_soakers(); i++) {
		SOAK_CHECK(pthread_join(threads[i], NULL) == 0);
		total += soakers[i].deeds;
	}
	return total;
}

static void settle(struct mm_state *state)
{
	work_flush();
	mm_state_settled(state);
	work_flush();
	mm_check_all();
}

/* What may not grow. */
enum { OBJECTS, AREAS, MAPPINGS, PAGES, KINDS };

static const struct kind {
	const char *name;
	unsigned long slack; /* what caches may keep */
} kinds[KINDS] = {
	[OBJECTS] = { "objects", 64 },
	[AREAS] = { "areas", 32 },
	[MAPPINGS] = { "mappings of vm_map_ram", 0 },
	[PAGES] = { "pages", 256 },
};

static void count_used(const struct mm_state *state, unsigned long *used_out)
{
	used_out[OBJECTS] = state->objects;
	used_out[AREAS] = state->busy_areas;
	used_out[MAPPINGS] = state->live_mappings;
	/* Free pages count down; slabs hold some back. */
	used_out[PAGES] = ~0ul / 2 - state->free_pages - state->slab_pages;
}

static void compare(const unsigned long *first, const unsigned long *last)
{
	for (unsigned int i = 0; i < KINDS; i++) {
		if (last[i] > first[i] + kinds[i].slack)
			soak_fail("%s: %lu more than after the first rounds",
			          kinds[i].name, last[i] - first[i]);
	}
}

int main(int argc, char **argv)
{
	unsigned long used[KINDS], first[KINDS] = { 0 }, last[KINDS];
	struct mm_state state;
	unsigned long total = 0;
	unsigned int seconds = 60, rounds, round, i;
	uint64_t seed = 1, begun = timer_now_ns();

	for (i = 1; i < (unsigned int)argc; i++) {
		sscanf(argv[i], "seconds=%u", &seconds);
		sscanf(argv[i], "seed=%lu", &seed);
	}
	rounds = seconds / ROUND_SECONDS;
	if (rounds < WARM_ROUNDS + LAST_ROUNDS)
		rounds = WARM_ROUNDS + LAST_ROUNDS;
	memset(last, 0xff, sizeof(last));
	printf("soak: %u rounds of %u s, %u threads on %u harts\n", rounds,
	       ROUND_SECONDS, nr_soakers(), nr_harts);
	for (round = 0; round < rounds; round++) {
		unsigned long count =
			run_round(seed + round * 1000, ROUND_SECONDS);

		total += count;
		settle(&state);
		printf("soak: round %u: %lu deeds; %lu objects, %lu areas, "
		       "%lu pages free\n",
		       round + 1, count, state.objects, state.busy_areas,
		       state.free_pages);
		fflush(stdout);
		count_used(&state, used);
		for (i = 0; i < KINDS; i++) {
			if (round < WARM_ROUNDS && used[i] > first[i])
				first[i] = used[i];
			if (round >= rounds - LAST_ROUNDS && used[i] < last[i])
				last[i] = used[i];
		}
	}
	compare(first, last);
	for (i = 0; i < nr_deeds; i++)
		printf("soak: %-12s %lu\n", deeds[i].name, done[i]);
	printf("soak: %lu deeds in %lu s, nothing leaked\n", total,
	       (timer_now_ns() - begun) / 1000000000);
	return 0;
}
