/* SPDX-License-Identifier: MIT */
/*
 * What is sent is described to the device piece by piece where it is, and the pbuf
 * is held until the device is done. lwIP does not send a segment again while
 * somebody else holds it.
 *
 * The device's header is put into the room that lwIP leaves in front of each frame
 * (PBUF_LINK_ENCAPSULATION_HLEN). Segments that the device does not cut are cut here
 * (net/gso.c): into the queue go all of their frames or none.
 */
#include "net/transmit.h"

#include <errno.h>
#include <string.h>

#include "drivers/virtio.h"
#include "drivers/virtio_net.h"
#include "net/gso.h"
#include "net/offload.h"

#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"

unsigned long transmit_copied;
unsigned int transmit_unflushed;

static struct {
	struct virtio_net *device;
	const struct virtio_net_info *info;
	bool refused; /* there was no room for something */
} transmitter;

void transmit_init(struct virtio_net *net)
{
	transmitter.device = net;
	transmitter.info = virtio_net_info(net);
}

void transmit_flush(void)
{
	WRITE_ONCE(transmit_unflushed, 0);
	virtio_net_kick(transmitter.device);
}

static void free_sent(void)
{
	struct pbuf *p;

	while ((p = virtio_net_sent(transmitter.device)))
		pbuf_free(p);
}

void transmit_take_back(void)
{
	free_sent();
	if (unlikely(transmitter.refused)) {
		transmitter.refused = false;
		tcp_txnow();
	}
}

/* @bytes from @offset of @p on, behind @count pieces. 0: too many, or not mapped. */
static __always_inline unsigned int
add_pieces(const struct pbuf *p, unsigned int offset, unsigned int bytes,
           struct virtio_piece *pieces, unsigned int count)
{
	for (; bytes > 0; p = p->next, offset = 0) {
		unsigned int here = p->len - offset;
		unsigned int more;

		if (here > bytes)
			here = bytes;
		if (here == 0)
			continue;
		more = virtio_pieces((char *)p->payload + offset, here,
		                     &pieces[count], VIRTIO_CHAIN_MAX - count);
		if (more == 0)
			return 0;
		count += more;
		bytes -= here;
	}
	return count;
}

/* For devices that want the header in a piece of its own. */
static unsigned int set_header_apart(struct virtio_piece *pieces,
                                     unsigned int count)
{
	const uint32_t header = transmitter.info->header_bytes;

	if (count == 0 || count == VIRTIO_CHAIN_MAX ||
	    pieces[0].bytes <= header)
		return 0;
	memmove(&pieces[1], &pieces[0], count * sizeof(pieces[0]));
	pieces[0].bytes = header;
	pieces[1].phys += header;
	pieces[1].bytes -= header;
	return count + 1;
}

/* On 0 @p comes back from virtio_net_sent(). */
static __always_inline int queue_pieces(unsigned int pair,
                                        struct virtio_piece *pieces,
                                        unsigned int count, struct pbuf *p)
{
	int err;

	if (unlikely(transmitter.info->header_stands_alone))
		count = set_header_apart(pieces, count);
	if (unlikely(count == 0))
		return -EINVAL;
	err = virtio_net_send(transmitter.device, pair, pieces, count, p);
	if (likely(!err))
		WRITE_ONCE(transmit_unflushed, transmit_unflushed + 1);
	return err;
}

/* @p's frame behind the device's header, which begins at @start. */
static __always_inline int queue_packet(struct pbuf *p, uint8_t *start)
{
	const unsigned int pair = virtio_net_pair(transmitter.device);
	struct virtio_piece pieces[VIRTIO_CHAIN_MAX];
	unsigned int count;
	int err;

	count = virtio_pieces(start, transmitter.info->header_bytes + p->len,
	                      pieces, VIRTIO_CHAIN_MAX);
	if (p->tot_len > p->len && count > 0)
		count = add_pieces(p->next, 0, p->tot_len - p->len, pieces,
		                   count);
	err = queue_pieces(pair, pieces, count, p);
	if (unlikely(err == -ENOSPC)) {
		free_sent();
		err = queue_pieces(pair, pieces, count, p);
	}
	return err;
}

/* Is what lies before @p's payload, from @start on, room that belongs to it? */
static __always_inline bool is_room_of(const uint8_t *start,
                                       const struct pbuf *p)
{
	return p->type_internal & PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS &&
	       start >= (const uint8_t *)(p + 1);
}

/* The device's header goes before the frame, which is not changed. */
static int send_as_it_is(struct pbuf *p)
{
	uint8_t *start = (uint8_t *)p->payload - transmitter.info->header_bytes;
	int err;

	if (unlikely(!is_room_of(start, p)))
		return -EINVAL;
	offload_describe(start, transmitter.info, p->tot_len, p->gso_size);
	err = queue_packet(p, start);
	if (likely(!err))
		p->ref++;
	return err;
}

/* A frame in too many pieces, or without room in front of it, in one piece. */
static int send_a_copy(struct pbuf *p)
{
	struct pbuf *flat = pbuf_clone(PBUF_RAW_TX, PBUF_RAM, p);
	int err;

	if (!flat)
		return -ENOMEM;
	transmit_copied++;
	err = send_as_it_is(flat);
	pbuf_free(flat);
	return err;
}

static int send_packet(struct pbuf *p)
{
	int err = send_as_it_is(p);

	return unlikely(err == -EINVAL) ? send_a_copy(p) : err;
}

/* One of a segment's in too many pieces. */
static int copy_frame(const struct gso_frame *frame)
{
	struct pbuf *flat = pbuf_alloc(
		PBUF_RAW_TX, (u16_t)(frame->headers + frame->bytes), PBUF_RAM);
	int err;

	if (!flat)
		return -ENOMEM;
	memcpy(flat->payload, frame->header, frame->headers);
	pbuf_copy_partial(frame->part, (char *)flat->payload + frame->headers,
	                  (u16_t)frame->bytes, (u16_t)frame->offset);
	gso_counters.copied++;
	err = send_as_it_is(flat);
	pbuf_free(flat);
	return err;
}

/* One of a segment's; without memory it is lost, as on the wire. */
static void send_frame(const struct gso *gso, const struct gso_frame *frame,
                       unsigned int pair)
{
	const struct virtio_net_info *info = transmitter.info;
	struct virtio_piece pieces[VIRTIO_CHAIN_MAX];
	uint8_t *start = frame->header - info->header_bytes;
	unsigned int count;
	int err;

	/* The device's header is 0 already. */
	if (!info->sums)
		gso_sum(gso, frame);
	else
		offload_describe(start, info, frame->headers + frame->bytes, 0);
	count = virtio_pieces(start, info->header_bytes + frame->headers,
	                      pieces, VIRTIO_CHAIN_MAX);
	count = add_pieces(frame->part, frame->offset, frame->bytes, pieces,
	                   count);
	err = queue_pieces(pair, pieces, count, gso->frame);
	if (likely(!err))
		return;
	if (err == -EINVAL)
		err = copy_frame(frame);
	gso_counters.lost += err != 0;
	pbuf_free(gso->frame);
}

static bool has_room(unsigned int pair, unsigned int frames)
{
	if (likely(virtio_net_has_room(transmitter.device, pair, frames)))
		return true;
	free_sent();
	return virtio_net_has_room(transmitter.device, pair, frames);
}

static int send_in_frames(struct pbuf *p)
{
	const unsigned int pair = virtio_net_pair(transmitter.device);
	struct gso gso;
	struct gso_frame frame;
	int err;

	if (!has_room(pair, gso_frames(p->tot_len, p->gso_size)))
		return -ENOSPC;
	err = gso_begin(&gso, p);
	if (err)
		return err;
	while (gso_next(&gso, &frame))
		send_frame(&gso, &frame, pair);
	return 0;
}

err_t transmit(struct netif *netif, struct pbuf *p)
{
	int err;

	(void)netif;
	if (p->gso_size > 0 && !offload_cuts(transmitter.info, p->payload))
		err = send_in_frames(p);
	else
		err = send_packet(p);
	if (likely(!err))
		return ERR_OK;
	transmitter.refused |= err == -ENOSPC;
	return err == -EIO ? ERR_IF : err == -EINVAL ? ERR_BUF : ERR_MEM;
}
