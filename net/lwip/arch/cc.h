/* SPDX-License-Identifier: MIT */
/*
 * What lwIP asks of its machine and compiler. It is compiled without the kernel's
 * headers, so that one archive serves every configuration: what it calls of us is
 * declared in lwip_port.h and stands in net/port.c.
 */
#ifndef NET_LWIP_ARCH_CC_H
#define NET_LWIP_ARCH_CC_H

#include <endian.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "lwip_port.h"

/* Else lwIP takes <unistd.h> for it, or INT_MAX. */
#ifndef SSIZE_MAX
#define SSIZE_MAX LONG_MAX
#endif

/* The arguments come in parentheses of their own. */
#define LWIP_PLATFORM_DIAG(x)      net_diag x
#define LWIP_PLATFORM_ASSERT(what) net_assert_failed(what, __FILE__, __LINE__)

#define LWIP_RAND() net_random()

/*
 * By shifts: rv64gc has no byte swap, and the compiler's builtin is a call into
 * its library that takes three times as long.
 */
static inline uint16_t net_swap16(uint16_t x)
{
	return (uint16_t)(x << 8 | x >> 8);
}

static inline uint32_t net_swap32(uint32_t x)
{
	x = (x & 0x00ff00ff) << 8 | (x >> 8 & 0x00ff00ff);
	return x << 16 | x >> 16;
}

#define lwip_htons(x) net_swap16(x)
#define lwip_htonl(x) net_swap32(x)

#endif /* NET_LWIP_ARCH_CC_H */
