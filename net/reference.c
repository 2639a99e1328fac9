/* SPDX-License-Identifier: MIT */
/*
 * tcp_write() without a copy makes a pbuf for each segment. Here that is a custom
 * one, which knows whose memory it refers to; its end is the reference's end. Type
 * PBUF_REF keeps lwIP from lengthening one into its neighbour's memory.
 */
#include "net/reference.h"

#include "lwip_hooks.h"
#include "mm/kmem.h"

#include "lwip/pbuf.h"
#include "lwip/tcp.h"

struct reference {
	struct pbuf_custom custom; /* first: lwIP gives it back as a pbuf */
	struct net_memory *memory;
};

/* What net_send_from() sends just now; of the stack's lock. */
static struct net_memory *sending;

static void reference_end(struct pbuf *buffer)
{
	struct reference *reference = (struct reference *)(void *)buffer;
	struct net_memory *memory = reference->memory;

	kfree(reference);
	net_memory_put(memory);
}

struct pbuf *net_tcp_reference(const void *data, u16_t bytes)
{
	struct reference *reference;

	/* Who calls tcp_write() itself sees to its memory itself. */
	if (!sending) {
		struct pbuf *buffer = pbuf_alloc(PBUF_RAW, bytes, PBUF_ROM);

		if (buffer)
			buffer->payload = (void *)data;
		return buffer;
	}
	reference = kmalloc(sizeof(*reference), GFP_KERNEL);
	if (!reference)
		return NULL;
	reference->custom.custom_free_function = reference_end;
	reference->memory = sending;
	sending->references++;
	return pbuf_alloced_custom(PBUF_RAW, bytes, PBUF_REF,
	                           &reference->custom, (void *)data, bytes);
}

err_t net_send_from(struct net_memory *memory, struct tcp_pcb *pcb,
                    const void *data, uint16_t bytes, uint8_t flags)
{
	err_t err;

	sending = memory;
	err = tcp_write(pcb, data, bytes, flags & ~TCP_WRITE_FLAG_COPY);
	sending = NULL;
	return err;
}
