/* SPDX-License-Identifier: MIT */
/* mmap and its family: areas of the vmalloc core under POSIX's names. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/vmalloc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crew.h"
#include "mm/page_alloc.h"
#include "pages.h"
#include "posix/syscalls.h"
#include "test.h"

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

TEST(anonymous_memory_is_zero_and_goes_back)
{
	unsigned char *p;

	pages_poison_free(0xa5);
	p = mmap(NULL, 9000, RW, ANON, -1, 0);
	CHECK(p != MAP_FAILED && is_all(p, 3 * PAGE_SIZE, 0));
	memset(p, 1, 3 * PAGE_SIZE);
	CHECK_EQ(munmap(p, 9000), 0);
	vm_unmap_aliases();
	CHECK(!can_read(p));
}

TEST(part_of_a_mapping_may_go)
{
	char *p = mmap(NULL, 50 * PAGE_SIZE, RW, ANON, -1, 0);
	unsigned long held;

	CHECK(p != MAP_FAILED);
	memset(p, 3, 50 * PAGE_SIZE);
	held = nr_free_pages();
	CHECK_EQ(munmap(p + PAGE_SIZE, 20 * PAGE_SIZE), 0);
	/* A page or two may go into the record of what is left. */
	CHECK(nr_free_pages() >= held + 16);
	CHECK(can_read(p) && !can_read(p + PAGE_SIZE));
	CHECK(!can_read(p + 20 * PAGE_SIZE) && can_read(p + 21 * PAGE_SIZE));
	CHECK_EQ(p[49 * PAGE_SIZE], 3);
	CHECK_EQ(munmap(p, PAGE_SIZE), 0);
	CHECK_EQ(munmap(p + 21 * PAGE_SIZE, 29 * PAGE_SIZE), 0);
}

TEST(protection_changes_and_contents_stay)
{
	char *p = mmap(NULL, 3 * PAGE_SIZE, RW, ANON, -1, 0);

	CHECK(p != MAP_FAILED);
	memset(p, 9, 3 * PAGE_SIZE);
	CHECK_EQ(mprotect(p + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	CHECK(can_read(p + PAGE_SIZE) && !can_write(p + PAGE_SIZE));
	CHECK_EQ(mprotect(p, 3 * PAGE_SIZE, PROT_NONE), 0);
	CHECK(!can_read(p) && !can_read(p + 2 * PAGE_SIZE));
	CHECK_EQ(mprotect(p, 3 * PAGE_SIZE, RW), 0);
	CHECK(is_all(p, 3 * PAGE_SIZE, 9));
	CHECK_EQ(munmap(p, 3 * PAGE_SIZE), 0);
}

TEST(write_and_execute_together_are_refused)
{
	CHECK_EQ(mmap(NULL, PAGE_SIZE, RW | PROT_EXEC, ANON, -1, 0),
	         MAP_FAILED);
	CHECK_EQ(errno, EACCES);
}

TEST(code_can_be_written_then_executed)
{
	static const unsigned int code[] = { 0x02a00513, 0x00008067 };
	unsigned int *p = mmap(NULL, PAGE_SIZE, RW, ANON, -1, 0);
	int (*function)(void);

	CHECK(p != MAP_FAILED);
	memcpy(p, code, sizeof(code));
	CHECK_EQ(mprotect(p, PAGE_SIZE, PROT_READ | PROT_EXEC), 0);
	memcpy(&function, &p, sizeof(p));
	CHECK_EQ(function(), 42);
	CHECK(!can_write(p));
	CHECK_EQ(munmap(p, PAGE_SIZE), 0);
}

TEST(reservation_costs_no_memory_until_used)
{
	unsigned long before = nr_free_pages();
	char *p = mmap(NULL, 64 << 20, PROT_NONE, ANON, -1, 0);

	CHECK(p != MAP_FAILED && !can_read(p));
	CHECK(nr_free_pages() + 200 >= before);
	CHECK_EQ(mprotect(p + (1 << 20), 8 * PAGE_SIZE, RW), 0);
	CHECK(is_all(p + (1 << 20), 8 * PAGE_SIZE, 0));
	p[1 << 20] = 1;
	CHECK_EQ(munmap(p, 64 << 20), 0);
}

TEST(remap_grows_with_contents_and_shrinks)
{
	char *p = mmap(NULL, 4 * PAGE_SIZE, RW, ANON, -1, 0);

	CHECK(p != MAP_FAILED);
	pattern_fill(p, 4 * PAGE_SIZE, 6);
	p = mremap(p, 4 * PAGE_SIZE, 40 * PAGE_SIZE, MREMAP_MAYMOVE);
	CHECK(p != MAP_FAILED && pattern_holds(p, 4 * PAGE_SIZE, 6));
	CHECK(is_all(p + 4 * PAGE_SIZE, 36 * PAGE_SIZE, 0));
	p = mremap(p, 40 * PAGE_SIZE, 2 * PAGE_SIZE, 0);
	CHECK(p != MAP_FAILED && pattern_holds(p, 2 * PAGE_SIZE, 6));
	CHECK(!can_read(p + 2 * PAGE_SIZE));
	CHECK_EQ(munmap(p, 2 * PAGE_SIZE), 0);
}

TEST(dontneed_reads_as_zero)
{
	char *p = mmap(NULL, 2 * PAGE_SIZE, RW, ANON, -1, 0);

	CHECK(p != MAP_FAILED);
	memset(p, 4, 2 * PAGE_SIZE);
	CHECK_EQ(madvise(p, PAGE_SIZE, MADV_DONTNEED), 0);
	CHECK(is_all(p, PAGE_SIZE, 0) && is_all(p + PAGE_SIZE, PAGE_SIZE, 4));
	CHECK_EQ(munmap(p, 2 * PAGE_SIZE), 0);
}

TEST(bad_arguments_are_errors)
{
	char local;

	CHECK_EQ(mmap(NULL, 0, RW, ANON, -1, 0), MAP_FAILED);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(mmap(NULL, 1ul << 45, RW, ANON, -1, 0), MAP_FAILED);
	CHECK_EQ(errno, ENOMEM);
	CHECK_EQ(mmap(NULL, PAGE_SIZE, RW, MAP_PRIVATE, 77, 0), MAP_FAILED);
	CHECK_EQ(errno, EBADF);
	CHECK_EQ(munmap(&local, PAGE_SIZE), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(munmap((void *)PAGE_SIZE, PAGE_SIZE), -1);
	CHECK_EQ(mprotect((void *)PAGE_SIZE, PAGE_SIZE, RW), -1);
	CHECK_EQ(errno, ENOMEM);
}

TEST(areas_of_the_kernel_are_not_munmapped)
{
	char *p = vmalloc(PAGE_SIZE);

	CHECK(p);
	CHECK_EQ(munmap(p, PAGE_SIZE), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK(can_write(p));
	vfree(p);
}

static long result_there; /* [A] */

static void ask_for_too_much(void *unused)
{
	(void)unused;
	__atomic_store_n(&result_there,
	                 sys_mmap(0, 1l << 37, PROT_READ | PROT_WRITE,
	                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	                 __ATOMIC_RELEASE);
}

/* A thread without variables of the C library: nobody asks malloc() there. */
TEST(kernel_threads_make_calls_that_find_no_memory)
{
	result_there = 0;
	crew_add(ask_for_too_much, NULL, THREAD_PRIORITY_NORMAL, ~0ull);
	crew_wait();
	CHECK_EQ(__atomic_load_n(&result_there, __ATOMIC_ACQUIRE), -ENOMEM);
}
