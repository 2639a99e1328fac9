/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4 (Aumasson, Bernstein 2012): 64 bits of a message that nobody without
 * the key can tell, or make collide. Pure.
 */
#ifndef LIB_SIPHASH_H
#define LIB_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* cost: about 150 instructions, and 50 for each 8 bytes */
uint64_t siphash(const uint64_t key[2], const void *message, size_t bytes);

#endif /* LIB_SIPHASH_H */
