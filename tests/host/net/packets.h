/* SPDX-License-Identifier: MIT */
/*
 * Packets byte by byte, for what no stack sends: a peer that is made of them talks to
 * end 1 of the wire (wire.h), from end 0's network.
 */
#ifndef TESTS_HOST_PACKETS_H
#define TESTS_HOST_PACKETS_H

#include <stddef.h>
#include <stdint.h>

#define PACKET_BYTES 65535u

struct peer {
	uint32_t address; /* the last byte of 10.0.1.x; 0: 2 */
	uint16_t port;    /* its own */
	uint16_t to_port;
	uint32_t sequence; /* of its next byte */
	uint32_t acked;    /* what it says it has */
	uint16_t window;
};

/* TCP over IPv4, with correct checksums; @options: a multiple of 4 bytes. */
void peer_send(struct peer *peer, unsigned int flags, const void *options,
               size_t option_bytes, const void *data, size_t bytes);

/* What end 1 sent last by TCP, and how many; 0 after peer_listen(). */
struct seen {
	unsigned int count;
	unsigned int flags;
	uint32_t sequence, acked;
	uint16_t window;
	size_t bytes; /* of payload */
};
extern struct seen peer_seen;
void peer_listen(void);

/* SYN, SYN and ACK, ACK. Fails the test when end 1 does not answer. */
void peer_connect(struct peer *peer);

/*
 * IPv6 from fe80::2 to @to (16 bytes) of end 1, hop limit 255, as it stands:
 * @next is the type of what @payload begins with.
 */
void packet6_send(const void *to, unsigned int next, const void *payload,
                  size_t bytes);

/* The checksum of an ICMPv6 message or UDP datagram in such a packet, set at @at. */
void packet6_sum(const void *to, unsigned int next, void *payload, size_t bytes,
                 size_t at);

extern const uint8_t packet6_from[16];

#endif /* TESTS_HOST_PACKETS_H */
