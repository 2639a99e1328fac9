/* SPDX-License-Identifier: MIT */
/* Threads of a test: made in one line, and all gone before it ends. */
#ifndef TESTS_CREW_H
#define TESTS_CREW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/thread.h"

#define CREW_MAX 64u
#define MS       1000000ul

/* The last hart; on a machine of one hart also the test's. */
#define LAST_HART (1ull << (nr_harts - 1))
#define HART_0    1ull

/* A thread that runs @function(@argument); fails the test when it cannot be. */
struct thread *crew_add(void (*function)(void *argument), void *argument,
                        unsigned int priority, uint64_t allowed_harts);

/* Until all of them have ended, and their memory is free. */
void crew_wait(void);

/* Until *@flag, by sleeping; false: not within five seconds. */
bool sleep_until_set(const bool *flag);
bool sleep_until_count(const unsigned long *count, unsigned long wanted);

/* Keep the hart, as a computation does. */
void spin_ns(uint64_t ns);

void flag_set(bool *flag);
bool flag_is_set(const bool *flag);

#endif /* TESTS_CREW_H */
