/* SPDX-License-Identifier: MIT */
/* Memory: the heap, mappings, and the kernel's own interface beside them. */
#define _GNU_SOURCE
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "soak.h"

#define PAGE 4096ul

void deed_heap(struct soaker *soaker)
{
	void *blocks[64];
	unsigned long sizes[64];
	unsigned int i;

	for (i = 0; i < 64; i++) {
		sizes[i] = 1 + soak_choose(soaker, i % 8 ? 512 : 40000);
		blocks[i] = malloc(sizes[i]);
		if (blocks[i])
			soak_fill(blocks[i], sizes[i], soaker->id + i);
	}
	for (i = 0; i < 64; i++) {
		if (blocks[i])
			soak_expect(blocks[i], sizes[i], soaker->id + i);
		free(blocks[i]);
	}
}

void deed_realloc(struct soaker *soaker)
{
	unsigned long size = 1 + soak_choose(soaker, 5000);
	char *block = malloc(size);
	unsigned int i;

	if (!block)
		return;
	soak_fill(block, size, soaker->id);
	for (i = 0; i < 6; i++) {
		unsigned long larger = size * 3;
		char *moved = realloc(block, larger);

		if (!moved)
			break;
		block = moved;
		soak_expect(block, size, soaker->id);
		size = larger;
		soak_fill(block, size, soaker->id);
	}
	free(block);
}

void deed_mmap(struct soaker *soaker)
{
	unsigned long pages = 1 + soak_choose(soaker, 64);
	unsigned long hole = soak_choose(soaker, (uint32_t)pages);
	char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
	                MAP_PRIVATE | MAP_ANONYMOUS |
	                        (soak_choose(soaker, 2) ? MAP_NORESERVE : 0),
	                -1, 0);

	if (at == MAP_FAILED)
		return;
	SOAK_CHECK(at[0] == 0 && at[pages * PAGE - 1] == 0);
	soak_fill(at, pages * PAGE, soaker->id);
	SOAK_CHECK(mprotect(at, PAGE, PROT_READ) == 0);
	soak_expect(at, pages * PAGE, soaker->id);
	SOAK_CHECK(munmap(at + hole * PAGE, PAGE) == 0);
	SOAK_CHECK(munmap(at, pages * PAGE) == 0);
}

void deed_mremap(struct soaker *soaker)
{
	unsigned long pages = 1 + soak_choose(soaker, 200);
	char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
	                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *moved;

	if (at == MAP_FAILED)
		return;
	soak_fill(at, pages * PAGE, soaker->id);
	moved = mremap(at, pages * PAGE, 2 * pages * PAGE, MREMAP_MAYMOVE);
	if (moved == MAP_FAILED) {
		munmap(at, pages * PAGE);
		return;
	}
	soak_expect(moved, pages * PAGE, soaker->id);
	SOAK_CHECK(moved[pages * PAGE] == 0);
	SOAK_CHECK(munmap(moved, 2 * pages * PAGE) == 0);
}

void deed_vmalloc(struct soaker *soaker)
{
	unsigned long bytes = 1 + soak_choose(soaker, 300000);
	char *at = vmalloc(bytes);

	if (!at)
		return;
	soak_fill(at, bytes, soaker->id);
	soak_expect(at, bytes, soaker->id);
	vfree(at);
}

void deed_map_ram(struct soaker *soaker)
{
	struct page *pages[32];
	unsigned int count = 1 + soak_choose(soaker, 32);
	unsigned int got = 0, i;
	void *at = NULL;

	while (got < count && (pages[got] = alloc_page(GFP_KERNEL)))
		got++;
	if (got == count)
		at = vm_map_ram(pages, count, -1, PAGE_KERNEL);
	if (at) {
		soak_fill(at, count * PAGE, soaker->id);
		for (i = 0; i < count; i++)
			SOAK_CHECK(memcmp(page_address(pages[i]),
			                  (char *)at + i * PAGE, PAGE) == 0);
		vm_unmap_ram(at, count);
	}
	for (i = 0; i < got; i++)
		__free_page(pages[i]);
}
