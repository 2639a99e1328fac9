/* SPDX-License-Identifier: MIT */
/*
 * What net/ and lwIP find on this machine in place of the kernel: memory that fails
 * when it is told to, a clock that stands still, the same random numbers each time.
 */
#ifndef TESTS_HOST_PORT_H
#define TESTS_HOST_PORT_H

#include <stdint.h>

extern uint32_t host_now_ms;

/* The @nth kmalloc() from now on fails, and with @more all after it; 0: none. */
void host_fail(unsigned long nth, unsigned long more);
/* Whether it has. */
unsigned long host_failed(void);

/* Objects that kmalloc() handed out and nobody has given back. */
unsigned long host_objects(void);

#endif /* TESTS_HOST_PORT_H */
