/* SPDX-License-Identifier: MIT */
/*
 * What mm owns, as numbers that can be compared: the "state hash" of the
 * bad-input rule "one report, nothing changed".
 */
#ifndef TESTS_STATE_H
#define TESTS_STATE_H

#include <stdbool.h>

struct mm_state {
	unsigned long free_pages;
	unsigned long slab_pages;
	unsigned long objects; /* of all slabs that somebody owns */
	unsigned long table_pages;
	unsigned long index_pages;
	unsigned long busy_areas;
	unsigned long vmalloc_pages;
	unsigned long lazy_pages;
	unsigned long free_space_pages;
	unsigned long holes;
	unsigned long live_mappings;
	unsigned long map_ram_pages;
};

/* As it is now; nothing is purged. */
void mm_state_read(struct mm_state *state);

/* After deferred frees, purge, drain and shrink on this hart. */
void mm_state_settled(struct mm_state *state);

/* A difference fails the running test and names the number. */
void mm_state_check_equal(const struct mm_state *now,
                          const struct mm_state *then);

/* Every structure of mm walks itself; panics on damage. */
void mm_check_all(void);

/*
 * Touch all memory once, so that metadata made on demand (struct page, direct
 * map, index roots) exists and later comparisons may be exact. What the system
 * makes when it is first needed and keeps is made as well.
 */
void mm_state_warm_up(void);

void mm_state_stop_injection(void);

#endif /* TESTS_STATE_H */
