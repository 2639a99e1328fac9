/* SPDX-License-Identifier: MIT */
/* What the files of net/ share. */
#ifndef NET_NET_INTERNAL_H
#define NET_NET_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

/* net/memory.c: bytes in all that mem_malloc() may hand out. */
void net_memory_set_limit(size_t bytes);

/* Blocks that are kept for the next who wants one go. True: there were some. */
bool net_memory_give_back(void);

#endif /* NET_NET_INTERNAL_H */
