/* SPDX-License-Identifier: MIT */
/*
 * A hart's retired areas, a first-in first-out queue for each size. Nothing moves
 * when a flush is done: the head is reusable as soon as its stamp is clean, and
 * when it is not, nothing behind it is. What cannot be reused as it is (no
 * guard, fixed place) waits in the odd queue for the next drain.
 */
#include "mm/mm_internal.h"

/* How many areas from the head to try for one that is aligned. */
#define POOL_PROBES 4u

static unsigned int queue_of(unsigned long pages)
{
	unsigned int doublings = 0;

	if (likely(pages <= POOL_EXACT_PAGES))
		return (unsigned int)pages - 1;
	while (pages >> doublings > POOL_EXACT_PAGES)
		doublings++;
	if (doublings >= POOL_LARGE_QUEUES)
		return POOL_ODD_QUEUE;
	return POOL_EXACT_PAGES + doublings;
}

static void take_out(struct vmap_hart *own, struct area_queue *queue,
                     struct vm_area *before, struct vm_area *area)
{
	if (before)
		before->queue_next = area->queue_next;
	else
		queue->head = area->queue_next;
	if (queue->tail == area)
		queue->tail = before;
	own->pooled_pages -= area->pinned_pages;
}

struct vm_area *pool_take(struct vmap_hart *own, unsigned long pages,
                          unsigned long align)
{
	struct area_queue *queue = &own->queues[queue_of(pages)];
	struct vm_area *before = NULL;
	struct vm_area *area = queue->head;
	unsigned int probes = POOL_PROBES;

	for (; area && probes > 0; probes--) {
		if (!tlb_is_clean(area->stamp))
			return NULL;
		if (likely(IS_ALIGNED(area_start(area), align) &&
		           area->va_pages == pages + 1 && area->guarded)) {
			take_out(own, queue, before, area);
			return area;
		}
		before = area;
		area = area->queue_next;
	}
	return NULL;
}

struct area_queue *pool_queue(struct vmap_hart *own, const struct vm_area *area)
{
	if (unlikely(!area->guarded))
		return &own->queues[POOL_ODD_QUEUE];
	return &own->queues[queue_of(area->va_pages - 1)];
}

struct vm_area *pool_take_all(struct vmap_hart *hart)
{
	struct vm_area *all = NULL;
	unsigned int i;

	for (i = 0; i < POOL_QUEUES; i++) {
		struct area_queue *queue = &hart->queues[i];

		if (!queue->head)
			continue;
		queue->tail->queue_next = all;
		all = queue->head;
		queue->head = NULL;
		queue->tail = NULL;
	}
	hart->pooled_pages = 0;
	return all;
}
