/* SPDX-License-Identifier: MIT */
/*
 * Threads as musl asks for them. An application has one thread, its main():
 * starting another is refused with the errno that pthread_create() passes on,
 * so the end of a detached thread cannot be reached.
 */
#include <errno.h>

#include "core/panic.h"
#include "glue.h"

int __clone(int (*function)(void *), void *stack, int flags, void *argument,
            ...)
{
	(void)function;
	(void)stack;
	(void)flags;
	(void)argument;

	return -ENOSYS;
}

void __unmapself(void *base, size_t size)
{
	panic("__unmapself: stack %p of %zu bytes, but no thread was started",
	      base, size);
}
