/* SPDX-License-Identifier: MIT */
/* The queues (posix/futex_queue.c) as the system call (posix/futex.c) uses them. */
#ifndef POSIX_FUTEX_INTERNAL_H
#define POSIX_FUTEX_INTERNAL_H

#include <stdint.h>

#include "core/compiler.h"
#include "posix/futex.h"

#define FUTEX_BITSET_MATCH_ANY 0xffffffffu

/*
 * While *@word == @expected, until a wake whose set meets @bitset: 0. -EAGAIN: it
 * is another value; -EFAULT, -ETIMEDOUT, -EINTR.
 */
int futex_wait(const uint32_t *word, uint32_t expected, uint32_t bitset,
               uint64_t end_ns) __must_check;

unsigned int futex_wake_bitset(const uint32_t *word, unsigned int count,
                               uint32_t bitset);

/*
 * Wake @count waiters of @word and let up to @move others wait for @other from
 * now on. Returns how many it were. With @compare *@word must be *@compare, looked
 * at while nobody can join or wake: -EAGAIN.
 */
long futex_requeue(const uint32_t *word, unsigned int count,
                   const uint32_t *other, unsigned int move,
                   const uint32_t *compare);

#endif /* POSIX_FUTEX_INTERNAL_H */
