/* SPDX-License-Identifier: MIT */
/*
 * Frames in. With joined buffers each buffer is a page and a frame is in as many
 * as its header says; the pages between are full, so that mapped side by side they
 * are the frame:
 *
 *     | header | frame ... | frame ...          | frame ...  |      |
 *       page 0               page 1               page 2
 *
 * Without, a buffer is as many pages as the largest frame needs. Pages that were
 * not written are used again at once. Where no frame is larger than a page it begins
 * some bytes behind the page's start, so that what follows Ethernet's header is at a
 * multiple of 8.
 */
#include <errno.h>
#include <string.h>

#include "drivers/virtio/net_internal.h"
#include "mm/kmem.h"
#include "mm/page_alloc.h"

#define PORTIONS 16u /* in which buffers are given to the device */

static struct page *take_page(struct virtio_net *net)
{
	if (net->nr_spares > 0)
		return net->spares[--net->nr_spares];
	return alloc_pages(GFP_KERNEL, 0);
}

void virtio_net_recycle(struct virtio_net *net, struct page *page)
{
	if (net->nr_spares < net->spares_wanted)
		net->spares[net->nr_spares++] = page;
	else
		__free_pages(page, 0);
}

int net_buffers_make(struct virtio_net *net)
{
	const unsigned int count = net->buffers_wanted * net->info.pairs;
	unsigned int i;

	if (net_buffer_pages(net) == 1)
		return 0;
	net->buffers = kcalloc(count, sizeof(*net->buffers), GFP_KERNEL);
	net->unposted = kcalloc(count, sizeof(*net->unposted), GFP_KERNEL);
	if (!net->buffers || !net->unposted)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		net->unposted[net->nr_unposted++] = &net->buffers[i];
	return 0;
}

static void free_buffer(struct virtio_net *net, void *token)
{
	struct net_buffer *buffer = token;
	unsigned int i;

	if (net_buffer_pages(net) == 1) {
		__free_pages(token, 0);
		return;
	}
	for (i = 0; i < VIRTIO_NET_FRAME_PAGES; i++) {
		if (buffer->pages[i])
			__free_pages(buffer->pages[i], 0);
	}
}

/* After the device was reset. */
void net_buffers_take_back(struct virtio_net *net)
{
	unsigned int i;

	for (i = 0; i < net->info.pairs && net->rx[i]; i++) {
		void *token;

		while ((token = virtio_ring_take_back(net->rx[i]->ring)))
			free_buffer(net, token);
	}
	while (net->nr_unposted > 0 && net->buffers)
		free_buffer(net, net->unposted[--net->nr_unposted]);
	while (net->nr_spares > 0)
		__free_pages(net->spares[--net->nr_spares], 0);
	kfree(net->buffers);
	kfree(net->unposted);
	net->buffers = NULL;
	net->unposted = NULL;
}

static int post_page(struct virtio_net *net, struct virtio_ring *ring)
{
	struct page *page = take_page(net);
	struct virtio_piece piece;
	int err;

	if (!page)
		return -ENOMEM;
	piece.phys = page_to_phys(page) + net->rx_offset;
	piece.bytes = PAGE_SIZE - net->rx_offset;
	err = virtio_ring_add(ring, &piece, 0, 1, page);
	if (err)
		virtio_net_recycle(net, page);
	return err;
}

static int post_buffer(struct virtio_net *net, struct virtio_ring *ring)
{
	struct virtio_piece pieces[VIRTIO_NET_FRAME_PAGES];
	struct net_buffer *buffer;
	unsigned int i;
	int err;

	if (net->nr_unposted == 0)
		return -ENOSPC;
	buffer = net->unposted[net->nr_unposted - 1];
	for (i = 0; i < VIRTIO_NET_FRAME_PAGES; i++) {
		if (!buffer->pages[i])
			buffer->pages[i] = take_page(net);
		if (!buffer->pages[i])
			return -ENOMEM;
		pieces[i].phys = page_to_phys(buffer->pages[i]);
		pieces[i].bytes = PAGE_SIZE;
	}
	err = virtio_ring_add(ring, pieces, 0, VIRTIO_NET_FRAME_PAGES, buffer);
	if (!err)
		net->nr_unposted--;
	return err;
}

/* As long as few are missing, it can wait: several at once cost less than one and one. */
static __always_inline bool has_enough(const struct virtio_net *net,
                                       const struct virtio_queue *queue)
{
	return virtio_ring_outstanding(queue->ring) >
	       net->buffers_wanted - net->buffers_wanted / PORTIONS;
}

/*
 * The device has to know of them even when nothing is sent meanwhile, above all when
 * it had none.
 */
static int refill_queue(struct virtio_net *net, struct virtio_queue *queue)
{
	struct virtio_ring *ring = queue->ring;
	unsigned int out = virtio_ring_outstanding(ring);
	const bool has_few = virtio_ring_unused(ring) < net->buffers_wanted / 2;
	int err = 0;

	for (; out < net->buffers_wanted && !err; out++) {
		err = net_buffer_pages(net) == 1 ? post_page(net, ring)
		                                 : post_buffer(net, ring);
	}
	if (has_few)
		virtio_queue_kick(queue);
	else
		virtio_queue_publish(queue);
	return err;
}

static __noinline bool refill_queues(struct virtio_net *net)
{
	bool complete = true;
	unsigned int i;

	for (i = 0; i < net->info.pairs; i++) {
		if (!has_enough(net, net->rx[i]) &&
		    refill_queue(net, net->rx[i]) == -ENOMEM)
			complete = false;
	}
	if (!complete)
		net->counters.starved++;
	return complete;
}

bool virtio_net_refill(struct virtio_net *net)
{
	if (likely(net->info.pairs == 1 && has_enough(net, net->rx[0])))
		return true;
	return refill_queues(net);
}

static struct virtio_net_header *header_of(const struct virtio_net *net,
                                           struct page *page)
{
	return (void *)((char *)page_address(page) + net->rx_offset);
}

/* The device says: all there, in full pages but for the last one. */
static __noinline void take_rest(struct virtio_net *net,
                                 struct virtio_ring *ring,
                                 struct virtio_net_frame *frame,
                                 unsigned int buffers)
{
	uint32_t written = PAGE_SIZE;

	while (frame->count < buffers) {
		struct page *page = virtio_ring_take(ring, &written);

		if (!page) {
			net_give_up(net, "it promised more buffers of a frame "
			                 "than it used");
			frame->bytes = 0; /* which is unsound */
			return;
		}
		frame->bytes += written;
		frame->pages[frame->count++] = page;
	}
}

static __noinline void drop(struct virtio_net *net,
                            struct virtio_net_frame *frame)
{
	unsigned int i;

	for (i = 0; i < frame->count; i++)
		virtio_net_recycle(net, frame->pages[i]);
	net->counters.malformed++;
}

/* Pages [0, count) hold ->bytes with the header: all but the last are full. */
static bool is_sound(const struct virtio_net *net,
                     const struct virtio_net_frame *frame)
{
	const uint32_t with_header = frame->bytes;

	return with_header > net->info.header_bytes &&
	       (frame->count == 1 || net->rx_offset == 0) &&
	       with_header > (frame->count - 1) * PAGE_SIZE &&
	       with_header <= frame->count * PAGE_SIZE;
}

static bool take_joined(struct virtio_net *net, struct virtio_ring *ring,
                        struct virtio_net_frame *frame)
{
	struct page *page = virtio_ring_take(ring, &frame->bytes);
	unsigned int buffers;

	if (!page)
		return false;
	frame->pages[0] = page;
	frame->count = 1;
	buffers = READ_ONCE(header_of(net, page)->buffers);
	if (buffers == 1)
		return true;
	if (buffers == 0 || buffers > VIRTIO_NET_FRAME_PAGES) {
		net_give_up(net, "a frame in no buffer, or in too many");
		frame->bytes = 0; /* which is unsound */
		return true;
	}
	take_rest(net, ring, frame, buffers);
	return true;
}

/* A buffer of several pages gives away those that were written. */
static __noinline bool take_buffer(struct virtio_net *net,
                                   struct virtio_ring *ring,
                                   struct virtio_net_frame *frame)
{
	struct net_buffer *buffer = virtio_ring_take(ring, &frame->bytes);
	unsigned int i;

	if (!buffer)
		return false;
	frame->count = (frame->bytes + PAGE_SIZE - 1) / PAGE_SIZE;
	if (frame->count == 0)
		frame->count = 1;
	for (i = 0; i < frame->count; i++) {
		frame->pages[i] = buffer->pages[i];
		buffer->pages[i] = NULL;
	}
	net->unposted[net->nr_unposted++] = buffer;
	return true;
}

static bool take_single(struct virtio_ring *ring,
                        struct virtio_net_frame *frame)
{
	frame->pages[0] = virtio_ring_take(ring, &frame->bytes);
	frame->count = 1;
	return frame->pages[0] != NULL;
}

static bool take(struct virtio_net *net, struct virtio_ring *ring,
                 struct virtio_net_frame *frame)
{
	if (net->joins)
		return take_joined(net, ring, frame);
	if (net->info.large_frames)
		return take_buffer(net, ring, frame);
	return take_single(ring, frame);
}

static void accept(struct virtio_net *net, struct virtio_net_frame *frame)
{
	const uint8_t header_bytes = net->info.header_bytes;
	bool is_good = false;

	if (net->info.sums_received) {
		const uint8_t flags =
			READ_ONCE(header_of(net, frame->pages[0])->flags);

		is_good = flags & (VIRTIO_NET_NEEDS_CHECKSUM |
		                   VIRTIO_NET_CHECKSUM_GOOD);
	}
	frame->offset = net->rx_offset + header_bytes;
	frame->bytes -= header_bytes;
	frame->sum_is_good = is_good;
	net->counters.frames_in++;
	net->counters.bytes_in += frame->bytes;
	if (frame->count > 1) {
		net->counters.buffers_in += frame->count - 1;
		net->counters.large_in++;
	}
}

static bool receive_from(struct virtio_net *net, struct virtio_ring *ring,
                         struct virtio_net_frame *frame)
{
	while (take(net, ring, frame)) {
		if (likely(is_sound(net, frame))) {
			accept(net, frame);
			return true;
		}
		drop(net, frame);
	}
	if (unlikely(virtio_ring_broken(ring)))
		net_give_up(net, virtio_ring_broken(ring));
	return false;
}

/* Each pair has its turn. */
static __noinline bool receive_in_turn(struct virtio_net *net,
                                       struct virtio_net_frame *frame)
{
	unsigned int i;

	for (i = 0; i < net->info.pairs; i++) {
		struct virtio_queue *queue = net->rx[net->next_rx];

		if (virtio_ring_has_used(queue->ring) &&
		    receive_from(net, queue->ring, frame))
			return true;
		if (++net->next_rx == net->info.pairs)
			net->next_rx = 0;
	}
	return false;
}

bool virtio_net_receive(struct virtio_net *net, struct virtio_net_frame *frame)
{
	struct virtio_ring *ring = net->rx[0]->ring;

	if (unlikely(net->info.pairs > 1))
		return receive_in_turn(net, frame);
	return virtio_ring_has_used(ring) && receive_from(net, ring, frame);
}

bool virtio_net_has_received(const struct virtio_net *net)
{
	unsigned int i;

	if (virtio_ring_has_used(net->rx[0]->ring))
		return true;
	for (i = 1; i < net->info.pairs; i++) {
		if (virtio_ring_has_used(net->rx[i]->ring))
			return true;
	}
	return false;
}

static bool listen_to_pair(struct virtio_net *net, unsigned int i)
{
	net_remind(net->tx[i]);
	return virtio_ring_enable_interrupt(net->rx[i]->ring) &&
	       (likely(!net->tx_waits) ||
	        virtio_ring_enable_interrupt_late(net->tx[i]->ring));
}

static __noinline bool listen_to_others(struct virtio_net *net)
{
	unsigned int i;

	for (i = 1; i < net->info.pairs; i++) {
		if (!listen_to_pair(net, i))
			return false;
	}
	return true;
}

bool virtio_net_listen(struct virtio_net *net)
{
	return listen_to_pair(net, 0) &&
	       (likely(net->info.pairs == 1) || listen_to_others(net));
}
