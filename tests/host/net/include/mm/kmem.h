/* SPDX-License-Identifier: MIT */
/*
 * kmalloc() of the host builds of net/: malloc() of exactly what was asked for, so
 * that ASan sees the first byte beyond, and told to fail by the test (wire.h).
 */
#ifndef MM_KMEM_H
#define MM_KMEM_H

#include <stddef.h>
#include <string.h>

#include "arch/memmap.h"

typedef unsigned int gfp_t;

#define GFP_KERNEL   2u
#define GFP_NOWAIT   0u
#define __GFP_NOWARN 8u

void *kmalloc(size_t size, gfp_t gfp);
void kfree(const void *object);

#endif /* MM_KMEM_H */
