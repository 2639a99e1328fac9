/* SPDX-License-Identifier: MIT */
/*
 * What comes in, checked: `lines FROM TO` reads the numbers of that range, a line
 * each, as `seq` prints them, and says how input came. `lines compute` reads one
 * line and then computes for ever.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/console.h"
#include "core/irq.h"

static void add_counts(const struct irq_info *info, void *context)
{
	unsigned long *sum = context;

	for (unsigned int i = 0; i < CONFIG_NR_HARTS; i++)
		*sum += info->counts[i];
}

static void compute(void)
{
	volatile unsigned long count = 0;

	puts("computing");
	fflush(stdout);
	for (;;)
		count++;
}

int main(int argc, char **argv)
{
	unsigned long interrupts = 0;
	char line[64];
	long number, last;

	if (argc == 2 && fgets(line, sizeof(line), stdin))
		compute();
	if (argc != 3)
		return 2;
	number = strtol(argv[1], NULL, 10);
	last = strtol(argv[2], NULL, 10);
	for (; number <= last; number++) {
		if (!fgets(line, sizeof(line), stdin) ||
		    strtol(line, NULL, 10) != number || !strchr(line, '\n')) {
			printf("not %ld: %s\n", number, line);
			return 1;
		}
	}
	irq_visit(add_counts, &interrupts);
	printf("all there, %s interrupts, %lu overruns\n",
	       interrupts > 0 ? "by" : "without", console_overruns());
	return 0;
}
