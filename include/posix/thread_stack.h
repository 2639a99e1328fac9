/* SPDX-License-Identifier: MIT */
/*
 * Stacks of threads. One that is no longer used is kept with its memory for the
 * next thread that wants one as large: mapping, zeroing and unmapping 128 KiB is
 * most of what a short thread costs. What mmap() gives is zero; of a kept stack
 * that holds for what the C library relies on, its end.
 */
#ifndef POSIX_THREAD_STACK_H
#define POSIX_THREAD_STACK_H

#include <stddef.h>

/* So much is kept in all, and no stack that is larger than a quarter of it. */
#define THREAD_STACKS_KEPT_BYTES (2ul << 20)

/*
 * A kept stack of @bytes whose last @zeros bytes are 0, with PROT_NONE in its first
 * *@guard_out bytes and readable and writable behind them; NULL: none is kept.
 * Context: threads, no lock held.
 */
void *thread_stack_take(size_t bytes, size_t zeros, size_t *guard_out);

/*
 * Nobody uses the stack any more: it is kept if it looks as one does, or unmapped.
 * Returns 0, or -errno of munmap(). Context: as above, also kernel threads.
 */
long thread_stack_put(void *base, size_t bytes);

#endif /* POSIX_THREAD_STACK_H */
