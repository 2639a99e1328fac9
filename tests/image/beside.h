/* SPDX-License-Identifier: MIT */
/*
 * Threads beside the test's own: they wait, and the test makes them come back.
 * They call sys_read() rather than read(), to tell what the call returned.
 */
#ifndef TESTS_BESIDE_H
#define TESTS_BESIDE_H

#include <stdbool.h>

struct beside;

/* @function(@argument) in a thread. Fails the test when there is no memory. */
struct beside *beside_start(long (*function)(void *argument), void *argument);

/* Until it waits in a wait queue. Fails the test when it ends before. */
void beside_waits(struct beside *beside);

/* Has it ended? */
bool beside_ended(const struct beside *beside);

/* End the wait it is in, or will be in next, with -EINTR. */
void beside_interrupt(struct beside *beside);

/* Waits for its end and frees it: what @function returned. */
long beside_join(struct beside *beside);

#endif /* TESTS_BESIDE_H */
