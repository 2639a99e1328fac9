/* SPDX-License-Identifier: MIT */
/* See mm/kmem.h beside it. */
#ifndef LINUX_VMALLOC_H
#define LINUX_VMALLOC_H

#include "mm/kmem.h"

static inline void *kvmalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp);
}

static inline void kvfree(const void *object)
{
	kfree(object);
}

#endif /* LINUX_VMALLOC_H */
