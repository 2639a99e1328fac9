/* SPDX-License-Identifier: MIT */
/* Memory for files: given, taken back, refused; and limits of size. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "files.h"
#include "mm/fault_inject.h"
#include "mm/kmem.h"
#include "mm/page_alloc.h"
#include "pages.h"
#include "posix/fs.h"

static blkcnt_t pages_of(int fd)
{
	struct stat status;

	CHECK_EQ(fstat(fd, &status), 0);
	return status.st_blocks / 8;
}

TEST(fallocate_brings_pages_and_punching_takes_them)
{
	static unsigned char buffer[4 * PAGE_SIZE];
	int fd = open("/fa", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(fallocate(fd, 0, 0, 4 * PAGE_SIZE), 0);
	CHECK_EQ(size_of("/fa"), 4 * PAGE_SIZE);
	CHECK_EQ(pages_of(fd), 4);
	CHECK_EQ(fallocate(fd, FALLOC_FL_KEEP_SIZE, 8 * PAGE_SIZE, 1), 0);
	CHECK_EQ(size_of("/fa"), 4 * PAGE_SIZE);
	CHECK_EQ(pages_of(fd), 5);
	memset(buffer, 9, sizeof(buffer));
	CHECK_EQ(pwrite(fd, buffer, sizeof(buffer), 0), sizeof(buffer));
	CHECK_EQ(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 100,
	                   2 * PAGE_SIZE),
	         0);
	CHECK_EQ(pages_of(fd), 4);
	CHECK_EQ(pread(fd, buffer, sizeof(buffer), 0), sizeof(buffer));
	CHECK(is_all(buffer, 100, 9));
	CHECK(is_all(buffer + 100, 2 * PAGE_SIZE, 0));
	CHECK(is_all(buffer + 100 + 2 * PAGE_SIZE, 2 * PAGE_SIZE - 100, 9));
	CHECK_EQ(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	                   3 * PAGE_SIZE + 5, 10),
	         0);
	CHECK_EQ(pread(fd, buffer, 16, 3 * PAGE_SIZE), 16);
	CHECK(is_all(buffer, 5, 9) && is_all(buffer + 5, 10, 0));
	CHECK_EQ(buffer[15], 9);
	FAILS(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 1), EOPNOTSUPP);
	FAILS(fallocate(fd, 8, 0, 1), EOPNOTSUPP);
	FAILS(fallocate(fd, 0, -1, 1), EINVAL);
	FAILS(fallocate(fd, 0, 0, 0), EINVAL);
	FAILS(fallocate(fd, 0, INT64_MAX, 2), EFBIG);
	FAILS(fallocate(1, 0, 0, 1), ESPIPE);
	FAILS(fallocate(99, 0, 0, 1), EBADF);
	CHECK_EQ(close(fd), 0);
	fd = open("/fa", O_RDONLY);
	FAILS(fallocate(fd, 0, 0, 1), EBADF);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/fa"), 0);
}

/* Catches a file system that takes the last page, and one that loses some. */
TEST(a_full_memory_is_enospc_and_the_system_goes_on)
{
	static char buffer[16 * PAGE_SIZE];
	int fd = open("/fill", O_RDWR | O_CREAT, 0600);
	off_t written = 0;
	ssize_t part;
	void *other;

	if (nr_total_pages() > 65536)
		test_skip("takes too long with so much memory");
	memset(buffer, 1, sizeof(buffer));
	while ((part = write(fd, buffer, sizeof(buffer))) > 0)
		written += part;
	CHECK_EQ(part, -1);
	CHECK_EQ(errno, ENOSPC);
	CHECK_EQ(size_of("/fill"), written);
	CHECK(nr_free_pages() >= 32);
	other = kmalloc(8192, GFP_KERNEL);
	CHECK(other);
	kfree(other);
	FAILS(pwrite(fd, "x", 1, 1l << 40), ENOSPC);
	FAILS(fallocate(fd, 0, 1l << 40, 1 << 20), ENOSPC);
	CHECK_EQ(pwrite(fd, "y", 1, 0), 1); /* what is there can be written */
	CHECK_EQ(ftruncate(fd, written / 2), 0);
	CHECK_EQ(pwrite(fd, "z", 1, 1l << 40), 1);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/fill"), 0);
}

TEST(a_file_of_all_heights_comes_and_goes)
{
	char byte;
	int fd = open("/high", O_RDWR | O_CREAT, 0600);

	for (unsigned int shift = 12; shift < 63; shift++)
		CHECK_EQ(pwrite(fd, "h", 1, 1l << shift), 1);
	CHECK_EQ(pages_of(fd), 51);
	for (unsigned int shift = 12; shift < 63; shift++) {
		CHECK_EQ(pread(fd, &byte, 1, 1l << shift), 1);
		CHECK_EQ(byte, 'h');
	}
	CHECK_EQ(lseek(fd, (1l << 50) + 1, SEEK_HOLE), (1l << 50) + PAGE_SIZE);
	CHECK_EQ(lseek(fd, (1l << 50) + PAGE_SIZE, SEEK_DATA), 1l << 51);
	CHECK_EQ(ftruncate(fd, 1l << 40), 0);
	CHECK_EQ(pages_of(fd), 28);
	CHECK_EQ(ftruncate(fd, 0), 0);
	CHECK_EQ(pages_of(fd), 0);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/high"), 0);
}

static volatile int signals;

static void count_signal(int signal)
{
	signals += signal == SIGXFSZ;
}

TEST(files_grow_to_their_limit_and_a_signal_says_so)
{
	int fd = open("/limit", O_RDWR | O_CREAT, 0600);

	signals = 0;
	CHECK(signal(SIGXFSZ, count_signal) != SIG_ERR);
	WRITE_ONCE(fs_size_limit, 10);
	CHECK_EQ(write(fd, "0123456789ab", 12), 10);
	CHECK_EQ(signals, 0);
	FAILS(write(fd, "x", 1), EFBIG);
	CHECK_EQ(signals, 1);
	FAILS(ftruncate(fd, 11), EFBIG);
	FAILS(truncate("/limit", 11), EFBIG);
	FAILS(fallocate(fd, 0, 0, 11), EFBIG);
	CHECK_EQ(signals, 4);
	CHECK_EQ(ftruncate(fd, 4), 0);
	WRITE_ONCE(fs_size_limit, UINT64_MAX);
	CHECK(signal(SIGXFSZ, SIG_DFL) != SIG_ERR);
	CHECK(holds("/limit", "0123"));
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/limit"), 0);
}

/* Fails each request of memory in turn: an errno, and nothing half done. */
static void try_all_failures(enum fault_kind kind, int (*call)(void), int want)
{
	for (unsigned long nth = 1; nth < 60; nth++) {
		int result, why;

		fault_inject_repeat(kind, nth, 1);
		errno = 0;
		result = call();
		why = errno;
		if (fault_inject_seen(kind) < nth) {
			fault_inject_set(kind, 0);
			CHECK(result >= 0);
			return;
		}
		fault_inject_set(kind, 0);
		if (result < 0 && why != want && why != ENOMEM)
			CHECK_EQ(why, want);
	}
	CHECK(!"it never succeeds");
}

static int create_and_remove(void)
{
	int fd = open("/tmp/fi", O_RDWR | O_CREAT | O_EXCL, 0600);
	const int why = errno;

	if (fd >= 0)
		close(fd);
	CHECK_EQ(exists("/tmp/fi"), fd >= 0);
	if (fd >= 0)
		CHECK_EQ(unlink("/tmp/fi"), 0);
	errno = why;
	return fd;
}

static int make_and_remove(void)
{
	int result = mkdir("/tmp/fi", 0700);
	const int why = errno;

	if (result == 0)
		result = rmdir("/tmp/fi");
	else
		CHECK(!exists("/tmp/fi"));
	errno = why;
	return result;
}

static int link_softly(void)
{
	int result = symlink("target", "/tmp/fi");
	const int why = errno;

	if (result == 0)
		result = unlink("/tmp/fi");
	else
		CHECK(!exists("/tmp/fi"));
	errno = why;
	return result;
}

static int data_fd;

static int write_far(void)
{
	const off_t before = lseek(data_fd, 0, SEEK_END);
	ssize_t result = pwrite(data_fd, "x", 1, 1l << 40);

	CHECK_EQ(lseek(data_fd, 0, SEEK_END),
	         result < 0 ? before : (1l << 40) + 1);
	return result;
}

static int allocate_some(void)
{
	const blkcnt_t before = pages_of(data_fd);
	int result = fallocate(data_fd, 0, 1 << 20, 20 * PAGE_SIZE);

	if (result < 0)
		CHECK_EQ(pages_of(data_fd), before);
	return result;
}

static int rename_some(void)
{
	int result = rename("/tmp/data", "/tmp/data2");
	const int why = errno;

	CHECK_EQ(exists("/tmp/data"), result != 0);
	CHECK_EQ(exists("/tmp/data2"), result == 0);
	errno = why;
	return result;
}

TEST(every_failure_of_memory_is_an_errno_and_changes_nothing)
{
	for (enum fault_kind kind = FAULT_PAGE; kind < FAULT_KINDS; kind++) {
		if (kind != FAULT_PAGE && kind != FAULT_SLAB)
			continue;
		data_fd = file_with("/tmp/data", "data");
		try_all_failures(kind, create_and_remove, ENOSPC);
		try_all_failures(kind, make_and_remove, ENOSPC);
		try_all_failures(kind, link_softly, ENOSPC);
		try_all_failures(kind, write_far, ENOSPC);
		CHECK_EQ(ftruncate(data_fd, 4), 0);
		try_all_failures(kind, allocate_some, ENOSPC);
		try_all_failures(kind, rename_some, ENOSPC);
		CHECK_EQ(close(data_fd), 0);
		CHECK_EQ(unlink("/tmp/data2"), 0);
	}
}

/* Catches a truncation that frees pages which somebody has mapped. */
TEST(pages_given_to_others_outlive_the_file)
{
	struct page *pages[3], *none[2];
	struct file *file;
	int fd = open("/pages", O_RDWR | O_CREAT, 0600), err;

	CHECK_EQ(pwrite(fd, "first", 5, 0), 5);
	CHECK_EQ(pwrite(fd, "third", 5, 2 * PAGE_SIZE), 5);
	file = file_get(fd);
	CHECK(file);
	CHECK_EQ(file->ops->pages(file, 0, 3, true, pages), 0);
	CHECK_EQ(pages_of(fd), 3); /* the hole is filled */
	CHECK(memcmp(page_address(pages[2]), "third", 5) == 0);
	memcpy(page_address(pages[1]), "second", 6);
	CHECK_EQ(lseek(fd, PAGE_SIZE, SEEK_SET), PAGE_SIZE);
	CHECK_EQ(ftruncate(fd, 10), 0);
	CHECK_EQ(pages_of(fd), 1);
	CHECK(memcmp(page_address(pages[1]), "second", 6) == 0);
	err = file->ops->pages(file, 0, 2, false, none);
	CHECK_EQ(err, -ENXIO);
	/* Bytes that a mapping wrote behind the end do not come back. */
	memcpy((char *)page_address(pages[0]) + 10, "junk", 4);
	CHECK_EQ(ftruncate(fd, 20), 0);
	CHECK(is_all((char *)page_address(pages[0]) + 10, 4, 0));
	file_put(file);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/pages"), 0);
	CHECK(memcmp(page_address(pages[0]), "first", 5) == 0);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(page_count(pages[i]), 1);
		put_page(pages[i]);
	}
}
