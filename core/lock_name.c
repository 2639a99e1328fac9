/* SPDX-License-Identifier: MIT */
/* The ranks in words, apart because few images show them. */
#include "core/lock.h"

static const char *const names[] = {
	[LOCK_FD] = "descriptors",
	[LOCK_TREE] = "file tree",
	[LOCK_INODE] = "inode",
	[LOCK_VMAP_HART] = "vmap of a hart",
	[LOCK_REGIONS] = "regions",
	[LOCK_PERCPU] = "percpu",
	[LOCK_VSPACE] = "vspace",
	[LOCK_VM_INDEX] = "vm index",
	[LOCK_PGTABLE] = "page tables",
	[LOCK_KMEM] = "kmem",
	[LOCK_PAGE_ALLOC] = "pages",
	[LOCK_MEMBLOCK] = "memblock",
	[LOCK_TASKS] = "tasks",
	[LOCK_IRQ] = "irq",
	[LOCK_WAIT] = "wait queue",
	[LOCK_POLL] = "poll",
	[LOCK_WAIT_WATCHER] = "watcher's wait queue",
	[LOCK_TIMER] = "timers",
	[LOCK_THREADS] = "threads",
	[LOCK_RUN_QUEUE] = "run queue",
	[LOCK_CONSOLE_DEVICE] = "console device",
	[LOCK_CONSOLE_INPUT] = "console input",
	[LOCK_HART_CALL] = "hart call",
	[LOCK_RANDOM] = "random",
	[LOCK_REPORT] = "report",
	[LOCK_LOG] = "log",
	[LOCK_CONSOLE] = "console",
};

const char *lock_rank_name(unsigned int rank)
{
	return rank < ARRAY_SIZE(names) && names[rank] ? names[rank] : "?";
}
