/* SPDX-License-Identifier: MIT */
/*
 * Ranges that are more or less than one mapping: MAP_FIXED, unmapping across
 * holes, many small pieces; the break; and that failures change nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/mm.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/hart.h"
#include "mm/fault_inject.h"
#include "mm/page_alloc.h"
#include "pages.h"
#include "posix/heap.h"
#include "posix/mapping.h"
#include "test.h"

#define RW      (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

/* Addresses that nothing else in a test image comes near. */
#define FAR ((char *)VMALLOC_END - (256ul << 20))

static char *map(size_t pages, int prot)
{
	char *p = mmap(NULL, pages * PAGE_SIZE, prot, PRIVATE, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static char *map_at(char *at, size_t pages)
{
	return mmap(at, pages * PAGE_SIZE, RW, PRIVATE | MAP_FIXED, -1, 0);
}

TEST(hints_are_followed_where_nothing_is)
{
	char *p = mmap(FAR + 100, PAGE_SIZE, RW, PRIVATE, -1, 0);
	char *q = mmap(FAR, PAGE_SIZE, RW, PRIVATE, -1, 0);
	char *r = mmap((char *)(2ul << 40), PAGE_SIZE, RW, PRIVATE, -1, 0);

	CHECK(p == FAR);
	CHECK(q != MAP_FAILED && q != p && r != MAP_FAILED);
	CHECK_EQ(munmap(p, PAGE_SIZE), 0);
	CHECK_EQ(munmap(q, PAGE_SIZE), 0);
	CHECK_EQ(munmap(r, PAGE_SIZE), 0);
}

/* Two mappings, their guard pages and the hole between, in one call. */
TEST(fixed_covers_mappings_guards_and_holes)
{
	char *a = map_at(FAR, 4), *b = map_at(FAR + 8 * PAGE_SIZE, 4);

	CHECK(a == FAR && b == FAR + 8 * PAGE_SIZE);
	memset(a, 1, 4 * PAGE_SIZE);
	memset(b, 2, 4 * PAGE_SIZE);
	CHECK(map_at(FAR + 2 * PAGE_SIZE, 12) == FAR + 2 * PAGE_SIZE);
	CHECK(is_all(FAR, 2 * PAGE_SIZE, 1));
	CHECK(is_all(FAR + 2 * PAGE_SIZE, 12 * PAGE_SIZE, 0));
	memset(FAR, 3, 14 * PAGE_SIZE);
	CHECK(is_all(FAR, 14 * PAGE_SIZE, 3));
	CHECK_EQ(mprotect(FAR, 14 * PAGE_SIZE, PROT_READ), 0);
	CHECK(!can_write(FAR) && !can_write(FAR + 13 * PAGE_SIZE));
	CHECK_EQ(munmap(FAR, 14 * PAGE_SIZE), 0);
	vm_unmap_aliases();
	CHECK(!can_read(FAR) && !can_read(FAR + 6 * PAGE_SIZE));
}

TEST(noreplace_says_what_is_there)
{
	const int flags = PRIVATE | MAP_FIXED_NOREPLACE;
	char *a = map_at(FAR, 4);

	memset(a, 1, 4 * PAGE_SIZE);
	CHECK(mmap(FAR + 3 * PAGE_SIZE, 2 * PAGE_SIZE, RW, flags, -1, 0) ==
	      MAP_FAILED);
	CHECK_EQ(errno, EEXIST);
	CHECK(is_all(a, 4 * PAGE_SIZE, 1));
	CHECK_EQ(munmap(a + PAGE_SIZE, PAGE_SIZE), 0);
	CHECK(mmap(a + PAGE_SIZE, PAGE_SIZE, RW, flags, -1, 0) ==
	      a + PAGE_SIZE);
	CHECK_EQ(munmap(a, 4 * PAGE_SIZE), 0);
}

TEST(fixed_spares_what_is_not_the_applications)
{
	char *area = vmalloc(4 * PAGE_SIZE);

	CHECK(area);
	memset(area, 1, 4 * PAGE_SIZE);
	CHECK(map_at(area + PAGE_SIZE, 1) == MAP_FAILED);
	CHECK_EQ(errno, ENOMEM);
	CHECK(is_all(area, 4 * PAGE_SIZE, 1));
	vfree(area);
}

TEST(unmapping_goes_across_mappings_and_holes)
{
	char *a = map_at(FAR, 600), *b = map_at(FAR + (8 << 20), 600);

	memset(a, 1, 600 * PAGE_SIZE);
	memset(b, 2, 600 * PAGE_SIZE);
	CHECK_EQ(munmap(a + 100 * PAGE_SIZE, (8 << 20)), 0);
	CHECK(is_all(a, 100 * PAGE_SIZE, 1));
	CHECK(is_all(b + 100 * PAGE_SIZE, 500 * PAGE_SIZE, 2));
	CHECK(!can_read(a + 100 * PAGE_SIZE) && !can_read(b));
	CHECK_EQ(munmap(FAR, 16 << 20), 0);
	CHECK_EQ(munmap(FAR, 16 << 20), 0);
}

/* Every other page read-only, then gone: hundreds of regions in one mapping. */
TEST(a_mapping_in_pieces_works_and_goes_back)
{
	enum { PAGES = 600 };
	char *p = map(PAGES, RW);

	memset(p, 1, PAGES * PAGE_SIZE);
	for (size_t i = 0; i < PAGES; i += 2)
		CHECK_EQ(mprotect(p + i * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	for (size_t i = 0; i < PAGES; i++)
		CHECK(can_write(p + i * PAGE_SIZE) == (i & 1));
	for (size_t i = 0; i < PAGES; i += 2)
		CHECK_EQ(munmap(p + i * PAGE_SIZE, PAGE_SIZE), 0);
	for (size_t i = 0; i < PAGES; i++)
		CHECK(can_read(p + i * PAGE_SIZE) == (i & 1));
	for (size_t i = 0; i < PAGES; i += 2)
		CHECK(map_at(p + i * PAGE_SIZE, 1) == p + i * PAGE_SIZE);
	for (size_t i = 0; i < PAGES; i++)
		CHECK(is_all(p + i * PAGE_SIZE, PAGE_SIZE, i & 1));
	CHECK_EQ(munmap(p, PAGES * PAGE_SIZE), 0);
}

struct count {
	vaddr_t start;
	vaddr_t end;
	unsigned int regions;
	unsigned long present;
};

static bool count_regions(const struct mapping_note *note, void *context)
{
	struct count *count = context;

	if (note->start >= count->start && note->end <= count->end) {
		count->regions++;
		count->present += note->present;
	}
	return true;
}

/* Catches lists that grow with every call: neighbours alike become one. */
TEST(regions_that_are_alike_become_one)
{
	char *p = map(64, PROT_NONE);
	struct count count = { .start = (vaddr_t)p,
		               .end = (vaddr_t)p + 64 * PAGE_SIZE };

	for (size_t i = 0; i < 48; i++)
		CHECK_EQ(mprotect(p + i * PAGE_SIZE, PAGE_SIZE, RW), 0);
	mappings_visit(count_regions, &count);
	CHECK_EQ(count.regions, 2);
	CHECK_EQ(count.present, 48);
	CHECK_EQ(munmap(p, 64 * PAGE_SIZE), 0);
}

TEST(hiding_keeps_large_leaves_and_contents)
{
	char *p = map(2048, RW);

	CHECK_EQ(leaf_level(p), 1);
	pattern_fill(p, 2048 * PAGE_SIZE, 9);
	CHECK_EQ(mprotect(p, 2048 * PAGE_SIZE, PROT_NONE), 0);
	CHECK(!can_read(p) && !can_read(p + 1024 * PAGE_SIZE));
	CHECK_EQ(mprotect(p + 100 * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	CHECK(can_read(p + 100 * PAGE_SIZE) && !can_read(p + 99 * PAGE_SIZE));
	CHECK_EQ(mprotect(p, 2048 * PAGE_SIZE, RW), 0);
	CHECK(pattern_holds(p, 2048 * PAGE_SIZE, 9));
	CHECK_EQ(leaf_level(p + (2 << 20)), 1);
	CHECK_EQ(mprotect(p, 2048 * PAGE_SIZE, PROT_NONE), 0);
	CHECK_EQ(munmap(p, 2048 * PAGE_SIZE), 0);
}

TEST(an_arena_of_a_gib_is_used_bit_by_bit)
{
	const size_t size = 1ul << 30;
	unsigned long before = nr_free_pages();
	char *p = map(size >> PAGE_SHIFT, PROT_NONE);

	CHECK(before - nr_free_pages() < 100);
	for (size_t at = 0; at < size; at += 128 << 20) {
		CHECK_EQ(mprotect(p + at, 64 << 10, RW), 0);
		CHECK(is_all(p + at, 64 << 10, 0));
		memset(p + at, 1, 64 << 10);
		CHECK(!can_read(p + at + (64 << 10)));
	}
	CHECK_EQ(munmap(p, size), 0);
}

TEST(flags_are_checked)
{
	CHECK(mmap(NULL, PAGE_SIZE, RW, PRIVATE | MAP_GROWSDOWN, -1, 0) ==
	      MAP_FAILED);
	CHECK_EQ(errno, EINVAL);
	CHECK(mmap(NULL, PAGE_SIZE, RW, PRIVATE | MAP_HUGETLB, -1, 0) ==
	      MAP_FAILED);
	CHECK_EQ(errno, ENOMEM);
	CHECK(mmap(NULL, PAGE_SIZE, RW, 3 | MAP_ANONYMOUS | (1 << 30), -1, 0) ==
	      MAP_FAILED);
	CHECK_EQ(errno, EOPNOTSUPP);
	CHECK(map_at((char *)PAGE_SIZE, 1) == MAP_FAILED);
	CHECK_EQ(errno, ENOMEM);
	CHECK(map_at((char *)VMALLOC_END - PAGE_SIZE, 2) == MAP_FAILED);
	CHECK_EQ(errno, ENOMEM);
}

/* After a failure: as before, or, of a new mapping, nothing. */
static void check_unchanged(char *p, size_t pages)
{
	CHECK(can_write(p) && !can_write(p + 10 * PAGE_SIZE));
	CHECK(is_all(p, 10 * PAGE_SIZE, 1));
	CHECK(!can_read(p + 20 * PAGE_SIZE));
	CHECK(is_all(p + 30 * PAGE_SIZE, (pages - 30) * PAGE_SIZE, 1));
}

enum { PAGES = 1100 };

static char *mixed_mapping(void)
{
	char *p = map(PAGES, RW);

	memset(p, 1, PAGES * PAGE_SIZE);
	CHECK_EQ(mprotect(p + 10 * PAGE_SIZE, 10 * PAGE_SIZE, PROT_READ), 0);
	CHECK_EQ(mprotect(p + 20 * PAGE_SIZE, 10 * PAGE_SIZE, PROT_NONE), 0);
	return p;
}

static long do_mmap(char *p)
{
	const char *at = mmap(p + 700 * PAGE_SIZE, 100 * PAGE_SIZE, PROT_NONE,
	                      PRIVATE | MAP_FIXED, -1, 0);

	return at == MAP_FAILED ? -1 : 0;
}

static long do_munmap(char *p)
{
	return munmap(p + 700 * PAGE_SIZE, 100 * PAGE_SIZE);
}

static long do_mprotect(char *p)
{
	return mprotect(p + 700 * PAGE_SIZE, 100 * PAGE_SIZE, PROT_NONE);
}

static long do_dontneed(char *p)
{
	return madvise(p + 700 * PAGE_SIZE, 100 * PAGE_SIZE, MADV_DONTNEED);
}

TEST(failed_calls_change_nothing)
{
	static long (*const calls[])(char *) = { do_mmap, do_munmap,
		                                 do_mprotect, do_dontneed };
	static const enum fault_kind kinds[] = { FAULT_PAGE, FAULT_TABLE,
		                                 FAULT_SLAB, FAULT_VSPACE };
	unsigned int failed = 0;

	for (unsigned int n = 0; n < 4 * 4 * 4; n++) {
		char *p = mixed_mapping();
		long err;

		/* Else the call finds some, and begins again. */
		(void)heap_gave_back();
		fault_inject_set(kinds[n / 4 % 4], n % 4 + 1);
		err = calls[n / 16](p);
		fault_inject_set(kinds[n / 4 % 4], 0);
		if (err) {
			CHECK_EQ(errno, ENOMEM);
			check_unchanged(p, PAGES);
			failed++;
		}
		CHECK_EQ(munmap(p, PAGES * PAGE_SIZE), 0);
	}
	CHECK(failed >= 8);
}

TEST(failed_new_mappings_leave_nothing)
{
	static const enum fault_kind kinds[] = { FAULT_PAGE, FAULT_TABLE,
		                                 FAULT_SLAB, FAULT_VSPACE };
	static const size_t sizes[] = { 1, 5, 70, 600 };

	for (unsigned int n = 0; n < 4 * 4 * 6; n++) {
		const size_t size = sizes[n / 24] * PAGE_SIZE;
		char *p;

		fault_inject_set(kinds[n / 6 % 4], n % 6 + 1);
		p = mmap(n & 1 ? FAR : NULL, size, RW, PRIVATE, -1, 0);
		fault_inject_set(kinds[n / 6 % 4], 0);
		if (p == MAP_FAILED)
			CHECK_EQ(errno, ENOMEM);
		else
			CHECK_EQ(munmap(p, size), 0);
	}
}

static char *set_break(char *to)
{
	return (char *)syscall(SYS_brk, to);
}

TEST(the_break_moves_and_gives_back)
{
	char *start, *now;
	unsigned long before;

	test_may_keep_areas(1);
	start = set_break(NULL);
	CHECK(start && is_vmalloc_addr(start));
	CHECK_EQ(set_break(start + 10000), start + 10000);
	before = nr_free_pages();
	now = start + 10000;
	CHECK(set_break(now + (1 << 20)) == now + (1 << 20));
	CHECK(is_all(now, 1 << 20, 0));
	memset(now, 1, 1 << 20);
	CHECK(set_break(now) == now);
	CHECK_EQ(nr_free_pages(), before);
	CHECK(set_break(now + PAGE_SIZE) == now + PAGE_SIZE);
	CHECK(is_all((char *)PAGE_ALIGN((vaddr_t)now), 1, 0));
	CHECK(set_break(start - 1) == now + PAGE_SIZE);
	CHECK(set_break(start + (1ul << 40)) == now + PAGE_SIZE);
	fault_inject_set(FAULT_PAGE, 1);
	CHECK(set_break(now + (1 << 20)) == now + PAGE_SIZE);
	fault_inject_set(FAULT_PAGE, 0);
	CHECK(set_break(start) == start);
}

TEST(membarrier_answers)
{
	const long all = syscall(SYS_membarrier, 0, 0);

	CHECK(all > 0);
	CHECK_EQ(syscall(SYS_membarrier, 16, 0), 0);
	CHECK_EQ(syscall(SYS_membarrier, 8, 0), 0);
	CHECK_EQ(syscall(SYS_membarrier, 1, 0), 0);
	CHECK_EQ(syscall(SYS_membarrier, 8, 5), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(syscall(SYS_membarrier, 1 << 20, 0), -1);
	CHECK_EQ(errno, EINVAL);
}

static bool code_works(void *p)
{
	int (*function)(void);

	memcpy(&function, &p, sizeof(p));
	return function() == 42;
}

static void *code_memory;
static bool code_ran;

static void run_code(void *unused)
{
	(void)unused;
	code_ran = code_works(code_memory);
}

/* mprotect(PROT_EXEC) reaches the instruction caches of all harts. */
TEST(code_runs_on_every_hart)
{
	static const unsigned int code[] = { 0x02a00513, 0x00008067 };

	code_memory = map(1, RW);
	memcpy(code_memory, code, sizeof(code));
	CHECK_EQ(mprotect(code_memory, PAGE_SIZE, PROT_READ | PROT_EXEC), 0);
	CHECK(code_works(code_memory));
	for (unsigned int i = 1; i < nr_harts; i++) {
		code_ran = false;
		hart_call_start(i, run_code, NULL);
		hart_call_wait(i);
		CHECK(code_ran);
	}
	CHECK_EQ(munmap(code_memory, PAGE_SIZE), 0);
}

static void map_and_unmap(void *argument)
{
	unsigned long *failures = argument;

	for (unsigned int i = 0; i < 300; i++) {
		const size_t size = (i % 7 + 1) * PAGE_SIZE;
		char *p = mmap(NULL, size, RW, PRIVATE, -1, 0);

		if (p == MAP_FAILED || p[size - 1] != 0) {
			++*failures;
			continue;
		}
		memset(p, (int)i, size);
		if (size > PAGE_SIZE &&
		    (mprotect(p, PAGE_SIZE, PROT_NONE) != 0 ||
		     munmap(p + size - PAGE_SIZE, PAGE_SIZE) != 0))
			++*failures;
		if (munmap(p, size) != 0)
			++*failures;
	}
}

TEST(harts_map_and_unmap_at_once)
{
	unsigned long failures[CONFIG_NR_HARTS] = { 0 };

	for (unsigned int i = 1; i < nr_harts; i++)
		hart_call_start(i, map_and_unmap, &failures[i]);
	map_and_unmap(&failures[0]);
	for (unsigned int i = 1; i < nr_harts; i++)
		hart_call_wait(i);
	for (unsigned int i = 0; i < nr_harts; i++)
		CHECK_EQ(failures[i], 0);
}
