/* SPDX-License-Identifier: MIT */
/*
 * Timers of a hart in a pairing heap: the soonest is the root, starting one is
 * one comparison, and a timer knows its place, so that it can be taken out of the
 * middle. Equal times keep the order in which they were started as long as they
 * are siblings; that is nearly always so.
 */
#include "core/timer_heap.h"

#include <stddef.h>

/*
 * @b becomes the first child of @a, or the other way round; returns the root. At
 * equal times it is @a.
 */
static struct timer *merge(struct timer *a, struct timer *b)
{
	if (!a)
		return b;
	if (!b)
		return a;
	if (b->at_ns < a->at_ns) {
		struct timer *sooner = b;

		b = a;
		a = sooner;
	}
	b->next = a->child;
	if (b->next)
		b->next->previous = b;
	b->previous = a;
	a->child = b;
	return a;
}

/*
 * The siblings from @first on become one heap: in pairs, then backwards. The
 * oldest child is the last one.
 */
static struct timer *merge_siblings(struct timer *first)
{
	struct timer *pairs = NULL, *heap = NULL;

	while (first) {
		struct timer *a = first, *b = first->next;
		struct timer *pair;

		first = b ? b->next : NULL;
		a->next = NULL;
		if (b)
			b->next = NULL;
		pair = merge(b, a);
		pair->next = pairs;
		pairs = pair;
	}
	while (pairs) {
		struct timer *pair = pairs;

		pairs = pair->next;
		pair->next = NULL;
		heap = merge(heap, pair);
	}
	return heap;
}

void timer_heap_add(struct timer **root, struct timer *timer)
{
	timer->child = NULL;
	timer->next = NULL;
	timer->previous = NULL;
	*root = merge(*root, timer);
	(*root)->previous = NULL;
}

void timer_heap_remove(struct timer **root, struct timer *timer)
{
	struct timer *rest = merge_siblings(timer->child);

	if (timer == *root) {
		*root = rest;
	} else {
		/* ->previous is the parent for a first child. */
		if (timer->previous->child == timer)
			timer->previous->child = timer->next;
		else
			timer->previous->next = timer->next;
		if (timer->next)
			timer->next->previous = timer->previous;
		*root = merge(*root, rest);
	}
	if (*root) {
		(*root)->previous = NULL;
		(*root)->next = NULL;
	}
}
