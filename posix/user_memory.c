/* SPDX-License-Identifier: MIT */
/*
 * The page table is the one source of truth about what is mapped, so it is
 * asked, page by page. A page that is mapped but not yet visible to this hart is
 * none of our business: the access that follows is repaired by the fault
 * handler.
 */
#include "posix/user_memory.h"

#include <stdint.h>
#include <string.h>

#include "mm/vm_area.h"

static bool page_allows(vaddr_t va, unsigned long bits)
{
	paddr_t pa;
	pgprot_t prot;

	return vmap_translate(va, &pa, &prot) &&
	       (pgprot_val(prot) & bits) == bits;
}

static bool range_allows(const void *address, size_t size, unsigned long bits)
{
	vaddr_t start = (vaddr_t)address;
	vaddr_t page = ALIGN_DOWN(start, PAGE_SIZE);

	if (size == 0)
		return true;
	if (start + size - 1 < start)
		return false;
	/* Ends: the last page of the address space is never mapped. */
	for (; page <= start + size - 1; page += PAGE_SIZE) {
		if (!page_allows(page, bits))
			return false;
	}

	return true;
}

bool user_can_read(const void *address, size_t size)
{
	return range_allows(address, size, PTE_R);
}

bool user_can_write(const void *address, size_t size)
{
	return range_allows(address, size, PTE_R | PTE_W);
}

bool user_can_read_string(const char *string, size_t limit)
{
	while (limit > 0) {
		size_t in_page = PAGE_SIZE - ((vaddr_t)string & ~PAGE_MASK);

		if (in_page > limit)
			in_page = limit;
		if (!user_can_read(string, in_page))
			return false;
		if (memchr(string, '\0', in_page))
			return true;
		string += in_page;
		limit -= in_page;
	}

	return false;
}
