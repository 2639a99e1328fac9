/* SPDX-License-Identifier: MIT */
/*
 * A linked list whose nodes lie in no order: loads that wait for loads. It is
 * searched, turned round, and sorted by value and then back by position, by
 * merging runs that double in length.
 */
#include "coremark.h"

#define NODES    96
#define SEARCHES 32
#define STRIDE   37 /* has no divisor in common with NODES */

struct node {
	struct node *next;
	uint16_t value;
	uint16_t position;
};

typedef int order_function(const struct node *a, const struct node *b);

static struct node nodes[NODES];

static int by_value(const struct node *a, const struct node *b)
{
	return a->value != b->value ? a->value - b->value
	                            : a->position - b->position;
}

static int by_position(const struct node *a, const struct node *b)
{
	return a->position - b->position;
}

static struct node *fill(uint32_t *state)
{
	struct node *head = NULL;
	unsigned int i;

	for (i = 0; i < NODES; i++) {
		struct node *node = &nodes[i * STRIDE % NODES];

		*node = (struct node){ head, next_number(state) & 0x3ff,
			               NODES - i };
		head = node;
	}
	return head;
}

/* How many nodes stand before the first with @value. */
static unsigned int find(const struct node *node, uint16_t value)
{
	unsigned int steps = 0;

	while (node && node->value != value) {
		node = node->next;
		steps++;
	}
	return steps;
}

static struct node *reverse(struct node *node)
{
	struct node *before = NULL;

	while (node) {
		struct node *next = node->next;

		node->next = before;
		before = node;
		node = next;
	}
	return before;
}

/* Cut @length nodes off @list and return the rest. */
static struct node *cut(struct node *list, unsigned int length)
{
	struct node *rest;

	while (list && --length)
		list = list->next;
	if (!list)
		return NULL;
	rest = list->next;
	list->next = NULL;
	return rest;
}

/* Merge two runs behind @tail; the new tail. */
static struct node **merge(struct node **tail, struct node *a, struct node *b,
                           order_function *order)
{
	while (a || b) {
		struct node **from = !b || (a && order(a, b) <= 0) ? &a : &b;

		*tail = *from;
		*from = (*from)->next;
		tail = &(*tail)->next;
	}
	return tail;
}

static struct node *sort(struct node *list, order_function *order)
{
	unsigned int length;

	for (length = 1; length < NODES; length *= 2) {
		struct node *rest = list, **tail = &list;

		while (rest) {
			struct node *a = rest;
			struct node *b = cut(a, length);

			rest = cut(b, length);
			tail = merge(tail, a, b, order);
		}
		*tail = NULL;
	}
	return list;
}

static uint16_t crc_of(uint16_t crc, const struct node *node)
{
	for (; node; node = node->next)
		crc = crc_add(crc, node->value ^ node->position << 10);
	return crc;
}

uint16_t list_work(uint32_t seed)
{
	struct node *list = fill(&seed);
	uint16_t crc = 0;
	unsigned int i;

	for (i = 0; i < SEARCHES; i++)
		crc = crc_add(crc, find(list, next_number(&seed) & 0x3ff));
	list = reverse(list);
	crc = crc_of(crc, list);
	list = sort(list, by_value);
	crc = crc_of(crc, list);
	list = sort(list, by_position);
	return crc_of(crc, list);
}
