/* SPDX-License-Identifier: MIT */
/*
 * What lwIP calls of the kernel; net/port.c, net/checksum.c. C types only: lwIP
 * includes it from arch/cc.h, before its own.
 */
#ifndef NET_LWIP_PORT_H
#define NET_LWIP_PORT_H

#include <stddef.h>
#include <stdint.h>

/* A line for the kernel's log. */
void net_diag(const char *format, ...) __attribute__((format(printf, 1, 2)));

void net_assert_failed(const char *what, const char *file, int line)
	__attribute__((noreturn, cold));

/* Panics unless the caller holds the stack's lock. */
void net_must_be_locked(void);

/* From the generator behind getrandom(). */
uint32_t net_random(void);

/*
 * The sum of the Internet checksum (RFC 1071) over @bytes at @data, any alignment:
 * folded to 16 bits, in the order of the bytes in memory, not inverted.
 * cost: about 550,000 instructions per MB
 */
uint16_t net_checksum(const void *data, size_t bytes);

/*
 * A sum of such sums, folded as well; 0 only if all of them are. Each half is added to
 * the other: the upper one is the sum, its carry gone round.
 */
static inline uint16_t net_fold(uint64_t sum)
{
	uint32_t half;

	sum += sum << 32 | sum >> 32;
	half = (uint32_t)(sum >> 32);
	half += half << 16 | half >> 16;
	return (uint16_t)(half >> 16);
}

/*
 * memcpy() from what an application gave. Where it is not mapped, zeros are sent, and
 * net_copy_failed() says so once. <= 12 instructions more
 */
void net_copy_in(void *to, const void *from, size_t bytes);

/* SNTP's answer, and the time of day for its questions. */
void net_set_time(uint32_t seconds, uint32_t microseconds);
void net_get_time(uint32_t *seconds_out, uint32_t *microseconds_out);

#endif /* NET_LWIP_PORT_H */
