/* SPDX-License-Identifier: MIT */
/*
 * Frames out, on the queue of the hart that sends. What was sent is taken back when
 * there is a reason to look; only a send that was refused asks for an interrupt.
 */
#include <errno.h>

#include "core/hart.h"
#include "drivers/virtio/net_internal.h"

#define ETHERNET_BYTES 14u

unsigned int virtio_net_pair(const struct virtio_net *net)
{
	return this_hart->index % net->info.pairs;
}

bool virtio_net_has_room(struct virtio_net *net, unsigned int pair,
                         unsigned int frames)
{
	if (likely(virtio_ring_fits(net->tx[pair]->ring) >= frames))
		return true;
	net->counters.ring_full++;
	net->tx_waits = true;
	return false;
}

int virtio_net_send(struct virtio_net *net, unsigned int pair,
                    const struct virtio_piece *pieces, unsigned int count,
                    void *token)
{
	unsigned long bytes = 0;
	unsigned int i;
	int err = virtio_ring_add(net->tx[pair]->ring, pieces, count, 0, token);

	if (unlikely(err)) {
		net->counters.ring_full += err == -ENOSPC;
		net->tx_waits |= err == -ENOSPC;
		return err;
	}
	for (i = 0; i < count; i++)
		bytes += pieces[i].bytes;
	bytes -= net->info.header_bytes;
	net->counters.frames_out++;
	net->counters.bytes_out += bytes;
	net->counters.large_out += bytes > net->info.mtu + ETHERNET_BYTES;
	return 0;
}

/* Each pair has its turn. */
static __noinline void *take_sent(struct virtio_net *net)
{
	unsigned int i;

	for (i = 0; i < net->info.pairs; i++) {
		struct virtio_queue *queue = net->tx[net->sent_from];
		struct virtio_ring *ring = queue->ring;
		uint32_t written;
		void *token = NULL;

		if (virtio_is_stopped(net->device))
			token = virtio_ring_take_back(ring);
		else if (virtio_ring_has_used(ring))
			token = virtio_ring_take(ring, &written);
		if (token) {
			net->tx_waits = false;
			return token;
		}
		if (unlikely(virtio_ring_broken(ring)))
			net_give_up(net, virtio_ring_broken(ring));
		net_remind(queue);
		if (++net->sent_from == net->info.pairs)
			net->sent_from = 0;
	}
	return NULL;
}

void *virtio_net_sent(struct virtio_net *net)
{
	struct virtio_ring *ring = net->tx[0]->ring;
	void *token = NULL;
	uint32_t written;

	if (likely(net->info.pairs == 1)) {
		if (!virtio_ring_has_used(ring)) {
			net_remind(net->tx[0]);
			return NULL;
		}
		if (!virtio_is_stopped(net->device))
			token = virtio_ring_take(ring, &written);
	}
	if (unlikely(!token))
		return take_sent(net);
	net->tx_waits = false;
	return token;
}

static __noinline void kick_others(struct virtio_net *net)
{
	unsigned int i;

	for (i = 1; i < net->info.pairs; i++)
		virtio_queue_publish(net->tx[i]);
}

void virtio_net_kick(struct virtio_net *net)
{
	if (unlikely(net->info.pairs > 1))
		kick_others(net);
	virtio_queue_publish(net->tx[0]);
}
