/* SPDX-License-Identifier: MIT */
/*
 * The TCP/IP stack (lwIP, raw API) under one lock. Whoever calls a function of lwIP
 * holds it; callbacks of lwIP run with it held. docs/network.md
 *
 * Context: threads, interrupts on, no spinlock held.
 */
#ifndef NET_STACK_H
#define NET_STACK_H

#include <stdbool.h>

#include "core/compiler.h"
#include "core/wait.h"

/*
 * Bring the stack up: loopback, and the network device if there is one, configured
 * by ip=. The first call does it, and waits for no answer from outside. -ENOMEM.
 * Before any call of lwIP.
 */
int net_start(void) __must_check;

/*
 * The same before main() where there is a device, since whoever has one expects to
 * be reached by it; in images that have net_start().
 */
void net_start_with_device(void);

/* <= 15 instructions each uncontended; not recursive. */
void net_lock(void);
void net_unlock(void);
bool net_lock_is_mine(void);

/*
 * What the stack keeps for the next packet goes. True: there was some. Does not wait;
 * the lock is not held.
 */
bool net_give_back(void);

/*
 * Did a tcp_write() with TCP_WRITE_FLAG_COPY meet memory that is not mapped, since
 * this was asked last? The lock is held.
 */
bool net_copy_failed(void);

struct net_counters {
	unsigned long flushes; /* times that the device was to look at frames */
	unsigned long polled;  /* frames that pollers took */
	unsigned long asked;   /* times that one was woken for that */
	unsigned long by_thread; /* frames that the thread "net" took */
	unsigned long rounds;    /* times that it looked */
	unsigned long listens;   /* times that nobody looked any more */
};

extern struct net_counters net_counters;

/*
 * Before a thread sleeps that may wait for the network: what was sent goes out, and
 * what has come in is taken, without an interrupt. True: something was done, so look
 * again before sleeping. The lock is not held. cost: nothing to do: <= 12
 * instructions
 */
bool net_poll(void);

/*
 * Threads that sleep and may wait for the network. The device's interrupt takes one
 * of them out of the queue: whatever else it was woken for, it calls
 * net_poll_asked(), which takes what has come in. The lock is not held.
 */
extern struct wait_queue net_pollers;

void net_poll_asked(void);

#endif /* NET_STACK_H */
