/* SPDX-License-Identifier: MIT */
/*
 * Lists whose links lie in their members: a ring through a head that is no
 * member. Taking one out needs no search. No locks, no allocation.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include <stdbool.h>

#include "core/compiler.h"

struct list {
	struct list *next, *previous;
};

/* Of a head, and of a member that is in no list. */
static inline void list_init(struct list *list)
{
	list->next = list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
	return READ_ONCE(list->next) == list;
}

static inline void list_add_before(struct list *place, struct list *member)
{
	member->next = place;
	member->previous = place->previous;
	place->previous->next = member;
	place->previous = member;
}

static inline void list_add_last(struct list *head, struct list *member)
{
	list_add_before(head, member);
}

/* Nothing when it is in none. */
static inline void list_remove(struct list *member)
{
	member->previous->next = member->next;
	member->next->previous = member->previous;
	list_init(member);
}

#define list_member(list_, type, field) container_of(list_, type, field)

#define list_for_each(at, head) \
	for ((at) = (head)->next; (at) != (head); (at) = (at)->next)

#endif /* LIB_LIST_H */
