/* SPDX-License-Identifier: MIT */
/*
 * Files in memory. MAP_SHARED shows the file's own pages; each has a reference of
 * the mapping's, which goes when it is unmapped. MAP_PRIVATE has copies, made at
 * once: no fault ever waits for a file. Pages behind the end of the file are not
 * there, and a file that grows later does not change that.
 */
#include <errno.h>
#include <linux/slab.h>
#include <string.h>

#include "lib/page_ops.h"
#include "mm/page_alloc.h"
#include "posix/file.h"
#include "posix/mapping_internal.h"

#define BATCH 32u

struct file_part {
	struct vm_area *area;
	const struct region *region;
	uint64_t size; /* of the file */
	pgprot_t prot;
};

static bool is_shared(const struct file_part *part)
{
	return part->region->flags & REGION_SHARED;
}

/* A copy of @page, zeroed behind the end of the file. NULL: no memory. */
static struct page *copy_of(const struct file_part *part, struct page *page,
                            uint64_t offset)
{
	struct page *copy = alloc_pages(GFP_KERNEL, 0);
	char *bytes;

	if (!copy)
		return NULL;
	bytes = page_address(copy);
	copy_page(bytes, page_address(page));
	if (part->size - offset < PAGE_SIZE)
		memset(bytes + (part->size - offset), 0,
		       PAGE_SIZE - (part->size - offset));
	return copy;
}

/* The page of the file at @offset, or a copy, to @va; takes the reference. */
static int map_page(const struct file_part *part, vaddr_t va, uint64_t offset,
                    struct page *page)
{
	struct page *mapped = page;
	int err;

	if (!is_shared(part)) {
		mapped = copy_of(part, page, offset);
		put_page(page);
	}
	err = mapped ? sparse_map(part->area, va, mapped, part->prot) : -ENOMEM;
	if (err && mapped)
		put_page(mapped);
	return err;
}

static int map_batch(const struct file_part *part, vaddr_t va, size_t count)
{
	const struct region *region = part->region;
	const uint64_t offset = region->offset + (va - region->start);
	const bool write =
		is_shared(part) && !(region->flags & REGION_READ_ONLY);
	struct page *pages[BATCH];
	int err = region->file->ops->pages(region->file, offset >> PAGE_SHIFT,
	                                   count, write, pages);
	size_t i;

	if (err)
		return err;
	for (i = 0; i < count; i++) {
		if (err)
			put_page(pages[i]);
		else
			err = map_page(part, va + (i << PAGE_SHIFT),
			               offset + (i << PAGE_SHIFT), pages[i]);
	}
	return err;
}

/* Pages of the region that the file has. */
static size_t pages_there(const struct file_part *part)
{
	const struct region *region = part->region;
	uint64_t bytes = region->end - region->start;

	if (part->size <= region->offset)
		return 0;
	if (bytes > part->size - region->offset)
		bytes = part->size - region->offset;
	return PFN_UP(bytes);
}

int mapping_fill_from_file(struct vm_area *area, const struct region *region)
{
	const off_t size = region->file->ops->size(region->file);
	struct file_part part = { .area = area,
		                  .region = region,
		                  .size = (uint64_t)size };
	size_t left;
	size_t done;
	int err = size < 0 ? (int)size : mapping_prot(region->prot, &part.prot);

	mapping_faults_enable();
	left = err ? 0 : pages_there(&part);
	for (done = 0; left > 0 && !err;) {
		const size_t now = left < BATCH ? left : BATCH;

		err = map_batch(&part, region->start + (done << PAGE_SHIFT),
		                now);
		done += now;
		left -= now;
	}
	if (err)
		sparse_drop(area, region->start, region->end, is_shared(&part));
	else if (region->prot & PROT_EXEC)
		harts_synchronise();
	return err;
}
