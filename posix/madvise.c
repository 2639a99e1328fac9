/* SPDX-License-Identifier: MIT */
/*
 * madvise(). Advice about what will be needed is followed where it costs nothing
 * to follow it; DONTNEED and FREE give memory back at once, since nothing here
 * ever looks for memory that could be taken.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "posix/file.h"
#include "posix/mapping_internal.h"
#include "posix/syscalls.h"

/* Linux's; musl does not name them. */
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23

/* Private memory reads as zero, or as its file, from now on. */
static int give_up(struct vm_area *area, struct region *region, vaddr_t start,
                   vaddr_t end, void *unused)
{
	struct region part = *region;

	(void)unused;
	if (region->flags & REGION_SHARED)
		return 0;
	area->vm.flags &= ~VM_SIMPLE;
	mapping_faults_enable();
	sparse_drop(area, start, end, false);
	mapping_flush(area, start, end);
	if (!region->file)
		return 0;
	part.start = start;
	part.end = end;
	part.offset += start - region->start;
	return mapping_fill_from_file(area, &part);
}

static int check_private(struct vm_area *area, struct region *region,
                         vaddr_t start, vaddr_t end, void *unused)
{
	(void)area, (void)start, (void)end, (void)unused;
	return region->flags & REGION_SHARED || region->file ? -EINVAL : 0;
}

static int bring(struct vm_area *area, struct region *region, vaddr_t start,
                 vaddr_t end, void *unused)
{
	(void)unused;
	if (region->file || region->prot == PROT_NONE)
		return 0;
	return mapping_populate(area, region, start, end);
}

static int follow(vaddr_t start, vaddr_t end, int advice)
{
	int err = 0;

	switch (advice) {
	case MADV_FREE:
		err = mapping_for_each(start, end, check_private, NULL);
		if (err)
			return err;
		/* fallthrough */
	case MADV_DONTNEED:
		err = mapping_split_ends(start, end);
		return err ? err : mapping_for_each(start, end, give_up, NULL);
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return mapping_for_each(start, end, bring, NULL);
	case MADV_WILLNEED:
		(void)mapping_for_each(start, end, bring, NULL);
		return 0;
	default:
		return 0;
	}
}

static bool is_known(int advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_DONTNEED:
	case MADV_FREE:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return true;
	default:
		return false;
	}
}

/* What is mapped is advised, and holes are then -ENOMEM. */
SYSCALL(madvise, (vaddr_t at, size_t size, int advice), a, b, c)
{
	vaddr_t end;
	int err;

	if (!is_known(advice) || memory_range(at, size, &end) != 0)
		return -EINVAL;
	if (size == 0)
		return 0;
	mutex_lock(&mappings_mutex);
	err = follow(at, end, advice);
	if (!err && !mapping_covers(at, end))
		err = -ENOMEM;
	mutex_unlock(&mappings_mutex);
	return err;
}
