/* SPDX-License-Identifier: MIT */
/* Regular files: what is written is read, at every position and in every way. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "files.h"
#include "mm/types.h"
#include "pages.h"

TEST(what_is_written_is_read)
{
	char buffer[16];
	int fd = file_with("/io", "hello, file");

	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(read(fd, buffer, 5), 5);
	CHECK(memcmp(buffer, "hello", 5) == 0);
	CHECK_EQ(read(fd, buffer, sizeof(buffer)), 6);
	CHECK_EQ(read(fd, buffer, sizeof(buffer)), 0);
	CHECK_EQ(pread(fd, buffer, 4, 7), 4);
	CHECK(memcmp(buffer, "file", 4) == 0);
	CHECK_EQ(pread(fd, buffer, 4, 11), 0);
	CHECK_EQ(pread(fd, buffer, 4, 1l << 60), 0);
	CHECK_EQ(pwrite(fd, "FILE", 4, 7), 4);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 11);
	CHECK(holds("/io", "hello, FILE"));
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/io"), 0);
}

/* Catches parts of pages that are cut wrongly: every offset beside a bound. */
TEST(copies_across_page_bounds_are_exact)
{
	enum { SIZE = 5 * PAGE_SIZE };
	unsigned char *model = calloc(1, SIZE), *seen = malloc(SIZE);
	int fd = open("/bounds", O_RDWR | O_CREAT, 0600);

	CHECK(model && seen && fd >= 0);
	CHECK_EQ(ftruncate(fd, SIZE), 0);
	for (int i = 0; i < 200; i++) {
		size_t at = test_random() % SIZE;
		size_t bytes = test_random() % (2 * PAGE_SIZE);

		if (i % 2)
			at = ALIGN_DOWN(at, PAGE_SIZE) + i % 5;
		if (at + bytes > SIZE)
			bytes = SIZE - at;
		memset(seen, i + 1, bytes);
		memcpy(model + at, seen, bytes);
		CHECK_EQ(pwrite(fd, seen, bytes, at), bytes);
		at = test_random() % SIZE;
		bytes = SIZE - at;
		CHECK_EQ(pread(fd, seen, bytes, at), bytes);
		CHECK(memcmp(seen, model + at, bytes) == 0);
	}
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/bounds"), 0);
	free(model);
	free(seen);
	test_may_keep_areas(8);
}

TEST(holes_read_as_zeros_and_take_no_pages)
{
	unsigned char buffer[64];
	struct stat status;
	int fd = open("/hole", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(pwrite(fd, "end", 3, 1l << 40), 3);
	CHECK_EQ(pread(fd, buffer, 64, 1l << 39), 64);
	CHECK(is_all(buffer, 64, 0));
	CHECK_EQ(pread(fd, buffer, 64, (1l << 40) - 8), 11);
	CHECK(is_all(buffer, 8, 0) && memcmp(buffer + 8, "end", 3) == 0);
	CHECK_EQ(fstat(fd, &status), 0);
	CHECK_EQ(status.st_size, (1l << 40) + 3);
	CHECK_EQ(status.st_blocks, 8);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/hole"), 0);
}

/* Catches a page of somebody else's that is only partly overwritten. */
TEST(new_pages_hold_nothing_of_others)
{
	static unsigned char buffer[PAGE_SIZE];
	int fd;

	pages_poison_free(0xa5);
	fd = open("/fresh", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(pwrite(fd, "x", 1, 100), 1);
	CHECK_EQ(ftruncate(fd, PAGE_SIZE), 0);
	CHECK_EQ(pread(fd, buffer, PAGE_SIZE, 0), PAGE_SIZE);
	CHECK(is_all(buffer, 100, 0) && buffer[100] == 'x');
	CHECK(is_all(buffer + 101, PAGE_SIZE - 101, 0));
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/fresh"), 0);
}

TEST(what_is_cut_off_does_not_come_back)
{
	static unsigned char buffer[2 * PAGE_SIZE];
	int fd = open("/cut", O_RDWR | O_CREAT, 0600);

	memset(buffer, 7, sizeof(buffer));
	CHECK_EQ(write(fd, buffer, sizeof(buffer)), sizeof(buffer));
	CHECK_EQ(ftruncate(fd, 10), 0);
	CHECK_EQ(ftruncate(fd, sizeof(buffer)), 0);
	CHECK_EQ(pread(fd, buffer, sizeof(buffer), 0), sizeof(buffer));
	CHECK(is_all(buffer, 10, 7));
	CHECK(is_all(buffer + 10, sizeof(buffer) - 10, 0));
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(truncate("/cut", 3), 0);
	CHECK_EQ(size_of("/cut"), 3);
	CHECK_EQ(unlink("/cut"), 0);
}

TEST(append_always_writes_at_the_end)
{
	int fd = file_with("/log", "one");
	int log = open("/log", O_WRONLY | O_APPEND);
	char byte;

	CHECK_EQ(lseek(log, 0, SEEK_SET), 0);
	CHECK_EQ(write(log, "two", 3), 3);
	CHECK_EQ(lseek(log, 0, SEEK_CUR), 6);
	CHECK_EQ(pwrite(fd, "ONE", 3, 0), 3);
	CHECK_EQ(pwrite(log, "3", 1, 0), 1); /* Linux: pwrite appends, too */
	CHECK(holds("/log", "ONEtwo3"));
	FAILS(read(log, &byte, 1), EBADF);
	CHECK_EQ(fcntl(log, F_SETFL, 0), 0);
	CHECK_EQ(pwrite(log, "o", 1, 0), 1);
	CHECK(holds("/log", "oNEtwo3"));
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(close(log), 0);
	CHECK_EQ(unlink("/log"), 0);
}

TEST(a_file_lives_while_it_is_open)
{
	char buffer[8];
	int fd = file_with("/gone", "still");

	CHECK_EQ(unlink("/gone"), 0);
	CHECK(!exists("/gone"));
	CHECK_EQ(pread(fd, buffer, 8, 0), 5);
	CHECK_EQ(write(fd, " here", 5), 5);
	CHECK_EQ(lseek(fd, 0, SEEK_END), 10);
	CHECK_EQ(close(fd), 0);
}

TEST(seeking_knows_all_ways)
{
	int fd = file_with("/seek", "0123456789");

	CHECK_EQ(lseek(fd, 3, SEEK_SET), 3);
	CHECK_EQ(lseek(fd, 4, SEEK_CUR), 7);
	CHECK_EQ(lseek(fd, -1, SEEK_END), 9);
	CHECK_EQ(lseek(fd, 100, SEEK_END), 110);
	FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
	FAILS(lseek(fd, -200, SEEK_CUR), EINVAL);
	FAILS(lseek(fd, 0, 17), EINVAL);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 110);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(size_of("/seek"), 111);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/seek"), 0);
}

TEST(data_and_holes_are_found)
{
	int fd = open("/sparse", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(pwrite(fd, "a", 1, 10 * PAGE_SIZE), 1);
	CHECK_EQ(pwrite(fd, "b", 1, 5000 * PAGE_SIZE + 7), 1);
	CHECK_EQ(lseek(fd, 0, SEEK_DATA), 10 * PAGE_SIZE);
	CHECK_EQ(lseek(fd, 5, SEEK_HOLE), 5);
	CHECK_EQ(lseek(fd, 10 * PAGE_SIZE, SEEK_HOLE), 11 * PAGE_SIZE);
	CHECK_EQ(lseek(fd, 11 * PAGE_SIZE, SEEK_DATA), 5000 * PAGE_SIZE);
	CHECK_EQ(lseek(fd, 5000 * PAGE_SIZE + 3, SEEK_DATA),
	         5000 * PAGE_SIZE + 3);
	CHECK_EQ(lseek(fd, 5000 * PAGE_SIZE, SEEK_HOLE), 5000 * PAGE_SIZE + 8);
	CHECK_EQ(ftruncate(fd, 1l << 30), 0);
	FAILS(lseek(fd, 6000 * PAGE_SIZE, SEEK_DATA), ENXIO);
	CHECK_EQ(lseek(fd, 1 << 29, SEEK_HOLE), 1 << 29);
	FAILS(lseek(fd, 1l << 30, SEEK_HOLE), ENXIO);
	FAILS(lseek(fd, -1, SEEK_DATA), ENXIO);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/sparse"), 0);
}

TEST(vectors_move_in_order)
{
	char a[3], b[4] = "";
	struct iovec out[3] = { { "abc", 3 }, { "", 0 }, { "defg", 4 } };
	struct iovec in[2] = { { a, 3 }, { b, 4 } };
	int fd = open("/vector", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(writev(fd, out, 3), 7);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(readv(fd, in, 2), 7);
	CHECK(memcmp(a, "abc", 3) == 0 && memcmp(b, "defg", 4) == 0);
	CHECK_EQ(preadv(fd, in, 2, 5), 2);
	CHECK(memcmp(a, "fg", 2) == 0);
	CHECK_EQ(pwritev(fd, out, 3, 2), 7);
	CHECK(holds("/vector", "ababcdefg"));
	FAILS(preadv(fd, in, 2, -1), EINVAL);
	FAILS(pwritev(fd, out, IOV_MAX + 1, 0), EINVAL);
	CHECK_EQ(writev(fd, out, 0), 0);
	CHECK_EQ(close(fd), 0);
	FAILS(readv(fd, in, 2), EBADF);
	CHECK_EQ(unlink("/vector"), 0);
}

/* Catches an access of the kernel that is not told as EFAULT, at page bounds. */
TEST(bad_memory_is_told_and_good_bytes_before_it_count)
{
	char *pages = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *end = pages + PAGE_SIZE;
	struct iovec parts[2] = { { end - 4, 4 }, { end, 4 } };
	int fd = open("/fault", O_RDWR | O_CREAT, 0600);

	CHECK(pages != MAP_FAILED);
	CHECK_EQ(munmap(end, PAGE_SIZE), 0);
	memcpy(end - 4, "good", 4);
	FAILS(write(fd, end, 4), EFAULT);
	CHECK_EQ(size_of("/fault"), 0);
	CHECK_EQ(write(fd, end - 4, 100), 4);     /* a new page */
	CHECK_EQ(pwrite(fd, end - 4, 100, 2), 4); /* an old one */
	CHECK(holds("/fault", "gogood"));
	CHECK_EQ(pwritev(fd, parts, 2, 0), 4);
	FAILS(pread(fd, end, 1, 0), EFAULT);
	CHECK_EQ(pread(fd, end - 2, 6, 0), 2);
	CHECK(memcmp(end - 2, "go", 2) == 0);
	FAILS(pread(fd, (void *)8, 1, 0), EFAULT);
	CHECK_EQ(pread(fd, (void *)8, 1, 100), 0); /* nothing to store */
	CHECK_EQ(write(fd, (void *)8, 0), 0);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/fault"), 0);
	CHECK_EQ(munmap(pages, PAGE_SIZE), 0);
}

TEST(counts_and_modes_are_checked)
{
	char byte;
	int fd = file_with("/mode", "x");
	int reader = open("/mode", O_RDONLY);

	FAILS(write(reader, "y", 1), EBADF);
	FAILS(ftruncate(reader, 0), EINVAL);
	FAILS(read(fd, &byte, (size_t)-5), EINVAL);
	FAILS(pread(fd, &byte, 1, -1), EINVAL);
	FAILS(pwrite(fd, &byte, 1, -1), EINVAL);
	FAILS(pread(1, &byte, 1, 0), ESPIPE);
	FAILS(pwrite(1, &byte, 1, 0), ESPIPE);
	FAILS(ftruncate(fd, -1), EINVAL);
	FAILS(ftruncate(1, 0), EINVAL);
	FAILS(truncate("/mode", -1), EINVAL);
	FAILS(truncate("/", 0), EISDIR);
	FAILS(pwrite(fd, "x", 1, LONG_MAX), EFBIG);
	CHECK_EQ(close(reader), 0);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink("/mode"), 0);
}
