/* SPDX-License-Identifier: MIT */
/*
 * An epoll in an epoll. The inner one's queue is not watched, because waking the
 * outer one's from under its lock would nest two locks of one rank. Instead a file
 * that tells an epoll tells all around it as well, under the lock of the nesting
 * alone. The chains have few members and no cycles, so a walk needs a stack of
 * EPOLL_DEPTH places and no recursion.
 */
#include <errno.h>
#include <stddef.h>

#include "core/lock.h"
#include "epoll_internal.h"

static struct spinlock nesting_lock = SPINLOCK_INIT(LOCK_POLL, "epoll nesting");

/* A depth-first walk from an epoll outwards, or inwards. */
struct nest_walk {
	struct list *heads[EPOLL_DEPTH + 1];
	struct list *at[EPOLL_DEPTH + 1];
	unsigned int depth; /* of the lists that are being walked */
};

static void walk_into(struct nest_walk *walk, struct list *head)
{
	walk->heads[walk->depth] = head;
	walk->at[walk->depth] = head;
	walk->depth++;
}

/* The next link, NULL at the end of everything. */
static struct list *walk_next(struct nest_walk *walk)
{
	while (walk->depth > 0) {
		const unsigned int top = walk->depth - 1;

		walk->at[top] = walk->at[top]->next;
		if (walk->at[top] != walk->heads[top])
			return walk->at[top];
		walk->depth--;
	}
	return NULL;
}

void epoll_tell_around(struct epoll *epoll)
{
	struct nest_walk walk = { .depth = 0 };
	unsigned long flags = spin_lock_irqsave(&nesting_lock);
	struct list *link;

	walk_into(&walk, &epoll->around);
	while ((link = walk_next(&walk))) {
		struct epoll_item *item =
			list_member(link, struct epoll_item, around);

		/* It knows: so do those around it. */
		if (!epoll_item_arrive(item))
			continue;
		wait_queue_wake(&item->epoll->queue, 1);
		walk_into(&walk, &item->epoll->around);
	}
	spin_unlock_irqrestore(&nesting_lock, flags);
}

/* Epolls in the longest chain from @epoll outwards, with it; 0: to @inner. */
static unsigned int levels_around(struct epoll *epoll,
                                  const struct epoll *inner)
{
	struct nest_walk walk = { .depth = 0 };
	unsigned int levels = 1;
	struct list *link;

	walk_into(&walk, &epoll->around);
	while ((link = walk_next(&walk))) {
		struct epoll *outer =
			list_member(link, struct epoll_item, around)->epoll;

		if (outer == inner)
			return 0;
		if (walk.depth + 1 > levels)
			levels = walk.depth + 1;
		walk_into(&walk, &outer->around);
	}
	return levels;
}

static unsigned int levels_inside(struct epoll *epoll)
{
	struct nest_walk walk = { .depth = 0 };
	unsigned int levels = 1;
	struct list *link;

	walk_into(&walk, &epoll->inside);
	while ((link = walk_next(&walk))) {
		const struct epoll_item *item =
			list_member(link, struct epoll_item, inside);

		if (walk.depth + 1 > levels)
			levels = walk.depth + 1;
		walk_into(&walk, &epoll_of(item->file)->inside);
	}
	return levels;
}

int epoll_nest_check(struct epoll *outer, struct epoll *inner)
{
	const unsigned int around = levels_around(outer, inner);

	if (around == 0 || around + levels_inside(inner) > EPOLL_DEPTH)
		return -ELOOP;
	return 0;
}

void epoll_nest(struct epoll_item *item, struct epoll *inner)
{
	unsigned long flags = spin_lock_irqsave(&nesting_lock);

	list_add_last(&inner->around, &item->around);
	list_add_last(&item->epoll->inside, &item->inside);
	spin_unlock_irqrestore(&nesting_lock, flags);
}

void epoll_unnest(struct epoll_item *item)
{
	unsigned long flags = spin_lock_irqsave(&nesting_lock);

	list_remove(&item->around);
	list_remove(&item->inside);
	spin_unlock_irqrestore(&nesting_lock, flags);
}
