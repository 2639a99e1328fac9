/* SPDX-License-Identifier: MIT */
/*
 * targets.tsv, as it was when the image was built.
 */
#ifndef BENCH_TARGETS_H
#define BENCH_TARGETS_H

#include <stdbool.h>

extern const char targets_text[]; /* targets.S */

struct bench_target {
	unsigned long on_linux; /* instructions; 0: not measured */
	unsigned long target;
};

/* false: no such row; *out is then kept. */
bool targets_find(const char *name, struct bench_target *out);

#endif /* BENCH_TARGETS_H */
