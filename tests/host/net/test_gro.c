/* SPDX-License-Identifier: MIT */
/*
 * Which frames are joined, and what comes of them. Each test has a first frame and a
 * second that would be joined to it, if it were not for one thing.
 */
#include <string.h>

#include "lwip_port.h"
#include "net/gro.h"
#include "tests/image/test.h"
#include "wire.h"

#include "lwip/pbuf.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"

#define SEQUENCE 0xfffffc00u /* goes round behind two */
#define PAYLOAD  1000u
#define ROOM     2000u

struct packet {
	bool is_v6;
	size_t ip_bytes; /* of IP's header */
	size_t bytes;
	unsigned char data[ROOM];
};

static void put16(struct packet *packet, size_t at, unsigned int value)
{
	packet->data[at] = (unsigned char)(value >> 8);
	packet->data[at + 1] = (unsigned char)value;
}

static void put32(struct packet *packet, size_t at, uint32_t value)
{
	put16(packet, at, value >> 16);
	put16(packet, at + 2, value & 0xffff);
}

static unsigned int sum(const unsigned char *from, size_t bytes,
                        unsigned int more)
{
	size_t i;

	for (i = 0; i < bytes; i++)
		more += i & 1 ? from[i] : from[i] << 8;
	return more;
}

static unsigned int invert(unsigned int of)
{
	of = (of & 0xffff) + (of >> 16);
	return ~((of & 0xffff) + (of >> 16)) & 0xffff;
}

/* Checksums and lengths as the rest says. */
static void complete(struct packet *packet)
{
	const size_t tcp = packet->ip_bytes;
	const size_t in_tcp = packet->bytes - tcp;
	unsigned int more = IP_PROTO_TCP + (unsigned int)in_tcp;

	if (packet->is_v6) {
		put16(packet, 4, (unsigned int)in_tcp);
		more += sum(packet->data + 8, 32, 0);
	} else {
		put16(packet, 2, (unsigned int)packet->bytes);
		put16(packet, 10, 0);
		put16(packet, 10, invert(sum(packet->data, tcp, 0)));
		more += sum(packet->data + 12, 8, 0);
	}
	put16(packet, tcp + 16, 0);
	put16(packet, tcp + 16, invert(sum(packet->data + tcp, in_tcp, more)));
}

/* Segment number @number of a stream. */
static struct packet make(bool is_v6, unsigned int number)
{
	struct packet packet = { .is_v6 = is_v6, .ip_bytes = is_v6 ? 40 : 20 };
	const size_t tcp = packet.ip_bytes;
	size_t i;

	packet.bytes = tcp + 20 + PAYLOAD;
	memset(packet.data, 0x44, tcp + 20);
	packet.data[0] = is_v6 ? 0x60 : 0x45;
	if (is_v6) {
		packet.data[6] = IP_PROTO_TCP;
	} else {
		put16(&packet, 4, number * 7);
		put16(&packet, 6, IP_DF);
		packet.data[9] = IP_PROTO_TCP;
	}
	put32(&packet, tcp + 4, SEQUENCE + number * PAYLOAD);
	packet.data[tcp + 12] = 5 << 4;
	packet.data[tcp + 13] = TCP_ACK;
	for (i = 0; i < PAYLOAD; i++)
		packet.data[tcp + 20 + i] = (unsigned char)(i * number + i);
	complete(&packet);
	return packet;
}

static struct pbuf *frame_of(const struct packet *packet)
{
	return wire_frame(packet->data, packet->bytes);
}

/* Does @second follow @first? */
static bool is_joined(const struct packet *first, const struct packet *second)
{
	struct pbuf *p = frame_of(second);
	bool done;

	CHECK(gro_hold(frame_of(first), false));
	done = gro_join(p, false);
	if (!done)
		pbuf_free(p);
	p = gro_end();
	CHECK_EQ(p->gso_size, done ? PAYLOAD : 0);
	CHECK_EQ(p->next != NULL, done);
	pbuf_free(p);
	CHECK(!gro_end());
	return done;
}

/* @byte of IP's or TCP's header of the second frame is another. */
static bool is_joined_with(bool is_v6, size_t byte, unsigned int flip,
                           bool complete_it)
{
	const struct packet first = make(is_v6, 0);
	struct packet second = make(is_v6, 1);

	second.data[byte] ^= (unsigned char)flip;
	if (complete_it)
		complete(&second);
	return is_joined(&first, &second);
}

TEST(gro_joins_what_follows)
{
	CHECK(is_joined_with(false, 0, 0, true));
	CHECK(is_joined_with(true, 0, 0, true));
}

/* But IPv4's id, and PSH. */
TEST(gro_joins_nothing_with_another_header)
{
	size_t byte;
	size_t end;

	for (byte = 0; byte < 40; byte++) {
		const bool may = byte == 4 || byte == 5; /* id */
		const bool made = byte == 2 || byte == 3 || byte == 10 ||
		                  byte == 11 || byte == 36 || byte == 37;
		/* An urgent pointer says nothing without URG. */
		const bool unused = byte == 38 || byte == 39;

		CHECK_EQ(is_joined_with(false, byte, 1, true),
		         may || made || unused);
	}
	for (byte = 0, end = 60; byte < end; byte++) {
		const bool made =
			byte == 4 || byte == 5 || byte == 56 || byte == 57;
		const bool unused = byte == 58 || byte == 59;

		CHECK_EQ(is_joined_with(true, byte, 1, true), made || unused);
	}
}

TEST(gro_joins_nothing_with_flags)
{
	unsigned int flag;

	for (flag = 1; flag < 0x100; flag <<= 1) {
		CHECK_EQ(is_joined_with(false, 33, flag, true),
		         flag == TCP_PSH);
		CHECK_EQ(is_joined_with(true, 53, flag, true), flag == TCP_PSH);
	}
	/* NS, and options */
	CHECK(!is_joined_with(false, 32, 1, true));
	CHECK(!is_joined_with(false, 32, 0x30, true));
	/* More fragments; an offset; options of IP; another version */
	CHECK(!is_joined_with(false, 6, 0x20, true));
	CHECK(!is_joined_with(false, 7, 8, true));
	CHECK(!is_joined_with(false, 0, 3, true));
	CHECK(!is_joined_with(false, 0, 0x20, true));
}

TEST(gro_joins_nothing_with_a_wrong_sum)
{
	size_t byte;

	for (byte = 0; byte < 20 + 20 + PAYLOAD; byte++)
		CHECK(!is_joined_with(false, byte, 0x10, false));
	for (byte = 4; byte < 40 + 20 + PAYLOAD; byte++)
		CHECK(!is_joined_with(true, byte, 0x10, false));
}

/* What says that it is longer than it came, or has no payload, or no headers. */
TEST(gro_joins_nothing_with_a_wrong_length)
{
	static const unsigned int lengths[] = {
		0, 1, 19, 20, 39, 40, 1041, 1500, 0xffff, 0x8000
	};
	struct packet first, second;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		first = make(false, 0);
		second = make(false, 1);
		put16(&second, 2, lengths[i]);
		put16(&second, 10, 0);
		put16(&second, 10, invert(sum(second.data, 20, 0)));
		CHECK(!is_joined(&first, &second));
		first = make(true, 0);
		second = make(true, 1);
		put16(&second, 4, lengths[i] < 1041 ? lengths[i] % 21 : 0xffff);
		CHECK(!is_joined(&first, &second));
	}
}

TEST(gro_joins_nothing_that_overlaps_or_leaves_a_gap)
{
	static const int offsets[] = { -1000, -1, 1, 1000, 0x7fffffff };
	struct packet first, second;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offsets) * 2; i++) {
		const bool is_v6 = i & 1;

		first = make(is_v6, 0);
		second = make(is_v6, 1);
		put32(&second, second.ip_bytes + 4,
		      SEQUENCE + PAYLOAD + (uint32_t)offsets[i / 2]);
		complete(&second);
		CHECK(!is_joined(&first, &second));
	}
}

TEST(gro_holds_nothing_that_is_unusual)
{
	size_t byte;

	for (byte = 0; byte < 1040; byte++) {
		struct packet first = make(false, 0);
		struct pbuf *p;

		first.data[byte] ^= 0x20;
		p = frame_of(&first);
		CHECK(!gro_hold(p, false));
		pbuf_free(p);
	}
	for (byte = 0; byte < 0x100; byte++) {
		struct packet first = make(byte & 1, 0);
		struct pbuf *p;

		first.data[first.ip_bytes + 13] = (unsigned char)byte;
		complete(&first);
		p = frame_of(&first);
		CHECK_EQ(gro_hold(p, false), byte == TCP_ACK);
		pbuf_free(byte == TCP_ACK ? gro_end() : p);
	}
}

/* Headers of the first for the payload of all, its sums right where they are looked at. */
static void check_joined(bool is_v6, unsigned int count, bool with_push)
{
	struct packet packet = make(is_v6, 0);
	const size_t headers = 14 + packet.ip_bytes + 20;
	const unsigned char *frame;
	struct pbuf *p;
	unsigned int i;

	CHECK(gro_hold(frame_of(&packet), false));
	for (i = 1; i < count; i++) {
		packet = make(is_v6, i);
		if (with_push && i == count - 1)
			packet.data[packet.ip_bytes + 13] |= TCP_PSH;
		complete(&packet);
		CHECK(gro_join(frame_of(&packet), false));
	}
	packet = make(is_v6, count);
	p = frame_of(&packet);
	if (with_push)
		CHECK(!gro_join(p, false));
	pbuf_free(p);

	p = gro_end();
	frame = p->payload;
	CHECK_EQ(p->tot_len, headers + count * PAYLOAD);
	CHECK_EQ(frame[14 + packet.ip_bytes + 13],
	         with_push ? TCP_ACK | TCP_PSH : TCP_ACK);
	if (is_v6) {
		CHECK_EQ(frame[18] << 8 | frame[19], 20 + count * PAYLOAD);
	} else {
		CHECK_EQ(frame[16] << 8 | frame[17], 40 + count * PAYLOAD);
		CHECK_EQ(invert(sum(frame + 14, 20, 0)), 0);
	}
	for (i = 0; i < count; i++) {
		unsigned char got[PAYLOAD];

		packet = make(is_v6, i);
		CHECK_EQ(pbuf_copy_partial(p, got, PAYLOAD,
		                           (u16_t)(headers + i * PAYLOAD)),
		         PAYLOAD);
		CHECK(memcmp(got, packet.data + packet.ip_bytes + 20,
		             PAYLOAD) == 0);
	}
	pbuf_free(p);
}

TEST(gro_makes_one_packet)
{
	check_joined(false, 2, false);
	check_joined(true, 2, true);
	check_joined(false, 40, true);
	check_joined(true, 60, false);
}

/* 65 segments of 1,000 bytes are more than a packet can say. */
TEST(gro_ends_at_64_kib)
{
	struct packet packet = make(false, 0);
	unsigned int count = 1;
	struct pbuf *p;

	CHECK(gro_hold(frame_of(&packet), false));
	for (;;) {
		packet = make(false, count);
		p = frame_of(&packet);
		if (!gro_join(p, false))
			break;
		count++;
	}
	pbuf_free(p);
	CHECK_EQ(count, 65);
	p = gro_end();
	CHECK_EQ(p->tot_len, 14 + 40 + 65 * PAYLOAD);
	pbuf_free(p);
}

/* What Ethernet filled up is no payload. */
TEST(gro_leaves_out_the_padding)
{
	struct packet packet = make(false, 0);
	struct pbuf *p;

	CHECK(gro_hold(frame_of(&packet), false));
	packet = make(false, 1);
	packet.bytes = 41;
	complete(&packet);
	CHECK(gro_join(frame_of(&packet), false));
	p = gro_end();
	CHECK_EQ(p->tot_len, 14 + 40 + PAYLOAD + 1);
	pbuf_free(p);
}

/* No payload; what it acknowledges is at no multiple of anything. */
static struct packet make_ack(bool is_v6, uint32_t acknowledged)
{
	struct packet packet = make(is_v6, 0);

	packet.bytes = packet.ip_bytes + 20;
	put32(&packet, packet.ip_bytes + 8, acknowledged);
	complete(&packet);
	return packet;
}

/* Does @second take the place of @first? Either is there whole, and alone. */
static bool is_replaced(const struct packet *first, const struct packet *second,
                        bool sum_is_good)
{
	const unsigned long before = gro_counters.acks;
	struct pbuf *p = frame_of(second);
	const struct packet *left;
	bool done;

	CHECK(gro_hold(frame_of(first), false));
	done = gro_join(p, sum_is_good);
	if (!done)
		pbuf_free(p);
	left = done ? second : first;
	p = gro_end();
	CHECK_EQ(gro_counters.acks - before, done);
	CHECK_EQ(p->gso_size, 0);
	CHECK(!p->next);
	CHECK_EQ(p->len, 14 + left->bytes);
	CHECK_EQ(p->tot_len, 14 + left->bytes);
	CHECK(memcmp((char *)p->payload + 14, left->data, left->bytes) == 0);
	pbuf_free(p);
	CHECK(!gro_end());
	return done;
}

TEST(gro_keeps_the_last_acknowledgement)
{
	static const struct {
		uint32_t first, second;
		bool replaces;
	} cases[] = {
		{ 1000, 1001, true },           { 1000, 1000, false },
		{ 1000, 999, false },           { 0xfffffff0, 5, true },
		{ 5, 0xfffffff0, false },       { 0, 0x7fffffff, true },
		{ 0x7fffffff, 0, false },       { 0, 0x80000001, false },
		{ 0x7fffffff, 1u << 31, true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases) * 2; i++) {
		const bool is_v6 = i & 1;
		const struct packet first = make_ack(is_v6, cases[i / 2].first);
		const struct packet second =
			make_ack(is_v6, cases[i / 2].second);

		CHECK_EQ(is_replaced(&first, &second, false),
		         cases[i / 2].replaces);
	}
}

/* Its window is the receiver's newest; everything else is the same. */
TEST(gro_keeps_acknowledgements_of_another_header)
{
	const unsigned int headers[] = { 40, 60 };
	unsigned int byte;
	unsigned int v6;

	for (v6 = 0; v6 < 2; v6++) {
		for (byte = 0; byte < headers[v6]; byte++) {
			const struct packet first = make_ack(v6, 0x01010101);
			struct packet second = make_ack(v6, 0x02020202);
			const unsigned int tcp = byte - first.ip_bytes;
			const bool id = !v6 && (byte == 4 || byte == 5);
			const bool made = v6 ? byte == 4 || byte == 5
			                     : byte == 2 || byte == 3 ||
			                                  byte == 10 ||
			                                  byte == 11;
			const bool says = byte >= first.ip_bytes &&
			                  ((tcp >= 8 && tcp < 12) || tcp >= 14);

			second.data[byte] ^= 1;
			complete(&second);
			CHECK_EQ(is_replaced(&first, &second, false),
			         id || made || says);
		}
	}
}

TEST(gro_keeps_acknowledgements_that_say_something_else)
{
	unsigned int i;

	for (i = 0; i < 2 * 8; i++) {
		const struct packet first = make_ack(i & 1, 1000);
		struct packet second = make_ack(i & 1, 2000);

		second.data[second.ip_bytes + 13] ^=
			(unsigned char)(1 << i / 2);
		complete(&second);
		CHECK(!is_replaced(&first, &second, false));
	}
	for (i = 0; i < 2; i++) {
		const struct packet data = make(i, 0);
		const struct packet first = make_ack(i, 1000);
		struct packet second = make_ack(i, 2000);

		/* With payload; with options, as SACK's. */
		second.bytes++;
		complete(&second);
		CHECK(!is_replaced(&first, &second, true));
		second = make_ack(i, 2000);
		second.bytes += 12;
		second.data[second.ip_bytes + 12] = 8 << 4;
		complete(&second);
		CHECK(!is_replaced(&first, &second, false));
		/* What is held has payload. */
		second = make_ack(i, 2000);
		CHECK(!is_joined(&data, &second));
	}
}

TEST(gro_keeps_acknowledgements_when_a_sum_is_wrong)
{
	unsigned int byte;

	for (byte = 0; byte < 2 * 40; byte++) {
		const bool is_v6 = byte & 1;
		const struct packet first = make_ack(is_v6, 0x01010101);
		struct packet second = make_ack(is_v6, 0x02020202);

		second.data[(is_v6 ? 20 : 0) + byte / 2] ^= 0x40;
		CHECK(!is_replaced(&first, &second, false));
	}
}

/* Ethernet fills IPv4's up to 60 bytes. */
TEST(gro_knows_acknowledgements_that_were_filled_up)
{
	const struct packet first = make_ack(false, 1000);
	const struct packet second = make_ack(false, 2000);
	struct pbuf *p;

	CHECK(gro_hold(wire_frame(first.data, 46), false));
	CHECK(gro_join(wire_frame(second.data, 46), false));
	p = gro_end();
	CHECK_EQ(p->tot_len, 54);
	pbuf_free(p);
	CHECK(gro_is_worth(54) && gro_is_worth(60) && gro_is_worth(74));
	CHECK(!gro_is_worth(75));
}
