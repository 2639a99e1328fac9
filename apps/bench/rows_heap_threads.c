/* SPDX-License-Identifier: MIT */
/*
 * malloc() of several threads at once, after the two loads by which allocators
 * are compared:
 *
 *   larson   a server: each thread replaces random blocks of its own, and a
 *            successor takes them over, so blocks are freed by others than
 *            those that asked for them;
 *   mstress  threads exchange blocks of many sizes through one array.
 *
 * A figure is what one operation (free and malloc) takes one thread. With a hart
 * for each thread it stays the same when nothing is shared.
 */
#include <pthread.h>
#include <stdlib.h>

#include "core/thread.h"
#include "rows.h"

#define THREADS_MAX 8u
#define OWN_BLOCKS  500u
#define GENERATIONS 4u
#define SHARED      512u

static void *shared[SHARED];

struct worker {
	pthread_t thread;
	unsigned long operations;
	unsigned int generation;
	bool failed;
	uint64_t random;
	void *blocks[OWN_BLOCKS];
};

static struct worker workers[THREADS_MAX];

static void replace(struct worker *worker, unsigned int min, unsigned int max)
{
	void **block =
		&worker->blocks[random_below(&worker->random, OWN_BLOCKS)];

	free(*block);
	*block = malloc(min + random_below(&worker->random, max - min));
	if (*block)
		bench_touch(*block);
	else
		worker->failed = true;
}

/* A part of the work, then the successor, which frees what this one left. */
static void *larson(void *argument)
{
	struct worker *worker = argument;

	for (unsigned long i = 0; i < worker->operations / GENERATIONS; i++)
		replace(worker, 16, 512);
	if (++worker->generation < GENERATIONS) {
		pthread_t successor;

		if (pthread_create(&successor, NULL, larson, worker) != 0)
			worker->failed = true;
		else
			pthread_join(successor, NULL);
	}
	return NULL;
}

/* One block in four goes through the array, one in 64 is large. */
static void *mstress(void *argument)
{
	struct worker *worker = argument;

	for (unsigned long i = 0; i < worker->operations; i++) {
		const uint32_t choice = random_below(&worker->random, 64);
		void **block = &worker->blocks[random_below(&worker->random,
		                                            OWN_BLOCKS)];

		if (choice < 16) {
			*block = __atomic_exchange_n(
				&shared[random_below(&worker->random, SHARED)],
				*block, __ATOMIC_ACQ_REL);
		} else {
			replace(worker, 16, choice == 63 ? 32768 : 1024);
		}
	}
	return NULL;
}

static void begin(struct worker *worker, unsigned int number,
                  unsigned long operations)
{
	worker->operations = operations;
	worker->generation = 0;
	worker->random = RANDOM_SEED + number;
	worker->failed = false;
}

static void free_all(struct worker *worker)
{
	for (unsigned int i = 0; i < OWN_BLOCKS; i++) {
		free(worker->blocks[i]);
		worker->blocks[i] = NULL;
	}
}

/* main() is kept on one hart; the threads are not. */
static bool run(void *(*function)(void *), unsigned int threads,
                unsigned long loops)
{
	unsigned int started = 0;
	bool good = true;

	(void)thread_set_allowed_harts(current_thread(), ~0ul);
	for (; started < threads; started++) {
		struct worker *worker = &workers[started];

		begin(worker, started, loops);
		if (pthread_create(&worker->thread, NULL, function, worker))
			break;
	}
	good = started == threads;
	for (unsigned int i = 0; i < started; i++) {
		pthread_join(workers[i].thread, NULL);
		good = good && !workers[i].failed;
		free_all(&workers[i]);
	}
	for (unsigned int i = 0; i < SHARED; i++) {
		free(shared[i]);
		shared[i] = NULL;
	}
	(void)thread_set_allowed_harts(current_thread(), 1);
	return good;
}

static bool body_larson(const struct bench_row *row, unsigned long loops)
{
	return run(larson, (unsigned int)row->argument, loops);
}

static bool body_mstress(const struct bench_row *row, unsigned long loops)
{
	return run(mstress, (unsigned int)row->argument, loops);
}

#define LARSON(threads)                                              \
	{                                                            \
		.name = "heap/larson/" #threads,                     \
		.what = "larson-like: free and malloc of 16 to "     \
			"511 bytes in each of " #threads " threads", \
		.loops = 20000, .harts = 1, .argument = (threads),   \
		.body = body_larson                                  \
	}
#define MSTRESS(threads)                                           \
	{                                                          \
		.name = "heap/mstress/" #threads,                  \
		.what = "mstress-like: " #threads                  \
			" threads exchange blocks up to 32 KiB",   \
		.loops = 20000, .harts = 1, .argument = (threads), \
		.body = body_mstress                               \
	}

static const struct bench_row rows[] = {
	LARSON(1), LARSON(2), LARSON(4), MSTRESS(1), MSTRESS(2), MSTRESS(4),
};

const struct bench_table rows_heap_threads = BENCH_TABLE_OF(rows);
