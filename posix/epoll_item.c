/* SPDX-License-Identifier: MIT */
/*
 * News come from everywhere, interrupts too, and only push; one consumer at a
 * time takes the whole stack. So it needs no lock and has no ABA.
 */
#include "core/compiler.h"
#include "epoll_internal.h"
#include "mm/kmem.h"

struct epoll_item *epoll_item_create(struct epoll *epoll, struct file *file,
                                     int fd, void (*forget)(struct file *file))
{
	struct epoll_item *item = kzalloc(sizeof(*item), GFP_KERNEL);

	if (!item)
		return NULL;
	item->waiter.notify = epoll_item_notify;
	item->watcher.forget = forget;
	item->epoll = epoll;
	item->file = file;
	item->fd = fd;
	list_init(&item->ready);
	list_init(&item->all);
	list_init(&item->inside);
	list_init(&item->around);
	return item;
}

void epoll_item_free(struct epoll_item *item)
{
	kfree(item);
}

bool epoll_item_arrive(struct epoll_item *item)
{
	struct epoll *epoll = item->epoll;
	struct epoll_item *first;

	if (__atomic_exchange_n(&item->arrived, 1, __ATOMIC_ACQ_REL))
		return false;
	first = __atomic_load_n(&epoll->arrived, __ATOMIC_RELAXED);
	do {
		item->arrived_next = first;
	} while (!__atomic_compare_exchange_n(&epoll->arrived, &first, item,
	                                      true, __ATOMIC_RELEASE,
	                                      __ATOMIC_RELAXED));
	return true;
}

bool epoll_wake(struct epoll *epoll)
{
	const bool woken = wait_queue_wake(&epoll->queue, 1) > 0;

	if (unlikely(!list_is_empty(&epoll->around)))
		epoll_tell_around(epoll);
	return woken;
}

bool epoll_item_notify(struct waiter *waiter)
{
	struct epoll_item *item =
		container_of(waiter, struct epoll_item, waiter);

	return epoll_item_arrive(item) && epoll_wake(item->epoll);
}

void epoll_take_arrived(struct epoll *epoll)
{
	struct epoll_item *item =
		__atomic_exchange_n(&epoll->arrived, NULL, __ATOMIC_ACQUIRE);
	struct list *place = &epoll->ready;

	/* The stack has the newest first: each goes ahead of the one before. */
	while (item) {
		struct epoll_item *next = item->arrived_next;

		/* From here on it may arrive again: news come after the flag. */
		__atomic_exchange_n(&item->arrived, 0, __ATOMIC_SEQ_CST);
		if (list_is_empty(&item->ready)) {
			list_add_before(place, &item->ready);
			place = &item->ready;
		}
		item = next;
	}
}
