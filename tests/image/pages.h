/* SPDX-License-Identifier: MIT */
/* What most tests of mm need: pages to map, contents to recognise. */
#ifndef TESTS_PAGES_H
#define TESTS_PAGES_H

#include <linux/mm.h>
#include <stdbool.h>

#include "core/trap.h"

/* @count order-0 pages in an array; both are given back together. */
struct page **pages_alloc(unsigned long count);
void pages_free(struct page **pages, unsigned long count);

/* Memory whose every 8 bytes tell @seed and their position. */
void pattern_fill(void *memory, size_t bytes, unsigned long seed);
bool pattern_holds(const void *memory, size_t bytes, unsigned long seed);
bool is_all(const void *memory, size_t bytes, unsigned char value);

/* Fill every free page with @value, as if a careless owner had them before. */
void pages_poison_free(unsigned char value);

/* May this hart load from, store to @address? */
static inline bool can_read(const volatile void *address)
{
	unsigned char byte;

	return probe_read((const void *)address, &byte, 1) == 0;
}

static inline bool can_write(void *address)
{
	unsigned char byte;

	return probe_read(address, &byte, 1) == 0 &&
	       probe_write(address, &byte, 1) == 0;
}

/* Leaf level that maps @va: 0, 1, 2; -1 when nothing does. */
int leaf_level(const volatile void *va);

/* Run @function in the timer interrupt of this hart, and wait for it. */
void in_timer_interrupt(void (*function)(void *argument), void *argument);

#endif /* TESTS_PAGES_H */
