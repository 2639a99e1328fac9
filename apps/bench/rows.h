/* SPDX-License-Identifier: MIT */
/*
 * The tables of rows, one for each rows_*.c, and what their bodies share.
 */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "bench.h"
#include "core/compiler.h"

extern const struct bench_table rows_vmalloc;
extern const struct bench_table rows_vmap;
extern const struct bench_table rows_pages;
extern const struct bench_table rows_memory;
extern const struct bench_table rows_test_vmalloc;
extern const struct bench_table rows_time;
extern const struct bench_table rows_boot;
extern const struct bench_table rows_heap;
extern const struct bench_table rows_heap_threads;
extern const struct bench_table rows_curves;
extern const struct bench_table rows_sched;
extern const struct bench_table rows_threads;
extern const struct bench_table rows_pipe;
extern const struct bench_table rows_files;

#define BENCH_TABLE_OF(array)                               \
	{                                                   \
		.rows = (array), .count = ARRAY_SIZE(array) \
	}

/* The compiler keeps what stands before and after apart. No instruction. */
static inline void bench_barrier(void)
{
	__asm__ volatile("" : : : "memory");
}

/* Touch an area as every row does: its first byte. */
static inline void bench_touch(void *area)
{
	*(volatile char *)area = 1;
}

/* Allocate @size bytes, write the first, free: the pair that most rows are. */
static inline bool vmalloc_vfree_loop(unsigned long size, unsigned long loops)
{
	for (unsigned long i = 0; i < loops; i++) {
		void *area = vmalloc(size);

		if (!area)
			return false;
		bench_touch(area);
		vfree(area);
	}
	return true;
}

/* vmap() of @count pages, the first byte read, vunmap(). */
static inline bool vmap_loop(struct page **pages, unsigned int count,
                             unsigned long loops)
{
	for (unsigned long i = 0; i < loops; i++) {
		volatile char *area = vmap(pages, count, VM_MAP, PAGE_KERNEL);

		if (!area)
			return false;
		(void)*area;
		vunmap((const void *)area);
	}
	return true;
}

/* vm_map_ram() of @count pages, the first byte written, vm_unmap_ram(). */
static inline bool map_ram_loop(struct page **pages, unsigned int count,
                                unsigned long loops)
{
	for (unsigned long i = 0; i < loops; i++) {
		void *area =
			vm_map_ram(pages, count, NUMA_NO_NODE, PAGE_KERNEL);

		if (!area)
			return false;
		bench_touch(area);
		vm_unmap_ram(area, count);
	}
	return true;
}

/* row->argument pages for rows that map them: setup, the pages, teardown. */
const char *given_pages_take(const struct bench_row *row);
struct page **given_pages(void);
void given_pages_drop(const struct bench_row *row);

/*
 * Pseudo-random numbers, the same in every run: xorshift64* (Vigna 2016), about
 * ten instructions. @state starts at any value but 0.
 */
static inline uint32_t random_below(uint64_t *state, uint32_t limit)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return (x * 0x2545f4914f6cdd1du >> 32) * limit >> 32;
}

#define RANDOM_SEED 0x9e3779b97f4a7c15u

#endif /* BENCH_ROWS_H */
