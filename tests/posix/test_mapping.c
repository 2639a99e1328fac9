/* SPDX-License-Identifier: MIT */
/* mmap() and its family: what POSIX promises, and that memory comes back. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/mm.h>
#include <string.h>
#include <sys/mman.h>

#include "core/trap.h"
#include "mm/page_alloc.h"
#include "test.h"

#define RW      (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

static char *map(size_t size, int prot)
{
	char *p = mmap(NULL, size, prot, PRIVATE, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static bool can_read(const void *address)
{
	char byte;

	return probe_read(address, &byte, 1) == 0;
}

static bool can_write(void *address)
{
	const char byte = 'w';

	return probe_write(address, &byte, 1) == 0;
}

static bool is_zero(const char *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (p[i])
			return false;
	return true;
}

static void check_errno(int result, int want)
{
	CHECK_EQ(result, -1);
	CHECK_EQ(errno, want);
}

static void check_mmap_errno(const void *p, int want)
{
	CHECK(p == MAP_FAILED);
	CHECK_EQ(errno, want);
}

TEST(mmap_gives_zeroed_memory_of_any_size)
{
	static const size_t sizes[] = {
		1, 4096, 4097, 65536, 3000000, 8 << 20
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *p = map(sizes[i], RW);

		CHECK(IS_ALIGNED((vaddr_t)p, PAGE_SIZE));
		CHECK(is_zero(p, sizes[i]));
		memset(p, 0xa5, sizes[i]);
		CHECK_EQ(munmap(p, sizes[i]), 0);
		vm_unmap_aliases();
		CHECK(!can_read(p));
	}
}

TEST(mmap_refuses_what_it_cannot_do)
{
	check_mmap_errno(mmap(NULL, 0, RW, PRIVATE, -1, 0), EINVAL);
	check_mmap_errno(mmap(NULL, 4096, RW, MAP_ANONYMOUS, -1, 0), EINVAL);
	check_mmap_errno(mmap(NULL, 4096, RW, MAP_PRIVATE, 9, 0), EBADF);
	check_mmap_errno(mmap(NULL, 1ul << 60, RW, PRIVATE, -1, 0), ENOMEM);
	check_mmap_errno(mmap(NULL, 1ul << 35, RW, PRIVATE, -1, 0), ENOMEM);
	check_mmap_errno(mmap(NULL, 4096, RW | PROT_EXEC, PRIVATE, -1, 0),
	                 EACCES);
}

TEST(munmap_of_a_part_gives_its_pages_back)
{
	const size_t pages = 64;
	char *p = map(pages * PAGE_SIZE, RW);
	unsigned long free_before;

	memset(p, 1, pages * PAGE_SIZE);
	/* The first cut makes a record of the pages; measure from there. */
	CHECK_EQ(munmap(p + 30 * PAGE_SIZE, PAGE_SIZE), 0);
	free_before = nr_free_pages();
	CHECK_EQ(munmap(p, 10 * PAGE_SIZE), 0);
	CHECK_EQ(nr_free_pages(), free_before + 10);
	CHECK_EQ(munmap(p + 60 * PAGE_SIZE, 4 * PAGE_SIZE), 0);
	CHECK_EQ(nr_free_pages(), free_before + 14);
	CHECK(!can_read(p) && !can_read(p + 9 * PAGE_SIZE));
	CHECK(!can_read(p + 30 * PAGE_SIZE));
	CHECK_EQ(p[10 * PAGE_SIZE], 1);
	CHECK_EQ(p[59 * PAGE_SIZE], 1);
	CHECK_EQ(munmap(p + 10 * PAGE_SIZE, 20 * PAGE_SIZE), 0);
	CHECK_EQ(munmap(p + 31 * PAGE_SIZE, 29 * PAGE_SIZE), 0);
	CHECK(!find_vm_area(p));
}

TEST(munmap_cuts_large_leaves)
{
	const size_t size = 8 << 20;
	char *p = map(size, RW);

	memset(p, 7, size);
	CHECK_EQ(munmap(p + (3 << 20), PAGE_SIZE), 0);
	CHECK(!can_read(p + (3 << 20)));
	CHECK_EQ(p[(3 << 20) - 1], 7);
	CHECK_EQ(p[(3 << 20) + PAGE_SIZE], 7);
	CHECK_EQ(munmap(p, size), 0);
}

TEST(munmap_refuses_what_mmap_did_not_make)
{
	char *area = vmalloc(PAGE_SIZE);
	char *p = map(PAGE_SIZE, RW);

	CHECK(area);
	check_errno(munmap(area, PAGE_SIZE), EINVAL);
	check_errno(munmap(p + 1, 10), EINVAL);
	check_errno(munmap(p, 0), EINVAL);
	check_errno(munmap((char *)VMALLOC_END - PAGE_SIZE, 2 * PAGE_SIZE),
	            EINVAL);
	CHECK_EQ(munmap(p, PAGE_SIZE), 0);
	CHECK_EQ(munmap(p, PAGE_SIZE), 0); /* a hole, as on Linux */
	vfree(area);
}

TEST(mprotect_changes_what_may_be_done)
{
	char *p = map(4 * PAGE_SIZE, RW);

	p[PAGE_SIZE] = 'a';
	CHECK_EQ(mprotect(p + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	CHECK(can_read(p + PAGE_SIZE) && !can_write(p + PAGE_SIZE));
	CHECK(can_write(p) && can_write(p + 2 * PAGE_SIZE));
	CHECK_EQ(mprotect(p, 4 * PAGE_SIZE, RW), 0);
	CHECK(can_write(p + PAGE_SIZE));
	CHECK_EQ(mprotect(p, PAGE_SIZE, PROT_READ | PROT_EXEC), 0);
	CHECK(!can_write(p));
	check_errno(mprotect(p, PAGE_SIZE, RW | PROT_EXEC), EACCES);
	check_errno(mprotect(p, PAGE_SIZE, 64), EINVAL);
	check_errno(mprotect(p, 5 * PAGE_SIZE, RW), ENOMEM);
	CHECK_EQ(munmap(p, 4 * PAGE_SIZE), 0);
}

TEST(mprotect_none_hides_and_keeps_contents)
{
	char *p = map(4 * PAGE_SIZE, RW);

	p[PAGE_SIZE] = 'a';
	CHECK_EQ(mprotect(p + PAGE_SIZE, 2 * PAGE_SIZE, PROT_NONE), 0);
	CHECK(!can_read(p + PAGE_SIZE) && !can_read(p + 2 * PAGE_SIZE));
	CHECK(can_read(p) && can_read(p + 3 * PAGE_SIZE));
	CHECK_EQ(mprotect(p, 4 * PAGE_SIZE, RW), 0);
	CHECK_EQ(p[PAGE_SIZE], 'a');
	CHECK(can_write(p + 2 * PAGE_SIZE));
	CHECK_EQ(munmap(p, 4 * PAGE_SIZE), 0);
}

TEST(prot_none_takes_address_space_only)
{
	const size_t size = 1ul << 30;
	unsigned long free_before = nr_free_pages();
	char *p = map(size, PROT_NONE);

	/* The record is one pointer a page. */
	CHECK(free_before - nr_free_pages() < 1024);
	CHECK(!can_read(p));
	CHECK_EQ(mprotect(p + (16 << 20), 3 * PAGE_SIZE, RW), 0);
	CHECK(is_zero(p + (16 << 20), 3 * PAGE_SIZE));
	CHECK(can_write(p + (16 << 20) + 2 * PAGE_SIZE));
	CHECK(!can_read(p + (16 << 20) - 1));
	CHECK(!can_read(p + (16 << 20) + 3 * PAGE_SIZE));
	CHECK_EQ(munmap(p, size), 0);
}

TEST(map_fixed_replaces_inside_a_mapping)
{
	char *p = map(4 * PAGE_SIZE, RW);

	memset(p, 1, 4 * PAGE_SIZE);
	CHECK(mmap(p + PAGE_SIZE, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED, -1,
	           0) == p + PAGE_SIZE);
	CHECK(is_zero(p + PAGE_SIZE, PAGE_SIZE) && !can_write(p + PAGE_SIZE));
	CHECK_EQ(p[0], 1);
	CHECK_EQ(p[2 * PAGE_SIZE], 1);
	CHECK_EQ(munmap(p + 2 * PAGE_SIZE, PAGE_SIZE), 0);
	CHECK(mmap(p + 2 * PAGE_SIZE, PAGE_SIZE, RW, PRIVATE | MAP_FIXED, -1,
	           0) == p + 2 * PAGE_SIZE);
	CHECK(is_zero(p + 2 * PAGE_SIZE, PAGE_SIZE));
	CHECK_EQ(munmap(p, 4 * PAGE_SIZE), 0);
}

TEST(map_fixed_takes_free_addresses_of_the_window)
{
	char *at = (char *)VMALLOC_END - (64 << 20);

	CHECK(mmap(at, 8192, RW, PRIVATE | MAP_FIXED, -1, 0) == at);
	memset(at, 1, 8192);
	check_mmap_errno(
		mmap(at, 4096, RW, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0),
		EEXIST);
	check_mmap_errno(
		mmap((void *)0x10000, 4096, RW, PRIVATE | MAP_FIXED, -1, 0),
		ENOMEM);
	check_mmap_errno(mmap(at + 1, 4096, RW, PRIVATE | MAP_FIXED, -1, 0),
	                 EINVAL);
	CHECK_EQ(munmap(at, 8192), 0);
}

TEST(mremap_grows_and_shrinks)
{
	char *p = map(16 * PAGE_SIZE, RW), *q;

	memset(p, 3, 16 * PAGE_SIZE);
	q = mremap(p, 16 * PAGE_SIZE, 600 * PAGE_SIZE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED);
	CHECK_EQ(q[16 * PAGE_SIZE - 1], 3);
	CHECK(is_zero(q + 16 * PAGE_SIZE, 584 * PAGE_SIZE));
	CHECK(mremap(q, 600 * PAGE_SIZE, 5 * PAGE_SIZE, 0) == q);
	CHECK_EQ(q[5 * PAGE_SIZE - 1], 3);
	CHECK(!can_read(q + 5 * PAGE_SIZE));
	CHECK_EQ(munmap(q, 5 * PAGE_SIZE), 0);
	check_mmap_errno(mremap(q, PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE),
	                 EFAULT);
}

TEST(madvise_dontneed_reads_as_zero)
{
	char *p = map(4 * PAGE_SIZE, RW);

	memset(p, 5, 4 * PAGE_SIZE);
	CHECK_EQ(madvise(p + PAGE_SIZE, 2 * PAGE_SIZE, MADV_DONTNEED), 0);
	CHECK(is_zero(p + PAGE_SIZE, 2 * PAGE_SIZE));
	CHECK_EQ(p[PAGE_SIZE - 1], 5);
	CHECK_EQ(madvise(p, 4 * PAGE_SIZE, MADV_FREE), 0);
	check_errno(madvise(p, 5 * PAGE_SIZE, MADV_DONTNEED), ENOMEM);
	CHECK_EQ(munmap(p, 4 * PAGE_SIZE), 0);
}
