/* SPDX-License-Identifier: MIT */
/*
 * A frame comes in pages from anywhere. One page is where it is in the direct map;
 * several are mapped side by side by vm_map_ram(), so that lwIP sees one flat pbuf
 * of up to 64 KiB; what that costs is bounded by a few hundred instructions, a copy
 * would be 20,000. When lwIP lets go the mapping ends (lazily, as all of
 * vm_unmap_ram()) and the pages are the device's again.
 *
 * A sender of small segments pins a page with each, until it is read. Once many pages
 * are pinned, frames of up to half a page are therefore copied, and at some point all
 * are dropped. They are always copied where misaligned access is slow, to where IP's
 * header is aligned.
 */
#include "net/frame.h"

#include <linux/vmalloc.h>
#include <string.h>

#include "drivers/virtio_net.h"
#include "lib/page_ops.h"
#include "mm/kmem.h"
#include "mm/page_alloc.h"

#include "lwip/pbuf.h"

#define FRAME_LEAST  14u /* an Ethernet header */
#define FRAME_PADDED 60u /* lwIP reads headers that shorter frames have not */
#define FRAME_MOST   UINT16_MAX
#define SPARE_MOST   256u
#define COPY_MOST    2048u
#define IP_ALIGNS    2u /* before Ethernet's 14 bytes */
/* Of memory, that may be pinned before more is copied, and at all. */
#define MANY_OF_MEMORY 8u
#define MOST_OF_MEMORY 4u

struct frame_counters frame_counters;

static unsigned long pinned_many, pinned_most; /* pages */

void frame_init(void)
{
	pinned_many =
		string_misaligned_slow ? 0 : nr_total_pages() / MANY_OF_MEMORY;
	pinned_most = nr_total_pages() / MOST_OF_MEMORY;
}

/* A pbuf that has pages. */
struct page_pbuf {
	struct pbuf_custom custom; /* first: lwIP gives us this back */
	struct virtio_net *net;
	void *mapping; /* NULL: one page, in the direct map */
	unsigned int count;
	struct page *pages[];
};

/* Of one page, and free: there is a frame soon. None where kmem looks at each. */
static struct page_pbuf *spare; /* chained by ->mapping */
static unsigned int nr_spare;

static __noinline void free_several(struct page_pbuf *own)
{
	unsigned int i;

	if (own->mapping) {
		vm_unmap_ram(own->mapping, own->count);
		frame_counters.unmapped++;
	}
	for (i = 0; i < own->count; i++)
		virtio_net_recycle(own->net, own->pages[i]);
	frame_counters.pinned -= own->count;
	kfree(own);
}

static void free_pages_of(struct pbuf *p)
{
	struct page_pbuf *own = (struct page_pbuf *)p;

	if (own->count != 1) {
		free_several(own);
		return;
	}
	virtio_net_recycle(own->net, own->pages[0]);
	frame_counters.pinned--;
	if (!CONFIG_CHECK && nr_spare < SPARE_MOST) {
		own->mapping = spare;
		spare = own;
		nr_spare++;
	} else {
		kfree(own);
	}
}

static __noinline void drop(struct virtio_net *net,
                            const struct virtio_net_frame *frame)
{
	unsigned int i;

	for (i = 0; i < frame->count; i++)
		virtio_net_recycle(net, frame->pages[i]);
}

static uint32_t padded(uint32_t bytes)
{
	return bytes < FRAME_PADDED ? FRAME_PADDED : bytes;
}

/* Zeros up to the least length, which there is room for. */
static __noinline void pad(char *start, uint32_t bytes)
{
	memset(start + bytes, 0, FRAME_PADDED - bytes);
}

static __noinline struct pbuf *copy(struct virtio_net *net,
                                    const struct virtio_net_frame *frame)
{
	const char *from =
		(char *)page_address(frame->pages[0]) + frame->offset;
	const uint32_t bytes = padded(frame->bytes);
	struct pbuf *p =
		pbuf_alloc(PBUF_RAW, (uint16_t)(bytes + IP_ALIGNS), PBUF_RAM);

	if (likely(p)) {
		char *to = (char *)p->payload + IP_ALIGNS;

		memcpy(to, from, frame->bytes);
		if (frame->bytes < FRAME_PADDED)
			pad(to, frame->bytes);
		pbuf_remove_header(p, IP_ALIGNS);
		frame_counters.copied++;
		frame_counters.copied_bytes += frame->bytes;
	} else {
		frame_counters.no_memory++;
	}
	drop(net, frame);
	return p;
}

static void count_pinned(unsigned int count)
{
	frame_counters.pinned += count;
	if (frame_counters.pinned > frame_counters.pinned_peak)
		frame_counters.pinned_peak = frame_counters.pinned;
}

/* Several pages, side by side. NULL: no memory. */
static __noinline char *map(struct page_pbuf *own,
                            const struct virtio_net_frame *frame)
{
	memcpy(own->pages, frame->pages, own->count * sizeof(own->pages[0]));
	own->mapping = vm_map_ram(own->pages, own->count, -1, PAGE_KERNEL);
	frame_counters.mapped += own->mapping != NULL;
	frame_counters.pages_mapped += own->mapping ? own->count : 0;
	return own->mapping;
}

static struct page_pbuf *alloc_for(unsigned int count)
{
	struct page_pbuf *own = spare;

	if (likely(count == 1)) {
		if (likely(own)) {
			spare = own->mapping;
			nr_spare--;
			return own;
		}
		return kmalloc(sizeof(*own) + sizeof(own->pages[0]),
		               GFP_KERNEL);
	}
	return kmalloc(sizeof(*own) + count * sizeof(own->pages[0]),
	               GFP_KERNEL);
}

bool frame_give_back(void)
{
	const bool had = spare != NULL;

	while (spare) {
		struct page_pbuf *next = spare->mapping;

		kfree(spare);
		spare = next;
	}
	nr_spare = 0;
	return had;
}

static struct pbuf *keep(struct virtio_net *net,
                         const struct virtio_net_frame *frame)
{
	struct page_pbuf *own = alloc_for(frame->count);
	const uint16_t bytes = (uint16_t)padded(frame->bytes);
	char *start = NULL;

	if (own) {
		own->custom.custom_free_function = free_pages_of;
		own->net = net;
		own->count = frame->count;
		if (likely(frame->count == 1)) {
			own->mapping = NULL;
			own->pages[0] = frame->pages[0];
			start = page_address(own->pages[0]);
		} else {
			start = map(own, frame);
		}
	}
	if (unlikely(!start)) {
		kfree(own);
		drop(net, frame);
		frame_counters.no_memory++;
		return NULL;
	}
	start += frame->offset;
	if (frame->bytes < FRAME_PADDED)
		pad(start, frame->bytes);
	count_pinned(frame->count);
	return pbuf_alloced_custom(PBUF_RAW, bytes, PBUF_REF, &own->custom,
	                           start, bytes);
}

static bool should_copy(const struct virtio_net_frame *frame)
{
	return frame_counters.pinned >= pinned_many &&
	       frame->bytes <= COPY_MOST;
}

struct pbuf *frame_to_pbuf(struct virtio_net *net,
                           const struct virtio_net_frame *frame)
{
	unsigned long *why = NULL;

	if (unlikely(frame->bytes < FRAME_LEAST))
		why = &frame_counters.short_frames;
	else if (unlikely(frame->bytes > FRAME_MOST))
		why = &frame_counters.long_frames;
	else if (unlikely(should_copy(frame)))
		return copy(net, frame);
	else if (unlikely(frame_counters.pinned > pinned_most))
		why = &frame_counters.no_memory;
	else
		return keep(net, frame);
	drop(net, frame);
	++*why;
	return NULL;
}
