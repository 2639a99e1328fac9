/* SPDX-License-Identifier: MIT */
/* Memory that comes with its first access, and goes when it is not needed. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/mm.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/csr.h"
#include "core/hart.h"
#include "core/trap.h"
#include "core/user_access.h"
#include "mm/fault_inject.h"
#include "mm/page_alloc.h"
#include "pages.h"
#include "test.h"

#define RW        (PROT_READ | PROT_WRITE)
#define PRIVATE   (MAP_PRIVATE | MAP_ANONYMOUS)
#define NORESERVE (PRIVATE | MAP_NORESERVE)

static char *map(size_t size, int prot, int flags)
{
	char *p = mmap(NULL, size, prot, flags, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

TEST(noreserve_takes_memory_page_by_page)
{
	const size_t size = 1ul << 30;
	char *p = map(size, RW, NORESERVE);
	unsigned long before;

	p[0] = 1; /* the first brings tables */
	before = nr_free_pages();
	p[PAGE_SIZE] = 2;
	CHECK_EQ(p[2 * PAGE_SIZE], 0);
	CHECK_EQ(nr_free_pages(), before - 2);
	CHECK_EQ(p[0], 1);
	CHECK_EQ(p[PAGE_SIZE], 2);
	p[size - 1] = 3;
	CHECK_EQ(p[size - 1], 3);
	CHECK_EQ(munmap(p, size), 0);
}

/* Catches a page that keeps what its last owner wrote. */
TEST(lazy_memory_is_zero)
{
	char *p = map(64 * PAGE_SIZE, RW, NORESERVE);

	pages_poison_free(0x5a);
	CHECK(is_all(p, 64 * PAGE_SIZE, 0));
	CHECK_EQ(munmap(p, 64 * PAGE_SIZE), 0);
}

TEST(what_is_larger_than_16_mib_comes_lazily)
{
	const size_t size = 17 << 20;
	unsigned long before = nr_free_pages();
	char *p = map(size, RW, PRIVATE);

	CHECK(before - nr_free_pages() < 64);
	p[size / 2] = 1;
	CHECK_EQ(munmap(p, size), 0);
	p = map(size, RW, PRIVATE | MAP_POPULATE);
	CHECK(before - nr_free_pages() >= size >> PAGE_SHIFT);
	CHECK_EQ(munmap(p, size), 0);
}

TEST(more_than_is_free_is_refused_unless_noreserve)
{
	const size_t size = (nr_free_pages() + 1000) << PAGE_SHIFT;
	char *p = mmap(NULL, size, RW, PRIVATE, -1, 0);

	CHECK(p == MAP_FAILED);
	CHECK_EQ(errno, ENOMEM);
	p = map(size, RW, NORESERVE);
	CHECK_EQ(munmap(p, size), 0);
}

TEST(system_calls_bring_lazy_memory)
{
	char *p = map(2 * PAGE_SIZE, RW, NORESERVE);

	CHECK_EQ(copy_to_user(p, "abc", 4), 0);
	CHECK_EQ(strcmp(p, "abc"), 0);
	CHECK_EQ(put_user(7, p + PAGE_SIZE), 0);
	CHECK_EQ(p[PAGE_SIZE], 7);
	CHECK_EQ(munmap(p, 2 * PAGE_SIZE), 0);
}

TEST(without_memory_an_expected_access_is_efault)
{
	char *p = map(2 * PAGE_SIZE, RW, NORESERVE);
	int err;

	p[0] = 1;
	fault_inject_set(FAULT_PAGE, 1);
	err = put_user(1, p + PAGE_SIZE);
	fault_inject_set(FAULT_PAGE, 0);
	CHECK_EQ(err, -EFAULT);
	CHECK_EQ(put_user(1, p + PAGE_SIZE), 0);
	CHECK_EQ(munmap(p, 2 * PAGE_SIZE), 0);
}

TEST(without_memory_for_a_table_an_expected_access_is_efault)
{
	char *p = map(4 << 20, RW, NORESERVE);
	int err;

	fault_inject_set(FAULT_TABLE, 1);
	err = put_user(1, p);
	fault_inject_set(FAULT_TABLE, 0);
	CHECK_EQ(err, -EFAULT);
	CHECK_EQ(put_user(1, p), 0);
	CHECK_EQ(munmap(p, 4 << 20), 0);
}

static int signal_seen;
static unsigned long address_seen;

static bool skip_access(struct trap_frame *frame, int signal,
                        unsigned long address)
{
	signal_seen = signal;
	address_seen = address;
	frame->sepc += 4;
	return true;
}

/* One instruction of 4 bytes, which skip_access() skips. */
static int signal_of_store(char *p)
{
	signal_seen = 0;
	trap_set_fault_signal(skip_access);
	__asm__ volatile(".option push\n.option norvc\nsb zero, (%0)\n"
	                 ".option pop"
	                 :
	                 : "r"(p)
	                 : "memory");
	trap_set_fault_signal(NULL);
	return signal_seen;
}

TEST(other_faults_become_signals)
{
	char *p = map(3 * PAGE_SIZE, PROT_READ, NORESERVE);

	CHECK_EQ(signal_of_store(p + 8), SIGSEGV);
	CHECK_EQ(address_seen, (unsigned long)p + 8);
	CHECK_EQ(mprotect(p, PAGE_SIZE, PROT_NONE), 0);
	CHECK_EQ(signal_of_store(p), SIGSEGV);
	CHECK_EQ(signal_of_store((char *)PAGE_SIZE), SIGSEGV);
	CHECK_EQ(mprotect(p, PAGE_SIZE, RW), 0);
	fault_inject_set(FAULT_PAGE, 1);
	signal_of_store(p);
	fault_inject_set(FAULT_PAGE, 0);
	CHECK_EQ(signal_seen, SIGBUS);
	CHECK_EQ(signal_of_store(p), 0);
	CHECK_EQ(munmap(p, 3 * PAGE_SIZE), 0);
	vm_unmap_aliases();
	CHECK_EQ(signal_of_store(p), SIGSEGV);
}

/* With interrupts off nothing is brought: the hart may be in the middle. */
TEST(with_interrupts_off_nothing_is_brought)
{
	char *p = map(PAGE_SIZE, RW, NORESERVE);
	unsigned long flags = irq_save();
	const bool reads = can_read(p);

	irq_restore(flags);
	CHECK(!reads);
	CHECK(can_read(p));
	CHECK_EQ(munmap(p, PAGE_SIZE), 0);
}

TEST(dontneed_gives_memory_back_and_reads_as_zero)
{
	char *p = map(32 * PAGE_SIZE, RW, PRIVATE);
	unsigned long before = nr_free_pages();

	memset(p, 1, 32 * PAGE_SIZE);
	CHECK_EQ(madvise(p, 16 * PAGE_SIZE, MADV_DONTNEED), 0);
	CHECK_EQ(nr_free_pages(), before + 16);
	CHECK(is_all(p, 16 * PAGE_SIZE, 0));
	CHECK(is_all(p + 16 * PAGE_SIZE, 16 * PAGE_SIZE, 1));
	CHECK_EQ(nr_free_pages(), before);
	CHECK_EQ(madvise(p, 32 * PAGE_SIZE, MADV_FREE), 0);
	CHECK_EQ(nr_free_pages(), before + 32);
	CHECK_EQ(munmap(p, 32 * PAGE_SIZE), 0);
}

TEST(dontneed_cuts_large_leaves)
{
	const size_t size = 4 << 20;
	char *p = map(size, RW, PRIVATE);

	CHECK_EQ(leaf_level(p), 1);
	memset(p, 1, size);
	CHECK_EQ(madvise(p + (1 << 20), 2 << 20, MADV_DONTNEED), 0);
	CHECK(is_all(p, 1 << 20, 1));
	CHECK(is_all(p + (1 << 20), 2 << 20, 0));
	CHECK(is_all(p + (3 << 20), 1 << 20, 1));
	CHECK_EQ(munmap(p, size), 0);
}

TEST(shared_anonymous_memory_outlives_dontneed)
{
	char *p = map(PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS);

	p[0] = 4;
	CHECK_EQ(madvise(p, PAGE_SIZE, MADV_DONTNEED), 0);
	CHECK_EQ(p[0], 4);
	CHECK_EQ(madvise(p, PAGE_SIZE, MADV_FREE), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(munmap(p, PAGE_SIZE), 0);
}

TEST(advice_is_checked)
{
	char *p = map(3 * PAGE_SIZE, RW, PRIVATE);

	CHECK_EQ(madvise(p + 1, PAGE_SIZE, MADV_NORMAL), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(madvise(p, PAGE_SIZE, 4711), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(munmap(p + PAGE_SIZE, PAGE_SIZE), 0);
	p[2 * PAGE_SIZE] = 5;
	CHECK_EQ(madvise(p, 3 * PAGE_SIZE, MADV_DONTNEED), -1);
	CHECK_EQ(errno, ENOMEM);
	CHECK_EQ(p[2 * PAGE_SIZE], 0); /* what is mapped was advised */
	CHECK_EQ(munmap(p, 3 * PAGE_SIZE), 0);
}

TEST(willneed_and_mlock_bring_memory)
{
	char *p = map(8 * PAGE_SIZE, RW, NORESERVE);
	unsigned char there[8];

	test_may_keep_areas(
		1); /* all of what an earlier test left is brought */
	CHECK_EQ(mincore(p, 8 * PAGE_SIZE, there), 0);
	CHECK(is_all(there, 8, 0));
	CHECK_EQ(madvise(p, 2 * PAGE_SIZE, MADV_WILLNEED), 0);
	CHECK_EQ(mlock(p + 4 * PAGE_SIZE + 100, 200), 0);
	CHECK_EQ(mincore(p, 8 * PAGE_SIZE, there), 0);
	CHECK(!memcmp(there, "\1\1\0\0\1\0\0\0", 8));
	CHECK_EQ(mlockall(MCL_CURRENT), 0);
	CHECK_EQ(mincore(p, 8 * PAGE_SIZE, there), 0);
	CHECK(is_all(there, 8, 1));
	CHECK_EQ(munlockall(), 0);
	CHECK_EQ(munmap(p, 8 * PAGE_SIZE), 0);
}

TEST(mlock_msync_mincore_errors)
{
	char *p = map(2 * PAGE_SIZE, RW, PRIVATE);
	unsigned char there[2];

	CHECK_EQ(munmap(p + PAGE_SIZE, PAGE_SIZE), 0);
	CHECK_EQ(mlock(p, 2 * PAGE_SIZE), -1);
	CHECK_EQ(errno, ENOMEM);
	CHECK_EQ(munlock(p, 2 * PAGE_SIZE), -1);
	CHECK_EQ(errno, ENOMEM);
	CHECK_EQ(mlockall(0), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(msync(p, PAGE_SIZE, MS_SYNC | MS_ASYNC), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(msync(p + 1, PAGE_SIZE, MS_SYNC), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(msync(p, 2 * PAGE_SIZE, MS_SYNC), -1);
	CHECK_EQ(errno, ENOMEM);
	CHECK_EQ(msync(p, PAGE_SIZE, MS_SYNC), 0);
	CHECK_EQ(mincore(p, 2 * PAGE_SIZE, there), -1);
	CHECK_EQ(errno, ENOMEM);
	CHECK_EQ(mincore(p, PAGE_SIZE, (unsigned char *)8), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(munmap(p, PAGE_SIZE), 0);
}

struct shared_fault {
	char *p;
	size_t pages;
	unsigned long sum;
};

static void touch_all(void *argument)
{
	struct shared_fault *shared = argument;

	for (size_t i = 0; i < shared->pages; i++)
		__atomic_fetch_add((int *)(shared->p + i * PAGE_SIZE), 1,
		                   __ATOMIC_RELAXED);
}

/* Two harts fault on the same pages: each page is brought once. */
TEST(harts_that_fault_on_one_page_share_it)
{
	struct shared_fault shared = { .pages = 512 };
	unsigned long before;

	if (nr_harts < 2)
		test_skip("needs two harts");
	shared.p = map(shared.pages * PAGE_SIZE, RW, NORESERVE);
	before = nr_free_pages();
	hart_call_start(1, touch_all, &shared);
	touch_all(&shared);
	hart_call_wait(1);
	for (size_t i = 0; i < shared.pages; i++)
		CHECK_EQ(shared.p[i * PAGE_SIZE], 2);
	CHECK(before - nr_free_pages() <= shared.pages + 4);
	CHECK_EQ(munmap(shared.p, shared.pages * PAGE_SIZE), 0);
}

static void advise_all(void *argument)
{
	struct shared_fault *shared = argument;

	for (unsigned int i = 0; i < 200; i++)
		(void)madvise(shared->p, shared->pages * PAGE_SIZE,
		              MADV_DONTNEED);
}

/* Catches a page that is brought beside one that goes, and is then lost. */
TEST(faults_beside_dontneed_lose_no_page)
{
	struct shared_fault shared = { .pages = 16 };

	if (nr_harts < 2)
		test_skip("needs two harts");
	shared.p = map(shared.pages * PAGE_SIZE, RW, NORESERVE);
	hart_call_start(1, advise_all, &shared);
	for (unsigned int i = 0; i < 2000; i++)
		touch_all(&shared);
	hart_call_wait(1);
	CHECK_EQ(munmap(shared.p, shared.pages * PAGE_SIZE), 0);
}
