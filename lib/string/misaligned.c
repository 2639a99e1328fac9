/* SPDX-License-Identifier: MIT */
/*
 * Firmware that emulates a misaligned load traps, and its instructions count as
 * retired. The best of some tries is compared with an aligned load, since QEMU
 * without -icount counts host time instead, and code runs slowly at first.
 */
#include <stdint.h>

#include "arch/csr.h"
#include "core/compiler.h"
#include "lib/page_ops.h"

#define TRIES 8u

/* An emulated load costs hundreds of instructions, a measurement two. */
#define EMULATED_FACTOR 8u
#define EMULATED_OFFSET 30u

unsigned char string_misaligned_slow;

static unsigned long load_cost(const char *at)
{
	unsigned long best = ~0ul;
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		unsigned long before = read_instret();
		unsigned long value;
		unsigned long cost;

		__asm__ volatile("ld %0, 0(%1)" : "=r"(value) : "r"(at));
		cost = read_instret() - before;
		if (cost < best)
			best = cost;
	}
	return best;
}

void string_probe_misaligned(void)
{
	static const uint64_t words[2] __aligned(8);
	const char *aligned = (const char *)words;

	string_misaligned_slow =
		load_cost(aligned + 1) >
		EMULATED_FACTOR * load_cost(aligned) + EMULATED_OFFSET;
}
