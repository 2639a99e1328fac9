/* SPDX-License-Identifier: MIT */
/*
 * How an epoll learns that a file has news, and who guards what.
 *
 *   file's queue --notify--> item --push--> epoll->arrived --take--> ->ready
 *      its lock               |               no lock                 ->lock
 *                             +--wake--> epoll->queue, and the epolls around it
 *
 * An item that has arrived is pushed once, however often it is told of; epoll_wait()
 * takes all of them and asks each file what it is ready for. So a wait costs what
 * is ready, not what is watched.
 *
 * Three locks:
 *   epoll_map_lock   a mutex for all: which items there are, of which epoll and
 *                    of which file, and which epoll is in which
 *   epoll->lock      a mutex: the ready list, and what an item asks for. While it
 *                    is held no item of this epoll goes away, nor its file.
 *   nesting_lock     a spinlock for all, of rank LOCK_POLL: ->around, which is
 *                    walked when a file tells
 * in this order; then the file's own.
 */
#ifndef POSIX_EPOLL_INTERNAL_H
#define POSIX_EPOLL_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "core/mutex.h"
#include "core/wait.h"
#include "lib/list.h"
#include "posix/file.h"

/* Epolls in a chain, each in the next. */
#define EPOLL_DEPTH 5u

struct epoll_item;

struct epoll {
	struct mutex lock;
	struct epoll_item *arrived; /* [A] a stack, linked by ->arrived_next */
	struct list ready;          /* [L] the longest ready first */
	struct wait_queue queue;    /* of epoll_wait() */
	struct list items;          /* [M] epoll_map_lock: all */
	struct list inside;         /* [M] items that are epolls */
	struct list around;         /* [MN] items of others that are this one */
};

struct epoll_item {
	struct waiter waiter;            /* in the file's queue */
	struct epoll_item *arrived_next; /* [A] */
	unsigned int arrived;            /* [A] 1: it is in epoll->arrived */
	uint32_t events;                 /* [L] 0: not until it is changed */
	uint64_t data;                   /* [L] the application's */
	struct list ready;               /* [L] in epoll->ready */
	struct epoll *epoll;             /* [I] */
	struct file *file;               /* [I] no reference */
	int fd;                          /* [I] under which it was added */
	struct list all;                 /* [M] in epoll->items */
	struct file_watcher watcher;     /* [M] in file->watched_by */
	struct list inside;              /* [M] in epoll->inside */
	struct list around;              /* [MN] in the inner one's ->around */
};

struct epoll *epoll_of(const struct file *file); /* NULL: it is none */

/*
 * posix/epoll_nest.c; epoll_map_lock is held, but for the last one.
 * -ELOOP: @outer is in @inner, or the chain would be too long.
 */
int epoll_nest_check(struct epoll *outer, struct epoll *inner) __must_check;
void epoll_nest(struct epoll_item *item, struct epoll *inner);
void epoll_unnest(struct epoll_item *item);
/* Tell every epoll around @epoll. Context: any, up to LOCK_WAIT held. */
void epoll_tell_around(struct epoll *epoll);

/* posix/epoll_item.c */
/* In no list and no queue yet; NULL: no memory. */
struct epoll_item *epoll_item_create(struct epoll *epoll, struct file *file,
                                     int fd, void (*forget)(struct file *file));
void epoll_item_free(struct epoll_item *item);

/* News of the item's file. False: it is known already. Wakes nobody. */
bool epoll_item_arrive(struct epoll_item *item);

/* The same and wake who waits. True: a thread was woken. */
bool epoll_item_notify(struct waiter *waiter);

/* Wake who waits for @epoll, which has something ready; the same. */
bool epoll_wake(struct epoll *epoll);

/* What of that which it asks for is so. [L] held */
uint32_t epoll_item_events(const struct epoll_item *item);

/* ready() of an epoll. posix/epoll_wait.c */
unsigned int epoll_ready(struct file *file);

/* Move what has arrived to the ready list. [L] held */
void epoll_take_arrived(struct epoll *epoll);

static inline bool epoll_has_news(const struct epoll *epoll)
{
	return READ_ONCE(epoll->arrived) || !list_is_empty(&epoll->ready);
}

#endif /* POSIX_EPOLL_INTERNAL_H */
