/* SPDX-License-Identifier: MIT */
/*
 * vread and vwrite against a byte model (contract 1.13, I-13): a stretch of the
 * window with every kind of neighbour, and random ranges across all of it.
 */
#include <limits.h>
#include <linux/io.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "core/machine.h"
#include "mm/vm_area.h"
#include "pages.h"
#include "test.h"

#define SPAN (66 * PAGE_SIZE)
#define EDGE 64

/*
 * The model: for each byte of the span what vread gives (0 where nobody lives),
 * and for each page whether a live area holds it.
 */
static unsigned char value[SPAN];
static bool live[SPAN / PAGE_SIZE];
static unsigned char buffer[SPAN + 2 * EDGE];

static void model_add(char *base, char *area, size_t bytes)
{
	memset(live + (area - base) / PAGE_SIZE, true, bytes / PAGE_SIZE);
	memcpy(value + (area - base), area, bytes);
}

static bool model_has(size_t offset, size_t count)
{
	for (; count > 0; offset++, count--)
		if (live[offset / PAGE_SIZE])
			return true;
	return false;
}

static void check_read(char *base, size_t offset, size_t count)
{
	bool hit = model_has(offset, count);
	long got;

	memset(buffer, 0xcc, count + 2 * EDGE);
	got = vread((char *)buffer + EDGE, base + offset, count);
	CHECK_EQ(got, hit ? count : 0);
	if (hit)
		CHECK(memcmp(buffer + EDGE, value + offset, count) == 0);
	else
		CHECK(is_all(buffer + EDGE, count, 0xcc));
	CHECK(is_all(buffer, EDGE, 0xcc));
	CHECK(is_all(buffer + EDGE + count, EDGE, 0xcc));
}

struct scene {
	struct vm_struct *room, *hole, *io;
	char *base, *a, *ro, *tail;
};

static char *place(struct scene *scene, unsigned long page, unsigned long pages,
                   pgprot_t prot)
{
	unsigned long at = (unsigned long)scene->base + page * PAGE_SIZE;
	unsigned long end = at + (pages + 1) * PAGE_SIZE;
	char *p = __vmalloc_node_range(pages * PAGE_SIZE, 1, at, end,
	                               GFP_KERNEL, prot, -1, CALLER());

	CHECK_EQ(p, at);
	return p;
}

/* vmalloc 4..9 | guard | hole | read-only 20..22 | ioremap 30..32 | 40..60 */
static void scene_make(struct scene *scene)
{
	scene->room = get_vm_area(SPAN, VM_MAP);
	CHECK(scene->room);
	scene->base = scene->room->addr;
	free_vm_area(scene->room);
	vmap_drain();
	memset(value, 0, sizeof(value));
	memset(live, 0, sizeof(live));
	scene->a = place(scene, 4, 5, PAGE_KERNEL);
	pattern_fill(scene->a, 5 * PAGE_SIZE, 1);
	scene->ro = place(scene, 20, 2, PAGE_KERNEL_RO);
	for (unsigned int i = 0; i < 2; i++) {
		pattern_fill(page_address(vmalloc_to_page(scene->ro +
		                                          i * PAGE_SIZE)),
		             PAGE_SIZE, i);
	}
	scene->io = __get_vm_area(2 * PAGE_SIZE, VM_IOREMAP,
	                          (unsigned long)scene->base + 30 * PAGE_SIZE,
	                          (unsigned long)scene->base + 34 * PAGE_SIZE);
	CHECK(scene->io);
	CHECK_EQ(ioremap_page_range((unsigned long)scene->io->addr,
	                            (unsigned long)scene->io->addr +
	                                    2 * PAGE_SIZE,
	                            machine.uart.base, PAGE_KERNEL_NOCACHE),
	         0);
	scene->tail = place(scene, 40, 20, PAGE_KERNEL);
	pattern_fill(scene->tail, 20 * PAGE_SIZE, 2);
	model_add(scene->base, scene->a, 5 * PAGE_SIZE);
	model_add(scene->base, scene->ro, 2 * PAGE_SIZE);
	model_add(scene->base, scene->tail, 20 * PAGE_SIZE);
}

static void scene_end(struct scene *scene)
{
	vfree(scene->a);
	vfree(scene->ro);
	vfree(scene->tail);
	free_vm_area(scene->io);
}

TEST(vread_is_the_byte_model_at_every_edge)
{
	static const int edges[] = { 4, 9, 10, 20, 22, 23, 30, 33, 40, 60, 61 };
	static const size_t counts[] = { 1,    2,    7,    8,       9,
		                         4095, 4096, 4097, 3 * 4096 };
	struct scene scene;

	scene_make(&scene);
	for (unsigned int e = 0; e < ARRAY_SIZE(edges); e++) {
		for (int shift = -9; shift <= 9; shift++) {
			for (unsigned int c = 0; c < ARRAY_SIZE(counts);
			     c += 2) {
				check_read(
					scene.base,
					(size_t)((long)(edges[e] * PAGE_SIZE) +
				                 shift),
					counts[c]);
			}
		}
	}
	scene_end(&scene);
}

TEST(vread_is_the_byte_model_for_random_ranges)
{
	struct scene scene;

	scene_make(&scene);
	for (unsigned int i = 0; i < 400; i++) {
		size_t offset = test_random() % SPAN;
		size_t most = SPAN - offset < 9 * PAGE_SIZE ? SPAN - offset
		                                            : 9 * PAGE_SIZE;

		check_read(scene.base, offset, test_random() % most + 1);
	}
	check_read(scene.base, 0, SPAN);
	scene_end(&scene);
}

TEST(vwrite_changes_live_bytes_only)
{
	struct scene scene;

	scene_make(&scene);
	for (unsigned int i = 0; i < 200; i++) {
		size_t offset = test_random() % (SPAN - 9 * PAGE_SIZE);
		size_t count = test_random() % (9 * PAGE_SIZE) + 1;
		bool hit = model_has(offset, count);

		memset(buffer, (int)i, count);
		CHECK_EQ(vwrite((char *)buffer, scene.base + offset, count),
		         hit ? count : 0);
		for (size_t n = offset; n < offset + count; n++)
			if (live[n / PAGE_SIZE])
				value[n] = (unsigned char)i;
	}
	check_read(scene.base, 0, SPAN);
	scene_end(&scene);
}

TEST(vwrite_bypasses_read_only_protection)
{
	char *p = __vmalloc(PAGE_SIZE, GFP_KERNEL, PAGE_KERNEL_RO);
	char text[] = "through the direct map";

	CHECK(p && !can_write(p));
	CHECK_EQ(vwrite(text, p + 5, sizeof(text)), sizeof(text));
	CHECK(memcmp(p + 5, text, sizeof(text)) == 0);
	vfree(p);
}

TEST(nothing_is_read_or_written_for_nothing)
{
	static char byte; /* the stack is an area */
	char *p = vmalloc(PAGE_SIZE);

	CHECK(p);
	byte = 1;
	CHECK_EQ(vread(&byte, p, 0), 0);
	CHECK_EQ(vwrite(&byte, p, 0), 0);
	CHECK_EQ(vread(&byte, &byte, 1), 0);
	CHECK_EQ(vread(&byte, NULL, 1), 0);
	CHECK_EQ(byte, 1);
	vfree(p);
}

TEST(count_is_clipped_where_the_address_would_wrap)
{
	char some[16];

	memset(some, 0x77, sizeof(some));
	CHECK_EQ(vread(some, (char *)ULONG_MAX - 7, 16), 0);
	CHECK_EQ(vwrite(some, (char *)ULONG_MAX - 7, 16), 0);
	CHECK(is_all(some, sizeof(some), 0x77));
}

/* B46: five mappings in one block, any byte range of them. */
TEST(vread_of_map_ram_mappings_is_exact)
{
	static const unsigned int counts[] = { 3, 1, 4, 2, 8 };
	struct page **pages = pages_alloc(18);
	static char expect[8 * PAGE_SIZE];
	char *at[5];
	unsigned int first = 0;

	for (unsigned int i = 0; i < 18; i++)
		pattern_fill(page_address(pages[i]), PAGE_SIZE, i);
	for (unsigned int m = 0; m < 5; first += counts[m++]) {
		at[m] = vm_map_ram(pages + first, counts[m], -1, PAGE_KERNEL);
		CHECK(at[m]);
	}
	for (unsigned int i = 0; i < 500; i++) {
		unsigned int m = i % 5;
		size_t bytes = counts[m] * PAGE_SIZE;
		size_t offset = test_random() % bytes;
		size_t count = test_random() % (bytes - offset) + 1;

		memcpy(expect, at[m] + offset, count);
		memset(buffer, 0xcc, count + 1);
		CHECK_EQ(vread((char *)buffer, at[m] + offset, count), count);
		CHECK(memcmp(buffer, expect, count) == 0);
		CHECK_EQ(buffer[count], 0xcc);
	}
	for (unsigned int m = 0; m < 5; m++)
		vm_unmap_ram(at[m], counts[m]);
	CHECK_EQ(vread((char *)buffer, at[4], 8 * PAGE_SIZE), 0);
	pages_free(pages, 18);
}

TEST(vread_works_across_a_huge_leaf)
{
	char *p = vmalloc_huge(LEAF_TABLE_SIZE + PAGE_SIZE, GFP_KERNEL);

	CHECK(p);
	pattern_fill(p, LEAF_TABLE_SIZE + PAGE_SIZE, 6);
	CHECK_EQ(vread((char *)buffer, p + LEAF_TABLE_SIZE - 5000, 9000), 9000);
	CHECK(memcmp(buffer, p + LEAF_TABLE_SIZE - 5000, 9000) == 0);
	vfree(p);
}

TEST(page_that_is_not_mapped_reads_as_zero_and_is_skipped)
{
	struct page **pages = pages_alloc(3);
	struct vm_struct *vm = get_vm_area(5 * PAGE_SIZE, VM_MAP);
	unsigned long at;

	CHECK(vm);
	at = (unsigned long)vm->addr;
	for (unsigned int i = 0; i < 3; i++)
		memset(page_address(pages[i]), (int)i + 1, PAGE_SIZE);
	/* 1, nothing, 2, nothing, 3 */
	for (unsigned int i = 0; i < 3; i++) {
		CHECK_EQ(map_kernel_range_noflush(at + i * 2 * PAGE_SIZE,
		                                  PAGE_SIZE, PAGE_KERNEL,
		                                  pages + i),
		         1);
	}
	memset(buffer, 0xcc, 5 * PAGE_SIZE);
	CHECK_EQ(vread((char *)buffer, vm->addr, 5 * PAGE_SIZE), 5 * PAGE_SIZE);
	CHECK(is_all(buffer, PAGE_SIZE, 1));
	CHECK(is_all(buffer + PAGE_SIZE, PAGE_SIZE, 0));
	CHECK(is_all(buffer + 3 * PAGE_SIZE, PAGE_SIZE, 0));
	CHECK(is_all(buffer + 4 * PAGE_SIZE, PAGE_SIZE, 3));
	memset(buffer, 0x99, 5 * PAGE_SIZE);
	CHECK_EQ(vwrite((char *)buffer, vm->addr, 5 * PAGE_SIZE),
	         5 * PAGE_SIZE);
	CHECK(is_all(page_address(pages[2]), PAGE_SIZE, 0x99));
	free_vm_area(vm);
	pages_free(pages, 3);
}

TEST(freed_area_is_a_hole)
{
	char *p = vmalloc(PAGE_SIZE), byte = 5;

	CHECK(p);
	vfree(p);
	CHECK_EQ(vread(&byte, p, 1), 0);
	CHECK_EQ(vwrite(&byte, p, 1), 0);
	CHECK_EQ(byte, 5);
}

TEST(nothing_is_read_from_the_bottom_of_the_address_space)
{
	char byte = 5;

	CHECK_EQ(vread(&byte, NULL, 0), 0);
	CHECK_EQ(vwrite(&byte, NULL, 0), 0);
	CHECK_EQ(vread(&byte, (char *)VMALLOC_START - 1, 1), 0);
	CHECK_EQ(vread(&byte, (char *)VMALLOC_END, 1), 0);
	CHECK_EQ(byte, 5);
}

/* An area with nothing above it: no more of the buffer is used than it has. */
TEST(count_that_would_wrap_is_returned_clipped)
{
	char *p = __vmalloc_node_range(PAGE_SIZE, 1,
	                               VMALLOC_END - 2 * PAGE_SIZE, VMALLOC_END,
	                               GFP_KERNEL, PAGE_KERNEL, -1, CALLER());

	CHECK(p);
	memset(buffer, 0x31, PAGE_SIZE);
	CHECK_EQ(vwrite((char *)buffer, p, ULONG_MAX), -(unsigned long)p);
	CHECK_EQ(vwrite((char *)buffer, p, -(unsigned long)p),
	         -(unsigned long)p);
	CHECK(is_all(p, PAGE_SIZE, 0x31));
	vfree(p);
}
