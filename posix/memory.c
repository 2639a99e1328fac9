/* SPDX-License-Identifier: MIT */
/*
 * mmap(), munmap(), mprotect(): their arguments, as Linux reads them. Write and
 * execute together are refused: no page of this image is ever both.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <stdbool.h>

#include "posix/file.h"
#include "posix/mapping_internal.h"
#include "posix/syscalls.h"

#define FLAGS_KNOWN                                                   \
	(MAP_TYPE | MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_ANONYMOUS | \
	 MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK |    \
	 MAP_LOCKED | MAP_DENYWRITE | MAP_EXECUTABLE)
#define FIXED (MAP_FIXED | MAP_FIXED_NOREPLACE)

struct request {
	vaddr_t at;
	size_t size;
	int prot;
	int flags;
	int fd;
	uint64_t offset;
};

static bool is_shared(const struct request *request)
{
	return (request->flags & MAP_TYPE) != MAP_PRIVATE;
}

static int check_prot(int prot)
{
	if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC))
		return -EINVAL;
	return prot & PROT_WRITE && prot & PROT_EXEC ? -EACCES : 0;
}

static int check_flags(const struct request *request)
{
	const int kind = request->flags & MAP_TYPE;

	if (request->size == 0 || request->flags & MAP_GROWSDOWN ||
	    (kind != MAP_PRIVATE && kind != MAP_SHARED &&
	     kind != MAP_SHARED_VALIDATE))
		return -EINVAL;
	if (kind == MAP_SHARED_VALIDATE && request->flags & ~FLAGS_KNOWN)
		return -EOPNOTSUPP;
	return request->flags & MAP_HUGETLB ? -ENOMEM : 0;
}

static int check_place(const struct request *request)
{
	const size_t size = PAGE_ALIGN(request->size);
	if (!IS_ALIGNED(request->offset, PAGE_SIZE) ||
	    (request->flags & FIXED && !IS_ALIGNED(request->at, PAGE_SIZE)))
		return -EINVAL;
	if (request->size > VMALLOC_SIZE)
		return -ENOMEM;
	if (!(request->flags & MAP_ANONYMOUS) &&
	    request->offset + size < request->offset)
		return -EOVERFLOW;
	if (request->flags & FIXED && (!is_vmalloc_addr((void *)request->at) ||
	                               size > VMALLOC_END - request->at))
		return -ENOMEM;
	return 0;
}

/* The file of the request, as it was opened; its reference is the region's. */
static int take_file(const struct request *request, struct region *region)
{
	struct file *file;
	int err = 0;

	if (request->flags & MAP_ANONYMOUS)
		return 0;
	file = file_get(request->fd);
	if (!file)
		return -EBADF;
	region->file = file;
	region->offset = request->offset;
	if (!file_may_read(file))
		err = -EACCES;
	else if (!file->ops->pages || !file->ops->size)
		err = -ENODEV;
	else if (is_shared(request) && !file_may_write(file))
		region->flags |= REGION_READ_ONLY;
	if (!err && region->flags & REGION_READ_ONLY &&
	    request->prot & PROT_WRITE)
		err = -EACCES;
	return err;
}

static unsigned int flags_of(const struct request *request)
{
	const int now = request->flags & (MAP_POPULATE | MAP_LOCKED);
	unsigned int flags = is_shared(request) ? REGION_SHARED : 0;

	if (request->flags & MAP_STACK || now)
		flags |= REGION_EAGER;
	if (request->flags & MAP_NORESERVE && !now)
		flags |= REGION_NORESERVE;
	return flags;
}

static int map_near(vaddr_t hint, const struct request *request,
                    struct region *region, const void *caller)
{
	region->start = 0;
	region->end = PAGE_ALIGN(request->size);
	return mapping_create(region, hint, caller);
}

/* Near the hint if nothing is there, else anywhere. */
static int map_anywhere(const struct request *request, struct region *region,
                        const void *caller)
{
	const vaddr_t hint = ALIGN_DOWN(request->at, PAGE_SIZE);

	if (unlikely(hint && is_vmalloc_addr((void *)hint)) &&
	    map_near(hint, request, region, caller) == 0)
		return 0;
	return map_near(0, request, region, caller);
}

static int map_fixed(const struct request *request, struct region *region,
                     const void *caller)
{
	const bool replace = !(request->flags & MAP_FIXED_NOREPLACE);
	int err;

	region->start = request->at;
	region->end = request->at + PAGE_ALIGN(request->size);
	mutex_lock(&mappings_mutex);
	err = mapping_place(region, replace, caller);
	mutex_unlock(&mappings_mutex);
	return err;
}

static long map(const struct request *request, const void *caller)
{
	struct region *region = kmalloc(sizeof(*region), GFP_KERNEL);
	vaddr_t start;
	int err;

	if (unlikely(!region))
		return -ENOMEM;
	region->next = NULL;
	region->file = NULL;
	region->offset = 0;
	region->prot = (unsigned int)request->prot;
	region->flags = flags_of(request);
	err = take_file(request, region);
	if (unlikely(err)) {
		region_free(region);
		return err;
	}
	if (unlikely(request->flags & FIXED)) {
		start = request->at;
		err = map_fixed(request, region, caller);
	} else {
		err = map_anywhere(request, region, caller);
		start = region->start;
	}
	if (unlikely(err))
		region_free(region);
	return err ? err : (long)start;
}

SYSCALL(mmap,
        (vaddr_t at, size_t size, int prot, int flags, int fd, uint64_t offset),
        a, b, c, d, e, f)
{
	const struct request request = { at, size, prot, flags, fd, offset };
	int err = check_flags(&request);

	if (!err)
		err = check_place(&request);
	if (!err)
		err = check_prot(prot);
	return err ? err : map(&request, CALLER());
}

int memory_range(vaddr_t start, size_t size, vaddr_t *end_out)
{
	const size_t bytes = PAGE_ALIGN(size);

	if (!IS_ALIGNED(start, PAGE_SIZE))
		return -EINVAL;
	if (bytes < size || start + bytes < start)
		return -ENOMEM;
	*end_out = start + bytes;
	return 0;
}

/* The kernel's own areas are no application's to unmap. */
static bool holds_foreign(vaddr_t start, vaddr_t end)
{
	struct vm_area *area = vm_area_next(start, end, 0);

	for (; area; area = vm_area_next(area_end(area), end, 0)) {
		if (!(area->vm.flags & VM_MMAP))
			return true;
		if (area_end(area) >= end)
			break;
	}
	return false;
}

SYSCALL(munmap, (vaddr_t at, size_t size), a, b)
{
	vaddr_t end;
	int err;

	if (memory_range(at, size, &end) != 0 || size == 0 ||
	    !is_vmalloc_addr((void *)at) || end > VMALLOC_END)
		return -EINVAL;
	if (likely(mapping_unmap_whole(at, end, CALLER())))
		return 0;
	mutex_lock(&mappings_mutex);
	if (holds_foreign(at, end))
		err = -EINVAL;
	else
		err = mapping_unmap(at, end, CALLER());
	mutex_unlock(&mappings_mutex);
	return err;
}

struct change {
	unsigned int prot;
	bool takes_rights; /* of some page: other harts must hear of it */
};

static int check_region(struct vm_area *area, struct region *region,
                        vaddr_t start, vaddr_t end, void *context)
{
	struct change *change = context;

	(void)area, (void)start, (void)end;
	if (region->flags & REGION_READ_ONLY && change->prot & PROT_WRITE)
		return -EACCES;
	if (region->prot & ~change->prot)
		change->takes_rights = true;
	return 0;
}

/*
 * What is to be there at once, before it is permitted: memory that becomes
 * accessible, or is asked for once more after MADV_DONTNEED (so do allocators).
 */
static int back_part(struct vm_area *area, struct region *region, vaddr_t start,
                     vaddr_t end, void *context)
{
	const struct change *change = context;
	struct region part = *region;

	part.start = start;
	part.end = end;
	part.prot = change->prot;
	if (region->file || area->vm.flags & VM_SIMPLE ||
	    (region->prot != PROT_NONE && !(change->prot & PROT_WRITE)))
		return 0;
	if (region_is_eager(&part))
		return mapping_populate(area, region, start, end);
	mapping_faults_enable();
	return 0;
}

static void change_regions(vaddr_t start, vaddr_t end, unsigned int prot,
                           struct region_spares *spares)
{
	struct vm_area *area = mapping_next(start, end);

	for (; area; area = mapping_next(area_end(area), end)) {
		const vaddr_t first = higher(start, area_start(area));
		const vaddr_t last = lower(end, area_usable_end(area));

		if (prot == PROT_NONE)
			area->vm.flags &= ~VM_SIMPLE;
		region_protect(area, first, last, prot, spares);
		region_merge(area);
		if (area_end(area) >= end)
			break;
	}
}

static void change_pages(vaddr_t start, vaddr_t end,
                         const struct change *change, pgprot_t prot)
{
	struct vm_area *area = mapping_next(start, end);

	for (; area; area = mapping_next(area_end(area), end)) {
		const vaddr_t first = higher(start, area_start(area));
		const vaddr_t last = lower(end, area_usable_end(area));

		sparse_protect(first, last, prot);
		if (change->takes_rights)
			mapping_flush(area, first, last);
		if (area_end(area) >= end)
			break;
	}
	if (change->prot & PROT_EXEC)
		harts_synchronise();
}

/* Regions first: a page fault that comes between gives what will be. */
static int protect(vaddr_t start, vaddr_t end, struct change *change)
{
	struct region_spares spares;
	pgprot_t prot;
	int err = mapping_prot(change->prot, &prot);

	if (err)
		return err;
	if (!mapping_covers(start, end))
		return -ENOMEM;
	err = mapping_for_each(start, end, check_region, change);
	if (err)
		return err;
	if (!region_spares_get(&spares))
		return -ENOMEM;
	err = mapping_split_ends(start, end);
	if (!err && change->prot != PROT_NONE)
		err = mapping_for_each(start, end, back_part, change);
	if (!err) {
		change_regions(start, end, change->prot, &spares);
		change_pages(start, end, change, prot);
	}
	region_spares_put(&spares);
	return err;
}

SYSCALL(mprotect, (vaddr_t at, size_t size, int prot), a, b, c)
{
	struct change change = { .prot = (unsigned int)prot };
	vaddr_t end;
	int err = memory_range(at, size, &end);

	if (err || size == 0)
		return err;
	mutex_lock(&mappings_mutex);
	err = protect(at, end, &change);
	mutex_unlock(&mappings_mutex);
	return err;
}
