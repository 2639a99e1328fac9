/* SPDX-License-Identifier: MIT */
#include "posix/heap.h"

#include <errno.h>

#include "arch/sections.h"
#include "posix/syscalls.h"
#include "posix/task.h"

/* Kernel threads make calls too, and are no threads of the C library. */
bool heap_gave_back(void)
{
	const void *const *entry = __linked_held_memory;
	bool gave = false;

	if (!current_task())
		return false;
	for (; *entry; entry++) {
		bool (*give_back)(void) = *entry;

		gave |= give_back();
	}
	return gave;
}

bool syscall_finds_memory(long result)
{
	return (result == -ENOMEM || result == -ENOSPC) && heap_gave_back();
}
