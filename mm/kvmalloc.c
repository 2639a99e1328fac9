/* SPDX-License-Identifier: MIT */
/*
 * "Memory of this size, whichever kind": up to a page from the slabs, which is
 * cheaper; more from vmalloc(), which needs no contiguous pages and rounds up to
 * pages instead of powers of two. The address tells which it was.
 */
#include <linux/slab.h>
#include <linux/vmalloc.h>

void *kvmalloc(size_t size, gfp_t gfp_mask)
{
	if (size <= PAGE_SIZE)
		return kmalloc(size, gfp_mask);
	return __vmalloc_node_range(size, 1, VMALLOC_START, VMALLOC_END,
	                            gfp_mask, PAGE_KERNEL, NUMA_NO_NODE,
	                            CALLER());
}

void kvfree(const void *addr)
{
	if (is_vmalloc_addr(addr))
		vfree(addr);
	else
		kfree(addr);
}
