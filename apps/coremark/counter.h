/* SPDX-License-Identifier: MIT */
/* Instructions and time of what an application does. */
#ifndef COREMARK_COUNTER_H
#define COREMARK_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

struct counter {
	uint64_t instructions; /* of this hart; 0: the machine does not count */
	uint64_t ns;
};

/*
 * Does instret count instructions? Under QEMU only with ICOUNT=1: without it
 * the register holds the host's ticks.
 */
bool counter_counts(void);

void counter_start(struct counter *counter);

/* What passed since counter_start(). */
void counter_stop(struct counter *counter);

#endif /* COREMARK_COUNTER_H */
