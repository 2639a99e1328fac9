/* SPDX-License-Identifier: MIT */
/*
 * Memory that is held back for the next one who wants some: by malloc() what was
 * freed, stacks of threads that have ended. When a system call finds none, they are
 * asked before the application is told.
 */
#ifndef POSIX_HEAP_H
#define POSIX_HEAP_H

#include <stdbool.h>

#include "core/compiler.h"

/*
 * @give_back returns true when it gave some back; it is asked in images in which
 * @function is, as LINKED_WITH() has it. Context: a system call, no lock held.
 */
#define HOLDS_MEMORY(function, give_back) \
	LINKED_WITH(function, held_memory, give_back)

/* True: some was given back, try again. */
bool heap_gave_back(void);

#endif /* POSIX_HEAP_H */
