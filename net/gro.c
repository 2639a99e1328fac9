/* SPDX-License-Identifier: MIT */
/*
 * Most of what TCP costs it costs for each packet, whatever its size. A sender of much
 * sends frames whose headers differ in nothing but what they must: these are chained
 * behind the first one, their own headers hidden, and its length is that of all:
 *
 *     | headers | payload |
 *               | headers | payload |       -->   | headers | payload | payload | ...
 *
 * One packet at a time is held, and for one round of the interface at most. Whatever
 * is unusual is nobody's to join: other flags than ACK, options of TCP or IP, fragments,
 * a gap, a checksum that is wrong. PSH ends a packet, and a frame that comes with it
 * alone, as a request does, is not held at all.
 *
 * An acknowledgement without payload is held too: one that acknowledges more takes its
 * place, as nothing is lost with the former. A receiver that acknowledges each segment
 * would else make each of ours be cut, sent and freed alone. One that says the same
 * again is counted by lwIP (RFC 5681, 2), and stays.
 */
#include "net/gro.h"

#include <stdint.h>

#include "core/compiler.h"
#include "lwip_port.h"

#include "lwip/pbuf.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/tcp.h"

/* Places in a frame; lwIP's structures may stand anywhere, these do not. */
#define ETHERNET_TYPE    12u
#define IP               SIZEOF_ETH_HDR
#define IP4_LENGTH       (IP + 2u)
#define IP4_ID           (IP + 4u)
#define IP4_FRAGMENT     (IP + 6u)
#define IP4_PROTOCOL     (IP + 9u)
#define IP4_SUM          (IP + 10u)
#define IP4_SOURCE       (IP + 12u)
#define IP6_LENGTH       (IP + 4u)
#define IP6_NEXT         (IP + 6u)
#define IP6_SOURCE       (IP + 8u)
#define TCP4             (IP + IP_HLEN)
#define TCP6             (IP + IP6_HLEN)
#define TCP_SEQUENCE     4u /* from where TCP begins */
#define TCP_ACKNOWLEDGED 8u
#define TCP_OFFSET       12u
#define TCP_FLAGS_AT     13u

/*
 * Bits that all frames of a packet have the same, by words from the sender's Ethernet
 * address to behind TCP's window. Bytes in memory are from the right.
 */
#define SAME_FROM 6u

static const uint64_t same4[] = {
	0xffffffffffffffff, /* Ethernet: address, type */
	0xffff00000000ffff, /* fragment | id, length | service, version */
	0xffffffff0000ffff, /* source | sum | protocol, time to live */
	0xffffffffffffffff, /* ports, destination */
	0xffffffff00000000, /* acknowledgement | sequence */
	0x00000000fffff7ff, /* urgent, sum | window, flags but PSH, offset */
};

static const uint64_t same6[] = {
	0xffffffffffffffff, /* Ethernet: address, type */
	0xffff0000ffffffff, /* hop limit, next | length | flow, class, version */
	0xffffffffffffffff,                     /* source ... */
	0xffffffffffffffff, 0xffffffffffffffff, /* destination ... */
	0xffffffffffffffff, 0x00000000ffffffff, /* sequence | ports */
	0xfffff7ffffffffff, /* window, flags but PSH, offset, acknowledgement */
};

/* The same of acknowledgements: the sequence number too, but not what they say. */
static const uint64_t same_ack4[] = {
	0xffffffffffffffff, /* Ethernet: address, type */
	0xffff00000000ffff, /* fragment | id, length | service, version */
	0xffffffff0000ffff, /* source | sum | protocol, time to live */
	0xffffffffffffffff, /* ports, destination */
	0x00000000ffffffff, /* acknowledgement | sequence */
	0x000000000000ffff, /* urgent, sum | window, flags, offset */
};

static const uint64_t same_ack6[] = {
	0xffffffffffffffff, /* Ethernet: address, type */
	0xffff0000ffffffff, /* hop limit, next | length | flow, class, version */
	0xffffffffffffffff,                     /* source ... */
	0xffffffffffffffff, 0xffffffffffffffff, /* destination ... */
	0xffffffffffffffff, 0xffffffffffffffff, /* sequence | ports */
	0x0000ffff00000000, /* window, flags, offset, acknowledgement */
};

struct gro_counters gro_counters;

/* What is held. */
static struct {
	struct pbuf *first, *last; /* NULL: nothing */
	unsigned int headers;      /* bytes of Ethernet's, IP's and TCP's */
	unsigned int bytes;        /* with the headers of the first */
	unsigned int frames;
	uint32_t next;    /* sequence number behind it */
	uint32_t pseudo;  /* sum of TCP's pseudo header, without the length */
	uint16_t lengths; /* IPv4: sum of what differs in its header */
	bool is_complete; /* nothing more follows */
} held;

static uint16_t half(const uint8_t *frame, unsigned int place)
{
	return *(const uint16_t *)(const void *)(frame + place);
}

static uint32_t word_of(const uint8_t *tcp, unsigned int place)
{
	return lwip_ntohl(*(const uint32_t *)(const void *)(tcp + place));
}

static uint32_t sequence_of(const uint8_t *tcp)
{
	return word_of(tcp, TCP_SEQUENCE);
}

static bool is_v6(void)
{
	return held.headers == TCP6 + TCP_HLEN;
}

static __always_inline bool match(const uint64_t *a, const uint64_t *b,
                                  const uint64_t *same, unsigned int words)
{
	uint64_t differ = 0;
	unsigned int i;

#pragma GCC unroll 8
	for (i = 0; i < words; i++)
		differ |= (a[i] ^ b[i]) & same[i];
	return differ == 0;
}

static __always_inline bool
looks_the_same(const uint8_t *frame, const uint64_t *in4, const uint64_t *in6)
{
	const uint8_t *first = held.first->payload;
	const uint64_t *a = (const void *)(frame + SAME_FROM);
	const uint64_t *b = (const void *)(first + SAME_FROM);

	return is_v6() ? match(a, b, in6, ARRAY_SIZE(same6))
	               : match(a, b, in4, ARRAY_SIZE(same4));
}

/* IPv4: the sum of all that differs in headers that are right is the same. */
static uint16_t lengths_of(const uint8_t *frame)
{
	return net_fold((uint32_t)half(frame, IP4_LENGTH) +
	                half(frame, IP4_ID) + half(frame, IP4_SUM));
}

/* Bytes of headers and payload by what IP says. Those behind are Ethernet's. */
static unsigned int length_of(const uint8_t *frame, bool v6)
{
	if (v6)
		return lwip_ntohs(half(frame, IP6_LENGTH)) + TCP6;
	return lwip_ntohs(half(frame, IP4_LENGTH)) + IP;
}

/* Is TCP's checksum right, @length being all of the frame? */
static __always_inline bool sums_up(const uint8_t *frame, unsigned int length,
                                    bool is_good)
{
	const unsigned int tcp = held.headers - TCP_HLEN;
	const uint16_t bytes = (uint16_t)(length - tcp);

	return is_good || net_fold(held.pseudo + lwip_htons(bytes) +
	                           net_checksum(frame + tcp, bytes)) == 0xffff;
}

/* Does @tcp acknowledge more than what is held? Sequence numbers go round. */
static bool acknowledges_more(const uint8_t *tcp)
{
	const uint8_t *first = held.first->payload;
	const uint8_t *before = first + held.headers - TCP_HLEN;

	return (int32_t)(word_of(tcp, TCP_ACKNOWLEDGED) -
	                 word_of(before, TCP_ACKNOWLEDGED)) > 0;
}

static __noinline bool replace_ack(struct pbuf *p, bool sum_is_good)
{
	const uint8_t *frame = p->payload;

	if (p->len < held.headers ||
	    !looks_the_same(frame, same_ack4, same_ack6) ||
	    length_of(frame, is_v6()) != held.headers ||
	    !acknowledges_more(frame + held.headers - TCP_HLEN))
		return false;
	if (!is_v6() && lengths_of(frame) != held.lengths)
		return false;
	if (!sums_up(frame, held.headers, sum_is_good))
		return false;
	pbuf_free(held.first);
	held.first = held.last = p;
	p->len = (u16_t)held.headers;
	gro_counters.acks++;
	return true;
}

bool gro_join(struct pbuf *p, bool sum_is_good)
{
	const uint8_t *frame = p->payload;
	const uint8_t *tcp = frame + held.headers - TCP_HLEN;
	unsigned int length;

	if (!held.first || held.is_complete)
		return false;
	if (held.bytes == held.headers)
		return replace_ack(p, sum_is_good);
	if (p->len <= held.headers || !looks_the_same(frame, same4, same6) ||
	    sequence_of(tcp) != held.next)
		return false;
	length = length_of(frame, is_v6());
	if (length <= held.headers || length > p->len ||
	    held.bytes + length - held.headers > UINT16_MAX)
		return false;
	if (!is_v6() && lengths_of(frame) != held.lengths)
		return false;
	if (!sums_up(frame, length, sum_is_good))
		return false;
	held.is_complete = tcp[TCP_FLAGS_AT] & TCP_PSH;
	p->payload = (uint8_t *)p->payload + held.headers;
	p->len = (u16_t)(length - held.headers);
	held.last->next = p;
	held.last = p;
	held.next += p->len;
	held.bytes += p->len;
	held.frames++;
	return true;
}

/* Begins as a frame of TCP over IPv4 without options and not in fragments. */
static bool is_plain4(const uint8_t *frame)
{
	const uint16_t fragment = (uint16_t)~PP_HTONS(IP_DF);

	return frame[IP] == 0x45 && frame[IP4_PROTOCOL] == IP_PROTO_TCP &&
	       (half(frame, IP4_FRAGMENT) & fragment) == 0;
}

static bool is_plain6(const uint8_t *frame)
{
	return frame[IP] >> 4 == 6 && frame[IP6_NEXT] == IP6_NEXTH_TCP;
}

/* What all frames of a packet have is remembered, whether there will be one or not. */
static bool describe(const struct pbuf *p)
{
	const uint8_t *frame = p->payload;
	const uint8_t *tcp;

	if (half(frame, ETHERNET_TYPE) == PP_HTONS(ETHTYPE_IP) &&
	    is_plain4(frame)) {
		held.headers = TCP4 + TCP_HLEN;
	} else if (half(frame, ETHERNET_TYPE) == PP_HTONS(ETHTYPE_IPV6) &&
	           is_plain6(frame)) {
		held.headers = TCP6 + TCP_HLEN;
	} else {
		return false;
	}
	tcp = frame + held.headers - TCP_HLEN;
	return p->len >= held.headers && tcp[TCP_OFFSET] == TCP_HLEN / 4 << 4 &&
	       tcp[TCP_FLAGS_AT] == TCP_ACK;
}

static uint32_t sum_pseudo(const uint8_t *frame)
{
	return PP_HTONS(IP_PROTO_TCP) +
	       (is_v6() ? net_checksum(frame + IP6_SOURCE, 32)
	                : net_checksum(frame + IP4_SOURCE, 8));
}

bool gro_hold(struct pbuf *p, bool sum_is_good)
{
	const uint8_t *frame = p->payload;
	unsigned int length;

	if (!describe(p))
		return false;
	length = length_of(frame, is_v6());
	if (length < held.headers || length > p->len)
		return false;
	if (!is_v6() && net_checksum(frame + IP, IP_HLEN) != 0xffff)
		return false;
	held.pseudo = sum_pseudo(frame);
	if (!sums_up(frame, length, sum_is_good))
		return false;
	held.lengths = lengths_of(frame);
	held.next = sequence_of(frame + held.headers - TCP_HLEN) + length -
	            held.headers;
	p->len = (u16_t)length;
	held.first = held.last = p;
	held.bytes = length;
	held.frames = 1;
	held.is_complete = false;
	return true;
}

static void put_half(uint8_t *frame, unsigned int place, uint16_t value)
{
	*(uint16_t *)(void *)(frame + place) = value;
}

/* The first frame's headers become those of all. */
static void complete_headers(uint8_t *frame)
{
	const unsigned int in_ip = held.bytes - IP;

	if (is_v6()) {
		put_half(frame, IP6_LENGTH,
		         lwip_htons((u16_t)(in_ip - IP6_HLEN)));
	} else {
		put_half(frame, IP4_LENGTH, lwip_htons((u16_t)in_ip));
		put_half(frame, IP4_SUM, 0);
		put_half(frame, IP4_SUM,
		         (uint16_t)~net_checksum(frame + IP, IP_HLEN));
	}
	if (held.is_complete)
		frame[held.headers - TCP_HLEN + TCP_FLAGS_AT] |= TCP_PSH;
}

struct pbuf *gro_end(void)
{
	struct pbuf *const packet = held.first;
	unsigned int bytes = held.bytes;
	struct pbuf *p;

	held.first = NULL;
	if (packet && held.frames > 1) {
		complete_headers(packet->payload);
		packet->gso_size = (u16_t)(packet->len - held.headers);
		gro_counters.frames += held.frames;
		gro_counters.packets++;
	}
	for (p = packet; p; p = p->next) {
		p->tot_len = (u16_t)bytes;
		bytes -= p->len;
	}
	return packet;
}
