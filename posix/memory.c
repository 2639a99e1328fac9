/* SPDX-License-Identifier: MIT */
/*
 * mmap() and its family: anonymous memory only, backed at once. There are no
 * demand faults, so memory that was given is there, and what cannot be given
 * fails in the call. There is no heap between mmap() and malloc() either: brk()
 * moves nothing, and the C library then takes everything from mmap().
 *
 * An address hint without MAP_FIXED is ignored. Write and execute together are
 * refused: no page of this image is ever both.
 */
#define _GNU_SOURCE /* mremap() */
#include <errno.h>
#include <linux/mm.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "posix/file.h"
#include "posix/mapping.h"
#include "posix/syscalls.h"

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

/* 0 and *prot_out, or -EINVAL, -EACCES. PROT_NONE is not for here. */
static int page_protection(int prot, pgprot_t *prot_out)
{
	if (prot & ~PROT_ALL)
		return -EINVAL;
	if (prot & PROT_WRITE && prot & PROT_EXEC)
		return -EACCES;

	*prot_out = PAGE_KERNEL_RO;
	if (prot & PROT_WRITE)
		*prot_out = PAGE_KERNEL;
	if (prot & PROT_EXEC)
		*prot_out = PAGE_KERNEL_RX;
	return 0;
}

/* Rounded up to pages; 0 when that is no size an area can have. */
static size_t area_bytes(size_t size)
{
	return size <= VMALLOC_SIZE ? PAGE_ALIGN(size) : 0;
}

static int check_mmap(vaddr_t at, size_t size, int prot, int flags, int fd)
{
	const int kind = flags & MAP_TYPE;
	pgprot_t pgprot;

	if (size == 0 || (kind != MAP_PRIVATE && kind != MAP_SHARED))
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS))
		return file_is_open(fd) ? -ENODEV : -EBADF;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) &&
	    !IS_ALIGNED(at, PAGE_SIZE))
		return -EINVAL;
	return area_bytes(size) ? page_protection(prot, &pgprot) : -ENOMEM;
}

static int change_protection(const struct mapping_range *range, int prot)
{
	pgprot_t pgprot;
	int err;

	if (prot == PROT_NONE)
		return mapping_hide(range);
	err = page_protection(prot, &pgprot);
	return err ? err : mapping_protect(range, pgprot);
}

/* MAP_FIXED inside an older mapping: fresh zeroed memory in its place. */
static long map_over(const struct mapping_range *range, int prot)
{
	const int err = mapping_renew(range);

	return err || prot == PROT_NONE ? err : change_protection(range, prot);
}

/* Anywhere when @at is 0. */
static long map_new(vaddr_t at, size_t size, int prot, const void *caller)
{
	pgprot_t pgprot;
	void *start;
	int err;

	if (prot == PROT_NONE) {
		start = mapping_reserve(size, at, caller);
		return start ? (long)start : -ENOMEM;
	}
	err = page_protection(prot, &pgprot);
	if (err)
		return err;
	start = mapping_create(size, pgprot, at, caller);
	return start ? (long)start : -ENOMEM;
}

static long map_fixed(vaddr_t at, size_t size, int prot, int flags,
                      const void *caller)
{
	struct mapping_range range;
	long result;

	if (!is_vmalloc_addr((void *)at))
		return -ENOMEM;
	if (!(flags & MAP_FIXED_NOREPLACE) && mapping_find(at, size, &range)) {
		result = map_over(&range, prot);
		return result ? result : (long)at;
	}
	result = map_new(at, size, prot, caller);
	if (result == -ENOMEM && flags & MAP_FIXED_NOREPLACE)
		return -EEXIST;
	return result;
}

SYSCALL(mmap, (vaddr_t at, size_t size, int prot, int flags, int fd), a, b, c,
        d, e)
{
	const int err = check_mmap(at, size, prot, flags, fd);

	if (err)
		return err;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))
		return map_fixed(at, area_bytes(size), prot, flags, CALLER());
	return map_new(0, area_bytes(size), prot, CALLER());
}

/* Page aligned and inside one mapping; @refusal is what the call says else. */
static int find_range(vaddr_t at, size_t size, int refusal,
                      struct mapping_range *range_out)
{
	if (!IS_ALIGNED(at, PAGE_SIZE))
		return -EINVAL;
	return mapping_find(at, size, range_out) ? 0 : refusal;
}

/* Linux lets a range without mappings pass; here it is a bug that is told. */
SYSCALL(munmap, (vaddr_t at, size_t size), a, b)
{
	struct mapping_range range;
	const int err = find_range(at, size, -EINVAL, &range);

	if (err || size == 0)
		return -EINVAL;
	return mapping_release(&range);
}

SYSCALL(mprotect, (vaddr_t at, size_t size, int prot), a, b, c)
{
	struct mapping_range range;
	int err;

	if (size == 0)
		return IS_ALIGNED(at, PAGE_SIZE) ? 0 : -EINVAL;
	err = find_range(at, size, -ENOMEM, &range);
	return err ? err : change_protection(&range, prot);
}

SYSCALL(madvise, (vaddr_t at, size_t size, int advice), a, b, c)
{
	struct mapping_range range;
	const int err = find_range(at, size, -ENOMEM, &range);

	if (err)
		return err;
	switch (advice) {
	case MADV_DONTNEED:
		mapping_clear(&range);
		return 0;
	case MADV_REMOVE:
	case MADV_HWPOISON:
		return -EINVAL;
	default:
		return 0;
	}
}

/* [at, at + old) keeps its first @size bytes. */
static long shrink(vaddr_t at, size_t old, size_t size)
{
	struct mapping_range tail;
	int err;

	if (!mapping_find(at + size, old - size, &tail))
		return -EFAULT;
	err = mapping_release(&tail);
	return err ? err : (long)at;
}

SYSCALL(mremap, (vaddr_t at, size_t old_size, size_t new_size, int flags), a, b,
        c, d)
{
	const size_t old = area_bytes(old_size);
	const size_t size = area_bytes(new_size);
	struct mapping_range range;
	void *moved;
	int err;

	if (flags & ~MREMAP_MAYMOVE || old == 0 || new_size == 0)
		return -EINVAL;
	err = find_range(at, old, -EFAULT, &range);
	if (err || size == old)
		return err ? err : (long)at;
	if (size == 0 || (size > old && !(flags & MREMAP_MAYMOVE)))
		return -ENOMEM;
	if (size < old)
		return shrink(at, old, size);

	moved = mapping_resize(&range, size, CALLER());
	return moved ? (long)moved : -ENOMEM;
}

/* The break stays at 0, which is how Linux says that it could not be moved. */
SYSCALL(brk, (void))
{
	return 0;
}
