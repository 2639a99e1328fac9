/* SPDX-License-Identifier: MIT */
/*
 * Is what an application passes to a system call memory that it may use? Kernel
 * and application share one address space, so this keeps mistakes, not attacks,
 * from ending in a panic: the call returns -EFAULT instead.
 *
 * Context: any. cost: O(pages of the range)
 */
#ifndef POSIX_USER_MEMORY_H
#define POSIX_USER_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Every page of [address, address + size) is mapped; an empty range is good. */
bool user_can_read(const void *address, size_t size);

/* The same, and every page is writable. */
bool user_can_write(const void *address, size_t size);

/* A string that ends within @limit bytes, all of them mapped. */
bool user_can_read_string(const char *string, size_t limit);

#endif /* POSIX_USER_MEMORY_H */
