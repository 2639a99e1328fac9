/* SPDX-License-Identifier: MIT */
/* The words of mm: addresses, frames, allocation flags. */
#ifndef MM_TYPES_H
#define MM_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "arch/memmap.h"
#include "arch/pte.h"
#include "core/compiler.h"

typedef uint64_t phys_addr_t; /* Linux's name for paddr_t */
typedef unsigned int gfp_t;

/* Values are ours; names and meanings are Linux's. */
#define __GFP_HIGH    0x001u /* no meaning: there are no reserves */
#define __GFP_RECLAIM 0x002u /* may purge, drain pools and wait */
#define __GFP_ZERO    0x004u
#define __GFP_NOWARN  0x008u
#define __GFP_DMA32   0x010u /* every page below 4 GiB */
#define __GFP_HIGHMEM 0x020u /* no meaning: all RAM is mapped */
#define __GFP_NORETRY 0x040u
#define __GFP_NOFAIL  0x080u
#define __GFP_COMP    0x100u

#define GFP_KERNEL   (__GFP_RECLAIM)
#define GFP_NOWAIT   (0u)
#define GFP_ATOMIC   (__GFP_HIGH)
#define GFP_DMA32    (__GFP_DMA32)
#define GFP_USER     GFP_KERNEL
#define GFP_NOIO     GFP_KERNEL
#define GFP_NOFS     GFP_KERNEL
#define GFP_HIGHUSER (GFP_KERNEL | __GFP_HIGHMEM)

#define PFN_UP(x)   (((x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_DOWN(x) ((x) >> PAGE_SHIFT)
#define PFN_PHYS(x) ((paddr_t)(x) << PAGE_SHIFT)

#define NUMA_NO_NODE (-1)

#endif /* MM_TYPES_H */
