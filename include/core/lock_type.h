/* SPDX-License-Identifier: MIT */
/* What a spinlock is; core/lock.h has what is done with one. */
#ifndef CORE_LOCK_TYPE_H
#define CORE_LOCK_TYPE_H

#include "core/compiler.h"

/* Order in which locks nest: only upward. Equal ranks: ascending address. */
enum lock_rank {
	LOCK_FD,
	LOCK_TREE,
	LOCK_INODE,
	LOCK_VMAP_HART, /* per hart; all of them = vmlist_lock */
	LOCK_REGIONS,   /* what mmap() made is made of */
	LOCK_PERCPU,
	LOCK_VSPACE,
	LOCK_VM_INDEX,
	LOCK_PGTABLE,
	LOCK_KMEM,
	LOCK_PAGE_ALLOC,
	LOCK_MEMBLOCK,
	LOCK_TASKS,
	LOCK_IRQ,
	LOCK_WAIT,
	LOCK_POLL,         /* what a watcher of a wait queue takes */
	LOCK_WAIT_WATCHER, /* the queue on which the watcher's thread waits */
	LOCK_TIMER,
	LOCK_THREADS,
	LOCK_RUN_QUEUE,
	LOCK_CONSOLE_DEVICE,
	LOCK_CONSOLE_INPUT,
	LOCK_HART_CALL,
	LOCK_RANDOM,
	LOCK_REPORT,
	LOCK_LOG,
	LOCK_CONSOLE,
	LOCK_RANKS
};

struct __capability spinlock {
	unsigned long locked; /* [A] the holder's struct hart; 0: free */
	unsigned char rank;   /* [I] enum lock_rank */
	const char *name;     /* [I] */
	const void *owner;    /* [L] struct hart *, CONFIG_LOCK_DEBUG only */
};

#define SPINLOCK_INIT(lock_rank_, lock_name)              \
	{                                                 \
		.rank = (lock_rank_), .name = (lock_name) \
	}

#endif /* CORE_LOCK_TYPE_H */
