/* SPDX-License-Identifier: MIT */
/*
 * stats - what a worker has done. Its own thread counts, without a lock and
 * without atomic additions; anybody may read.
 */
#ifndef HTTPD_STATS_H
#define HTTPD_STATS_H

#include <stdatomic.h>

#define STATUSES_MOST 24u

typedef _Atomic unsigned long count_t;

struct stats {
	count_t requests[STATUSES_MOST]; /* by the index of status_index() */
	count_t bytes_sent;
	count_t bytes_received;
	count_t accepted;
	count_t closed;
	count_t timeouts;
	count_t pauses; /* of accepting */
	count_t handshakes;
	count_t handshakes_failed;
	count_t cache_hits;
};

/* Only by the worker that owns it, so no other addition comes between. */
static inline void count_add(count_t *count, unsigned long number)
{
	atomic_store_explicit(
		count,
		atomic_load_explicit(count, memory_order_relaxed) + number,
		memory_order_relaxed);
}

static inline unsigned long count_read(const count_t *count)
{
	return atomic_load_explicit((count_t *)count, memory_order_relaxed);
}

#endif /* HTTPD_STATS_H */
