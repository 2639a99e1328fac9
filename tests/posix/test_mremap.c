/* SPDX-License-Identifier: MIT */
/* mremap(): where memory goes, that it is the same memory, and what is refused. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/mm.h>
#include <string.h>
#include <sys/mman.h>

#include "mm/fault_inject.h"
#include "mm/page_alloc.h"
#include "pages.h"
#include "test.h"

#define RW      (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED  (MAP_SHARED | MAP_ANONYMOUS)
#define FIXED   (MREMAP_MAYMOVE | MREMAP_FIXED)

static char *map(size_t pages, int flags)
{
	char *p = mmap(NULL, pages * PAGE_SIZE, RW, flags, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static void check_refused(const char *p, int want)
{
	CHECK(p == MAP_FAILED);
	CHECK_EQ(errno, want);
}

/* Something right behind @p, so that it cannot grow where it is. */
static char *block_growth(char *p, size_t pages)
{
	char *at = p + (pages + 1) * PAGE_SIZE; /* a guard page between */
	char *behind = mmap(at, PAGE_SIZE, PROT_READ,
	                    PRIVATE | MAP_FIXED_NOREPLACE, -1, 0);

	CHECK(behind == at || errno == EEXIST);
	return behind == at ? behind : NULL;
}

static void unblock(char *behind)
{
	if (behind)
		CHECK_EQ(munmap(behind, PAGE_SIZE), 0);
}

TEST(growth_in_place_where_addresses_are_free)
{
	char *arena = mmap(NULL, 64 * PAGE_SIZE, PROT_NONE, PRIVATE, -1, 0);
	char *p = mmap(arena, 4 * PAGE_SIZE, RW, PRIVATE | MAP_FIXED, -1, 0);

	CHECK(arena != MAP_FAILED && p == arena);
	memset(p, 1, 4 * PAGE_SIZE);
	check_refused(mremap(p, 4 * PAGE_SIZE, 8 * PAGE_SIZE, 0), ENOMEM);
	CHECK_EQ(munmap(p + 4 * PAGE_SIZE, 60 * PAGE_SIZE), 0);
	CHECK(mremap(p, 4 * PAGE_SIZE, 8 * PAGE_SIZE, 0) == p);
	CHECK(is_all(p, 4 * PAGE_SIZE, 1));
	CHECK(is_all(p + 4 * PAGE_SIZE, 4 * PAGE_SIZE, 0));
	CHECK_EQ(munmap(p, 8 * PAGE_SIZE), 0);
}

TEST(growth_in_place_takes_the_hole_behind)
{
	char *p = mmap((char *)VMALLOC_END - (64 << 20), 4 * PAGE_SIZE, RW,
	               PRIVATE | MAP_FIXED, -1, 0);

	CHECK(p != MAP_FAILED);
	pattern_fill(p, 4 * PAGE_SIZE, 1);
	CHECK(mremap(p, 4 * PAGE_SIZE, 1000 * PAGE_SIZE, 0) == p);
	CHECK(pattern_holds(p, 4 * PAGE_SIZE, 1));
	CHECK(is_all(p + 4 * PAGE_SIZE, 996 * PAGE_SIZE, 0));
	CHECK(!can_read(p + 1000 * PAGE_SIZE));
	CHECK_EQ(munmap(p, 1000 * PAGE_SIZE), 0);
}

TEST(failed_growth_in_place_changes_nothing)
{
	char *p = mmap((char *)VMALLOC_END - (64 << 20), 4 * PAGE_SIZE, RW,
	               PRIVATE | MAP_FIXED, -1, 0);

	CHECK(p != MAP_FAILED);
	memset(p, 1, 4 * PAGE_SIZE);
	for (unsigned int nth = 1; nth < 4; nth++) {
		char *q;

		fault_inject_set(FAULT_PAGE, nth);
		q = mremap(p, 4 * PAGE_SIZE, 64 * PAGE_SIZE, 0);
		fault_inject_set(FAULT_PAGE, 0);
		if (q == p)
			CHECK_EQ(munmap(p + 4 * PAGE_SIZE, 60 * PAGE_SIZE), 0);
		CHECK(is_all(p, 4 * PAGE_SIZE, 1));
		CHECK(!can_read(p + 4 * PAGE_SIZE));
	}
	CHECK_EQ(munmap(p, 4 * PAGE_SIZE), 0);
}

/* The frames behind a mapping, to see that they are the same after it moved. */
static void frames_of(char *p, size_t pages, struct page **frames)
{
	for (size_t i = 0; i < pages; i++)
		frames[i] = vmalloc_to_page(p + i * PAGE_SIZE);
}

static bool same_frames(char *p, size_t pages, struct page **frames)
{
	for (size_t i = 0; i < pages; i++)
		if (vmalloc_to_page(p + i * PAGE_SIZE) != frames[i])
			return false;
	return true;
}

/* Catches a copy: every page is the frame that it was. */
TEST(moving_moves_entries_and_no_bytes)
{
	static const size_t sizes[] = { 1, 3, 40, 512, 513, 1500 };
	static struct page *frames[1500];

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		const size_t pages = sizes[i];
		char *p = map(pages, PRIVATE), *q;
		char *behind = block_growth(p, pages);

		pattern_fill(p, pages * PAGE_SIZE, i);
		frames_of(p, pages, frames);
		q = mremap(p, pages * PAGE_SIZE, 2 * pages * PAGE_SIZE,
		           MREMAP_MAYMOVE);
		CHECK(q != MAP_FAILED);
		CHECK(same_frames(q, pages, frames));
		CHECK(pattern_holds(q, pages * PAGE_SIZE, i));
		CHECK(is_all(q + pages * PAGE_SIZE, pages * PAGE_SIZE, 0));
		CHECK_EQ(munmap(q, 2 * pages * PAGE_SIZE), 0);
		unblock(behind);
	}
}

TEST(a_part_moves_out_of_its_mapping)
{
	static struct page *frames[1024];
	char *p = map(2048, PRIVATE);
	char *q;

	pattern_fill(p, 2048 * PAGE_SIZE, 3);
	frames_of(p + 700 * PAGE_SIZE, 600, frames);
	q = mremap(p + 700 * PAGE_SIZE, 600 * PAGE_SIZE, 601 * PAGE_SIZE,
	           MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED && same_frames(q, 600, frames));
	CHECK(!can_read(p + 700 * PAGE_SIZE) &&
	      !can_read(p + 1299 * PAGE_SIZE));
	CHECK(can_read(p + 699 * PAGE_SIZE) && can_read(p + 1300 * PAGE_SIZE));
	CHECK(pattern_holds(p, 700 * PAGE_SIZE, 3));
	CHECK_EQ(munmap(q, 601 * PAGE_SIZE), 0);
	CHECK_EQ(munmap(p, 2048 * PAGE_SIZE), 0);
}

/* Catches tables that go with the wrong area. */
TEST(lazy_mappings_move_by_whole_tables)
{
	const size_t size = 100ul << 20;
	char *p = mmap(NULL, size, RW, PRIVATE | MAP_NORESERVE, -1, 0);
	char *q;

	CHECK(p != MAP_FAILED);
	for (size_t at = 0; at < size; at += 1 << 20)
		p[at] = (char)(at >> 20);
	q = mremap(p, size, size + (100ul << 20), FIXED,
	           (char *)VMALLOC_END - (512ul << 20));
	CHECK(q == (char *)VMALLOC_END - (512ul << 20));
	for (size_t at = 0; at < size; at += 1 << 20)
		CHECK_EQ(q[at], (char)(at >> 20));
	q[size + 5] = 1;
	CHECK_EQ(munmap(q, size + (100ul << 20)), 0);
}

TEST(hidden_pages_move_too)
{
	char *p = map(16, PRIVATE), *q;

	memset(p, 6, 16 * PAGE_SIZE);
	CHECK_EQ(mprotect(p, 16 * PAGE_SIZE, PROT_NONE), 0);
	q = mremap(p, 16 * PAGE_SIZE, 16 * PAGE_SIZE, FIXED,
	           (char *)VMALLOC_END - (64 << 20));
	CHECK(q != MAP_FAILED && !can_read(q));
	CHECK_EQ(mprotect(q, 16 * PAGE_SIZE, RW), 0);
	CHECK(is_all(q, 16 * PAGE_SIZE, 6));
	CHECK_EQ(munmap(q, 16 * PAGE_SIZE), 0);
}

TEST(fixed_takes_the_place_of_what_is_there)
{
	char *p = map(8, PRIVATE), *there = map(16, PRIVATE);

	memset(p, 1, 8 * PAGE_SIZE);
	memset(there, 2, 16 * PAGE_SIZE);
	CHECK(mremap(p, 8 * PAGE_SIZE, 4 * PAGE_SIZE, FIXED,
	             there + 4 * PAGE_SIZE) == there + 4 * PAGE_SIZE);
	CHECK(is_all(there, 4 * PAGE_SIZE, 2));
	CHECK(is_all(there + 4 * PAGE_SIZE, 4 * PAGE_SIZE, 1));
	CHECK(is_all(there + 8 * PAGE_SIZE, 8 * PAGE_SIZE, 2));
	CHECK(!can_read(p) && !can_read(p + 7 * PAGE_SIZE));
	CHECK_EQ(munmap(there, 16 * PAGE_SIZE), 0);
}

TEST(dontunmap_leaves_zeroed_memory_behind)
{
	char *p = map(4, PRIVATE), *q;

	memset(p, 1, 4 * PAGE_SIZE);
	q = mremap(p, 4 * PAGE_SIZE, 4 * PAGE_SIZE,
	           MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
	CHECK(q != MAP_FAILED && q != p);
	CHECK(is_all(q, 4 * PAGE_SIZE, 1));
	CHECK(is_all(p, 4 * PAGE_SIZE, 0));
	CHECK_EQ(munmap(p, 4 * PAGE_SIZE), 0);
	CHECK_EQ(munmap(q, 4 * PAGE_SIZE), 0);
}

TEST(old_size_0_shows_shared_memory_a_second_time)
{
	char *p = map(4, SHARED), *q;

	p[0] = 1;
	q = mremap(p, 0, 4 * PAGE_SIZE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED && q != p);
	CHECK_EQ(q[0], 1);
	q[3 * PAGE_SIZE] = 9;
	CHECK_EQ(p[3 * PAGE_SIZE], 9);
	CHECK_EQ(munmap(p, 4 * PAGE_SIZE), 0);
	CHECK_EQ(q[3 * PAGE_SIZE], 9);
	CHECK_EQ(munmap(q, 4 * PAGE_SIZE), 0);
	p = map(4, PRIVATE);
	check_refused(mremap(p, 0, 4 * PAGE_SIZE, MREMAP_MAYMOVE), EINVAL);
	CHECK_EQ(munmap(p, 4 * PAGE_SIZE), 0);
}

TEST(what_linux_refuses_is_refused)
{
	char *p = map(4, PRIVATE);
	const size_t size = 4 * PAGE_SIZE;

	check_refused(mremap(p + 1, size, size, 0), EINVAL);
	check_refused(mremap(p, size, 0, 0), EINVAL);
	check_refused(mremap(p, size, size, 64), EINVAL);
	check_refused(mremap(p, size, size, MREMAP_FIXED, p), EINVAL);
	check_refused(mremap(p, size, size, MREMAP_DONTUNMAP), EINVAL);
	check_refused(
		mremap(p, size, 2 * size, MREMAP_MAYMOVE | MREMAP_DONTUNMAP),
		EINVAL);
	check_refused(mremap(p, size, size, FIXED, p + PAGE_SIZE), EINVAL);
	check_refused(mremap(p, size, size, FIXED, p + 7), EINVAL);
	check_refused(mremap(p, size, size, FIXED, (char *)PAGE_SIZE), EINVAL);
	check_refused(mremap(p, 2 * size, 3 * size, MREMAP_MAYMOVE), EFAULT);
	check_refused(mremap(p, size, 1ul << 50, MREMAP_MAYMOVE), ENOMEM);
	CHECK(is_all(p, size, 0));
	CHECK_EQ(munmap(p, size), 0);
}

/* Every allocation of a move fails once: nothing is lost, nothing is left. */
TEST(failed_moves_change_nothing)
{
	static const enum fault_kind kinds[] = { FAULT_PAGE, FAULT_TABLE,
		                                 FAULT_SLAB, FAULT_VSPACE };

	for (unsigned int k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (unsigned int nth = 1; nth < 30; nth++) {
			char *p = map(700, PRIVATE), *q;
			char *behind = block_growth(p, 700);

			pattern_fill(p, 700 * PAGE_SIZE, nth);
			CHECK_EQ(munmap(p, PAGE_SIZE), 0);
			fault_inject_set(kinds[k], nth);
			q = mremap(p + PAGE_SIZE, 699 * PAGE_SIZE,
			           800 * PAGE_SIZE, MREMAP_MAYMOVE);
			fault_inject_set(kinds[k], 0);
			if (q == MAP_FAILED) {
				CHECK_EQ(errno, ENOMEM);
				CHECK(can_write(p + PAGE_SIZE) &&
				      can_write(p + 699 * PAGE_SIZE));
				CHECK_EQ(munmap(p, 700 * PAGE_SIZE), 0);
			} else {
				CHECK_EQ(munmap(q, 800 * PAGE_SIZE), 0);
			}
			unblock(behind);
		}
	}
}
