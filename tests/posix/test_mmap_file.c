/* SPDX-License-Identifier: MIT */
/* Files in memory: shared pages are the file's, private ones are copies. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/mm.h>
#include <signal.h>
#include <sys/mman.h>

#include "core/trap.h"
#include "files.h"
#include "mm/fault_inject.h"
#include "mm/page_alloc.h"
#include "pages.h"
#include "posix/mapping.h"

#define RW (PROT_READ | PROT_WRITE)

static char *map_file(int fd, size_t size, int prot, int flags, off_t offset)
{
	char *p = mmap(NULL, size, prot, flags, fd, offset);

	CHECK(p != MAP_FAILED);
	return p;
}

/* A file of @pages pages and a half, each page full of its number. */
static int numbered_file(const char *path, unsigned int pages)
{
	static char page[PAGE_SIZE];
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0644);

	CHECK(fd >= 0);
	for (unsigned int i = 0; i <= pages; i++) {
		const size_t bytes = i < pages ? PAGE_SIZE : PAGE_SIZE / 2;

		memset(page, (int)i + 1, bytes);
		CHECK_EQ(write(fd, page, bytes), bytes);
	}
	return fd;
}

static void remove_file(int fd, const char *path)
{
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(unlink(path), 0);
}

TEST(shared_memory_is_the_file)
{
	int fd = numbered_file("/m1", 3);
	char *p = map_file(fd, 4 * PAGE_SIZE, RW, MAP_SHARED, 0);
	char *q = map_file(fd, PAGE_SIZE, PROT_READ, MAP_SHARED, PAGE_SIZE);
	char byte;

	CHECK(is_all(p, PAGE_SIZE, 1) && is_all(p + PAGE_SIZE, PAGE_SIZE, 2));
	p[PAGE_SIZE] = 77;
	CHECK_EQ(q[0], 77);
	CHECK_EQ(pread(fd, &byte, 1, PAGE_SIZE), 1);
	CHECK_EQ(byte, 77);
	CHECK_EQ(pwrite(fd, "x", 1, PAGE_SIZE + 1), 1);
	CHECK_EQ(p[PAGE_SIZE + 1], 'x');
	CHECK(!can_write(q));
	CHECK_EQ(msync(p, 4 * PAGE_SIZE, MS_SYNC), 0);
	CHECK_EQ(munmap(q, PAGE_SIZE), 0);
	CHECK_EQ(munmap(p, 4 * PAGE_SIZE), 0);
	remove_file(fd, "/m1");
}

TEST(private_memory_is_a_copy)
{
	int fd = numbered_file("/m2", 3);
	char *p = map_file(fd, 4 * PAGE_SIZE, RW, MAP_PRIVATE, 0);
	char byte;

	CHECK(is_all(p + 2 * PAGE_SIZE, PAGE_SIZE, 3));
	memset(p, 99, PAGE_SIZE);
	CHECK_EQ(pread(fd, &byte, 1, 0), 1);
	CHECK_EQ(byte, 1);
	CHECK_EQ(madvise(p, PAGE_SIZE, MADV_DONTNEED), 0);
	CHECK(is_all(p, PAGE_SIZE, 1));
	CHECK_EQ(munmap(p, 4 * PAGE_SIZE), 0);
	remove_file(fd, "/m2");
}

TEST(a_mapping_outlives_descriptor_and_name)
{
	int fd = numbered_file("/m3", 1);
	char *p = map_file(fd, PAGE_SIZE, RW, MAP_SHARED, 0);

	remove_file(fd, "/m3");
	p[0] = 5;
	CHECK(p[0] == 5 && p[1] == 1);
	CHECK_EQ(munmap(p, PAGE_SIZE), 0);
}

static int signal_seen;

static bool skip_access(struct trap_frame *frame, int signal,
                        unsigned long address)
{
	(void)address;
	signal_seen = signal;
	frame->sepc += 4;
	return true;
}

static int signal_of_load(const char *p)
{
	signal_seen = 0;
	trap_set_fault_signal(skip_access);
	__asm__ volatile(".option push\n.option norvc\nlb zero, (%0)\n"
	                 ".option pop"
	                 :
	                 : "r"(p)
	                 : "memory");
	trap_set_fault_signal(NULL);
	return signal_seen;
}

TEST(behind_the_end_of_a_file_there_are_zeros_then_sigbus)
{
	static const int kinds[] = { MAP_SHARED, MAP_PRIVATE };

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		int fd = numbered_file("/m4", 1);
		char *p = map_file(fd, 4 * PAGE_SIZE, RW, kinds[i], 0);

		CHECK(is_all(p + PAGE_SIZE, PAGE_SIZE / 2, 2));
		CHECK(is_all(p + PAGE_SIZE * 3 / 2, PAGE_SIZE / 2, 0));
		CHECK_EQ(signal_of_load(p + 2 * PAGE_SIZE), SIGBUS);
		CHECK_EQ(signal_of_load(p + 4 * PAGE_SIZE), SIGSEGV);
		CHECK(!can_read(p + 3 * PAGE_SIZE));
		CHECK_EQ(munmap(p, 4 * PAGE_SIZE), 0);
		remove_file(fd, "/m4");
	}
}

TEST(rights_of_the_descriptor_count)
{
	int fd = numbered_file("/m5", 1);
	int reader = open("/m5", O_RDONLY);
	int writer = open("/m5", O_WRONLY);
	char *p;

	CHECK(reader >= 0 && writer >= 0);
	FAILS((long)mmap(NULL, 1, RW, MAP_SHARED, reader, 0), EACCES);
	FAILS((long)mmap(NULL, 1, PROT_READ, MAP_SHARED, writer, 0), EACCES);
	FAILS((long)mmap(NULL, 1, PROT_READ, MAP_PRIVATE, writer, 0), EACCES);
	p = map_file(reader, PAGE_SIZE, PROT_READ, MAP_SHARED, 0);
	FAILS(mprotect(p, PAGE_SIZE, RW), EACCES);
	CHECK(can_read(p) && !can_write(p));
	CHECK_EQ(munmap(p, PAGE_SIZE), 0);
	p = map_file(reader, PAGE_SIZE, RW, MAP_PRIVATE, 0);
	CHECK(can_write(p));
	CHECK_EQ(munmap(p, PAGE_SIZE), 0);
	CHECK_EQ(close(reader), 0);
	CHECK_EQ(close(writer), 0);
	remove_file(fd, "/m5");
}

TEST(what_is_no_file_in_memory_is_refused)
{
	int fd = numbered_file("/m6", 1);

	FAILS((long)mmap(NULL, 1, PROT_READ, MAP_PRIVATE, 1, 0), ENODEV);
	FAILS((long)mmap(NULL, 1, PROT_READ, MAP_PRIVATE, 99, 0), EBADF);
	FAILS((long)mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 100), EINVAL);
	FAILS((long)mmap(NULL, PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd,
	                 (off_t)(-PAGE_SIZE)),
	      EOVERFLOW);
	remove_file(fd, "/m6");
}

TEST(parts_of_a_file_mapping_go_and_move)
{
	int fd = numbered_file("/m7", 8);
	char *p = map_file(fd, 8 * PAGE_SIZE, RW, MAP_SHARED, 0), *q;

	CHECK_EQ(munmap(p + 2 * PAGE_SIZE, PAGE_SIZE), 0);
	CHECK_EQ(mprotect(p + 5 * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	CHECK(can_write(p + 4 * PAGE_SIZE) && !can_write(p + 5 * PAGE_SIZE));
	q = mremap(p + 3 * PAGE_SIZE, 2 * PAGE_SIZE, 4 * PAGE_SIZE,
	           MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED);
	for (unsigned int i = 0; i < 4; i++)
		CHECK(is_all(q + i * PAGE_SIZE, PAGE_SIZE,
		             (unsigned char)(i + 4)));
	q[3 * PAGE_SIZE] = 50;
	CHECK_EQ(p[6 * PAGE_SIZE], 50);
	CHECK_EQ(munmap(p, 8 * PAGE_SIZE), 0);
	CHECK_EQ(munmap(q, 4 * PAGE_SIZE), 0);
	remove_file(fd, "/m7");
}

TEST(a_file_takes_the_place_of_memory)
{
	int fd = numbered_file("/m8", 2);
	char *p = mmap(NULL, 4 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	               0);

	CHECK(p != MAP_FAILED);
	memset(p, 40, 4 * PAGE_SIZE);
	CHECK(mmap(p + PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ,
	           MAP_SHARED | MAP_FIXED, fd, 0) == p + PAGE_SIZE);
	CHECK(is_all(p, PAGE_SIZE, 40) && is_all(p + PAGE_SIZE, PAGE_SIZE, 1));
	CHECK(is_all(p + 2 * PAGE_SIZE, PAGE_SIZE, 2));
	CHECK(is_all(p + 3 * PAGE_SIZE, PAGE_SIZE, 40));
	CHECK_EQ(munmap(p, 4 * PAGE_SIZE), 0);
	remove_file(fd, "/m8");
}

static bool find_file(const struct mapping_note *note, void *context)
{
	struct mapping_note *found = context;

	if (!note->file)
		return true;
	*found = *note;
	return false;
}

TEST(a_visitor_sees_file_and_offset)
{
	int fd = numbered_file("/m9", 2);
	char *p = map_file(fd, PAGE_SIZE, PROT_READ, MAP_SHARED, PAGE_SIZE);
	struct mapping_note note = { 0 };

	mappings_visit(find_file, &note);
	CHECK_EQ(note.start, (vaddr_t)p);
	CHECK_EQ(note.end, (vaddr_t)p + PAGE_SIZE);
	CHECK_EQ(note.prot, PROT_READ);
	CHECK_EQ(note.flags, MAP_SHARED);
	CHECK_EQ(note.offset, PAGE_SIZE);
	CHECK_EQ(note.present, 1);
	CHECK_EQ(munmap(p, PAGE_SIZE), 0);
	remove_file(fd, "/m9");
}

/* Each allocation of a mapping fails once: no page, reference or area is left. */
TEST(failed_file_mappings_leave_nothing)
{
	static const enum fault_kind kinds[] = { FAULT_PAGE, FAULT_TABLE,
		                                 FAULT_SLAB, FAULT_VSPACE };
	int fd = numbered_file("/m10", 8);

	for (unsigned int k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (unsigned int nth = 1; nth < 14; nth++) {
			char *p;

			fault_inject_set(kinds[k], nth);
			p = mmap(NULL, 8 * PAGE_SIZE, RW,
			         nth & 1 ? MAP_PRIVATE : MAP_SHARED, fd, 0);
			fault_inject_set(kinds[k], 0);
			if (p == MAP_FAILED)
				CHECK_EQ(errno, ENOMEM);
			else
				CHECK_EQ(munmap(p, 8 * PAGE_SIZE), 0);
		}
	}
	remove_file(fd, "/m10");
}
