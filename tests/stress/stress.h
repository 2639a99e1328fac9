/* SPDX-License-Identifier: MIT */
/*
 * Harts against harts. A deed is something a hart does to the vmalloc core, once
 * a call, chosen by the hart's own random numbers; harts do them at the same
 * time, each its own or all kinds mixed. What a deed sees that must not be it
 * notes with WANT(), and the test fails when all harts are done. Then, with
 * nobody at work, every structure walks itself and nothing may be left.
 */
#ifndef TESTS_STRESS_H
#define TESTS_STRESS_H

#include <linux/mm.h>
#include <stdbool.h>
#include <stddef.h>

struct worker {
	unsigned int index; /* of the hart */
	unsigned int harts; /* that are at it: [0, harts) */
	unsigned long random;
	unsigned long serial; /* of the next thing marked; never the same */
	unsigned long operations;
	unsigned long failures;
	const char *failed; /* what was wanted first and was not so */
	int line;
};

struct deed {
	const char *name;
	void (*once)(struct worker *worker);
	/* Give back what calls have kept; may be NULL. */
	void (*finish)(struct worker *worker);
};

extern const struct deed deed_alloc;
extern const struct deed deed_hand_over;
extern const struct deed deed_interrupt;
extern const struct deed deed_vrealloc;
extern const struct deed deed_set_memory;
extern const struct deed deed_reclaim;
extern const struct deed deed_map_ram;
extern const struct deed deed_aliases;
extern const struct deed deed_ioremap;
extern const struct deed deed_vmap;
extern const struct deed deed_remap;
extern const struct deed deed_map_range;
extern const struct deed deed_percpu;
extern const struct deed deed_copy;
extern const struct deed deed_dump;
extern const struct deed deed_look;

/*
 * Harts [0, nr) do deeds at the same time, @rounds calls each; checks
 * everything after it and prints how many operations in which time.
 */
void stress(const struct deed *const *deeds, unsigned int count,
            unsigned int nr, unsigned long rounds);

/* The same for so long; returns the operations of all harts in a second. */
unsigned long stress_rate(const struct deed *const *deeds, unsigned int count,
                          unsigned int nr, unsigned long ms);

unsigned long worker_random(struct worker *worker);

/* One of [0, limit). */
static inline unsigned int worker_choose(struct worker *worker,
                                         unsigned int limit)
{
	return (unsigned int)(worker_random(worker) % limit);
}

/* Few pages as a rule, now and then many. */
unsigned int worker_pages(struct worker *worker);

void worker_failed(struct worker *worker, const char *wanted, int line);

#define WANT(worker, cond)                                      \
	do {                                                    \
		if (!(cond))                                    \
			worker_failed(worker, #cond, __LINE__); \
	} while (0)

/*
 * I-23: [at, at + pages) is nobody else's. From live_begin() until live_end()
 * each page of the window has one bit.
 */
void live_begin(struct worker *worker, const void *at, unsigned long pages);
void live_end(struct worker *worker, const void *at, unsigned long pages);

/*
 * Owner, serial number and place at both ends of every page; the first page also
 * says how many there are.
 */
void mark(struct worker *worker, void *at, unsigned int pages);
void check_mark(struct worker *worker, const void *at, unsigned int pages);
unsigned int marked_pages(const void *at);

/* 64 pages whose first word is their number; nobody writes to them. */
extern struct page **shared_pages;
#define SHARED_PAGES 64u

#endif /* TESTS_STRESS_H */
