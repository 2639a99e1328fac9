/* SPDX-License-Identifier: MIT */
/*
 * What there is to say about pages that never go away by themselves: mlock() only
 * brings those that would come with their first access; msync() and mincore().
 */
#define _GNU_SOURCE
#include <errno.h>

#include "core/user_access.h"
#include "posix/file.h"
#include "posix/mapping_internal.h"
#include "posix/syscalls.h"

#define MLOCK_ONFAULT_ 1u
#define MCL_ALL        (MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)

static int bring(struct vm_area *area, struct region *region, vaddr_t start,
                 vaddr_t end, void *unused)
{
	(void)unused;
	if (region->file || region->prot == PROT_NONE)
		return 0;
	return mapping_populate(area, region, start, end) ? -EAGAIN : 0;
}

/* The start need not be aligned. -ENOMEM: some of it is not mapped. */
static int lock_range(vaddr_t at, size_t size, bool now)
{
	const vaddr_t start = ALIGN_DOWN(at, PAGE_SIZE);
	const vaddr_t end = PAGE_ALIGN(at + size);
	int err;

	if (at + size < at || end < start)
		return -EINVAL;
	if (size == 0)
		return 0;
	mutex_lock(&mappings_mutex);
	err = mapping_covers(start, end) ? 0 : -ENOMEM;
	if (!err && now)
		err = mapping_for_each(start, end, bring, NULL);
	mutex_unlock(&mappings_mutex);
	return err;
}

SYSCALL(mlock, (vaddr_t at, size_t size), a, b)
{
	return lock_range(at, size, true);
}

SYSCALL(mlock2, (vaddr_t at, size_t size, unsigned int flags), a, b, c)
{
	if (flags & ~MLOCK_ONFAULT_)
		return -EINVAL;
	return lock_range(at, size, flags == 0);
}

SYSCALL(munlock, (vaddr_t at, size_t size), a, b)
{
	return lock_range(at, size, false);
}

SYSCALL(mlockall, (unsigned int flags), a)
{
	int err = 0;

	if (flags == 0 || flags & ~(unsigned int)MCL_ALL ||
	    flags == MCL_ONFAULT)
		return -EINVAL;
	mutex_lock(&mappings_mutex);
	if (flags & MCL_FUTURE && !(flags & MCL_ONFAULT))
		mappings_locked = true;
	if (flags & MCL_CURRENT && !(flags & MCL_ONFAULT))
		err = mapping_for_each(VMALLOC_START, VMALLOC_END, bring, NULL);
	mutex_unlock(&mappings_mutex);
	return err;
}

SYSCALL(munlockall, (void))
{
	mutex_lock(&mappings_mutex);
	mappings_locked = false;
	mutex_unlock(&mappings_mutex);
	return 0;
}

static int sync_region(struct vm_area *area, struct region *region,
                       vaddr_t start, vaddr_t end, void *unused)
{
	struct file *file = region->file;

	(void)area, (void)start, (void)end, (void)unused;
	if (!file || !(region->flags & REGION_SHARED) || !file->ops->sync)
		return 0;
	return file->ops->sync(file);
}

SYSCALL(msync, (vaddr_t at, size_t size, int flags), a, b, c)
{
	vaddr_t end;
	int err;

	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) ||
	    (flags & MS_ASYNC && flags & MS_SYNC))
		return -EINVAL;
	err = memory_range(at, size, &end);
	if (err || size == 0)
		return err;
	mutex_lock(&mappings_mutex);
	if (flags & MS_SYNC)
		err = mapping_for_each(at, end, sync_region, NULL);
	if (!err && !mapping_covers(at, end))
		err = -ENOMEM;
	mutex_unlock(&mappings_mutex);
	return err;
}

SYSCALL(mincore, (vaddr_t at, size_t size, unsigned char *vector), a, b,
        (unsigned char *)c)
{
	vaddr_t end;
	vaddr_t va;
	int err = memory_range(at, size, &end);

	if (err || size == 0)
		return err;
	mutex_lock(&mappings_mutex);
	err = mapping_covers(at, end) ? 0 : -ENOMEM;
	for (va = at; va < end && !err; va += PAGE_SIZE) {
		err = put_user((unsigned char)sparse_has(va), vector);
		vector++;
	}
	mutex_unlock(&mappings_mutex);
	return err;
}
