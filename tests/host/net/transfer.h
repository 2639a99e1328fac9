/* SPDX-License-Identifier: MIT */
/*
 * A connection over the wire (wire.h) on which one end sends a pattern and closes,
 * and the other checks every byte.
 */
#ifndef TESTS_HOST_TRANSFER_H
#define TESTS_HOST_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>

#include "lwip/ip_addr.h"
#include "lwip/tcp.h"

struct transfer {
	size_t bytes; /* to be sent */
	u16_t chunk;  /* a tcp_write(); 0: as much as there is room for */
	u8_t flags;   /* of tcp_write() */
	bool is_v6;
	size_t slow_bytes; /* the receiver takes so many a millisecond; 0: all */

	struct tcp_pcb *sender, *receiver, *listener;
	size_t sent, received, held;
	unsigned int errors; /* of err callbacks */
	bool is_connected, is_closed;
};

/* Listen at end 1, connect from end 0. Not 0: an error of lwIP, nothing is left. */
err_t transfer_open(struct transfer *transfer);

/* Until the receiver has seen the sender close, or so many milliseconds. */
void transfer_run(struct transfer *transfer, unsigned int ms);

/* What is still open is closed, by a reset if it must. */
void transfer_close(struct transfer *transfer);

#endif /* TESTS_HOST_TRANSFER_H */
