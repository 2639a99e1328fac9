/* SPDX-License-Identifier: MIT */
/*
 * A mixed load that goes on for long: threads that each take one deed after the
 * other, by chance, in rounds. Between rounds nothing runs and what the system
 * holds is compared with what it held before.
 */
#ifndef TESTS_SOAK_H
#define TESTS_SOAK_H

#include <stdint.h>

struct soaker {
	unsigned int id;
	uint64_t random;
	unsigned long deeds;
};

struct deed {
	const char *name;
	void (*run)(struct soaker *soaker);
};

extern const struct deed deeds[];
extern const unsigned int nr_deeds;

/* 0 to @below - 1, the same sequence for the same seed. */
uint32_t soak_choose(struct soaker *soaker, uint32_t below);

/* Says what was wrong and ends the image with status 1. */
void soak_fail(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#define SOAK_CHECK(cond)                                                   \
	do {                                                               \
		if (!(cond))                                               \
			soak_fail("%s:%d: %s", __FILE__, __LINE__, #cond); \
	} while (0)

/* Fill with, and look for, what only this soaker writes. */
void soak_fill(void *at, unsigned long bytes, uint64_t tag);
void soak_expect(const void *at, unsigned long bytes, uint64_t tag);

void deed_heap(struct soaker *soaker);
void deed_realloc(struct soaker *soaker);
void deed_mmap(struct soaker *soaker);
void deed_mremap(struct soaker *soaker);
void deed_vmalloc(struct soaker *soaker);
void deed_map_ram(struct soaker *soaker);
void deed_file(struct soaker *soaker);
void deed_directory(struct soaker *soaker);
void deed_shared_file(struct soaker *soaker);
void deed_pipe(struct soaker *soaker);
void deed_epoll(struct soaker *soaker);
void deed_threads(struct soaker *soaker);
void deed_condition(struct soaker *soaker);
void deed_cancel(struct soaker *soaker);
void deed_signal(struct soaker *soaker);
void deed_sleep(struct soaker *soaker);
void deed_timer(struct soaker *soaker);
void deed_float(struct soaker *soaker);
void deed_errors(struct soaker *soaker);

#endif /* TESTS_SOAK_H */
