/* SPDX-License-Identifier: MIT */
/*
 * coremark [ITERATIONS [SEED]] - each iteration does every work once. The CRCs
 * of seeds 1 and 2 are known; a processor (or a compiler) that is wrong shows
 * itself by another. The score is iterations in a million instructions.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "coremark.h"
#include "counter.h"

#define ITERATIONS 200
#define MILLION    1e6
#define SEEDS      2

static const struct work {
	const char *name;
	uint16_t (*run)(uint32_t seed);
	uint16_t crc[SEEDS]; /* of seeds 1 and 2 */
} works[] = {
	{ "list", list_work, { 0x7b1e, 0x631a } },
	{ "matrix", matrix_work, { 0x258a, 0x0539 } },
	{ "states", state_work, { 0x4cd1, 0x8cf3 } },
};

#define WORKS (sizeof(works) / sizeof(works[0]))

static bool run(const struct work *work, unsigned long iterations,
                unsigned long seed, struct counter *total)
{
	const uint16_t want = work->crc[seed - 1];
	struct counter counter;
	uint16_t crc = want;
	unsigned long i;

	counter_start(&counter);
	for (i = 0; i < iterations && crc == want; i++)
		crc = work->run(seed);
	counter_stop(&counter);
	total->instructions += counter.instructions;
	total->ns += counter.ns;

	printf("%-8s crc %04x", work->name, crc);
	if (crc != want) {
		printf(" is wrong: it must be %04x", want);
	} else if (counter_counts()) {
		printf("  %8lu instructions an iteration",
		       counter.instructions / iterations);
	} else {
		printf("  %8lu ns an iteration", counter.ns / iterations);
	}
	putchar('\n');
	return crc == want;
}

static void show_score(unsigned long iterations, const struct counter *total)
{
	printf("%lu iterations in %.1f ms", iterations,
	       (double)total->ns / MILLION);
	if (counter_counts()) {
		printf(": score %.3f iterations per million instructions\n",
		       (double)iterations /
		               ((double)total->instructions / MILLION));
	} else {
		printf(": no score, instructions are counted with ICOUNT=1\n");
	}
}

int main(int argc, char **argv)
{
	unsigned long iterations = ITERATIONS, seed = 1;
	struct counter total = { 0 };
	bool right = true;
	size_t i;

	if (argc > 1)
		iterations = strtoul(argv[1], NULL, 0);
	if (argc > 2)
		seed = strtoul(argv[2], NULL, 0);
	if (argc > 3 || iterations == 0 || seed < 1 || seed > SEEDS) {
		fprintf(stderr, "usage: coremark [ITERATIONS [1|2]]\n");
		return 2;
	}

	for (i = 0; i < WORKS; i++)
		right &= run(&works[i], iterations, seed, &total);
	if (!right)
		return EXIT_FAILURE;
	show_score(iterations, &total);
	return EXIT_SUCCESS;
}
