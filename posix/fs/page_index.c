/* SPDX-License-Identifier: MIT */
/*
 *         root ---> | node: 64 places | ---> | node | ---> page
 *         height 2    number >> 6              number & 63
 *
 * The root's word is the address of a page's struct or of a node, with the height
 * in its low bits, so that whoever looks without the lock reads both at once. A
 * tree grows by a new root above the old one; it becomes lower only when its last
 * page goes. Rejected: an array of pages, which a hole of a terabyte makes large,
 * and the page table's shape, whose smallest table is a whole page.
 */
#include "posix/fs/page_index.h"

#include <errno.h>
#include <stdbool.h>

#include "core/assert.h"
#include "core/mutex.h"
#include "mm/kmem.h"

#define PLACE_BITS  6u
#define PLACES      (1u << PLACE_BITS)
#define HEIGHT_MAX  11u /* 66 bits */
#define HEIGHT_MASK 15ul

struct index_node {
	uintptr_t places[PLACES]; /* [A] nodes, or pages at the bottom */
	unsigned int taken;
};

static struct kmem_cache *nodes; /* [A] */
static struct mutex nodes_mutex = MUTEX_INIT("page index");

int page_index_prepare(void)
{
	struct kmem_cache *cache = __atomic_load_n(&nodes, __ATOMIC_ACQUIRE);

	if (cache)
		return 0;
	mutex_lock(&nodes_mutex);
	if (!nodes) {
		cache = kmem_cache_create("file_index",
		                          sizeof(struct index_node), 0);
		__atomic_store_n(&nodes, cache, __ATOMIC_RELEASE);
	}
	mutex_unlock(&nodes_mutex);
	return nodes ? 0 : -ENOMEM;
}

static unsigned int height_of(uintptr_t root)
{
	return root & HEIGHT_MASK;
}

static struct index_node *node_of(uintptr_t word)
{
	return (struct index_node *)(word & ~HEIGHT_MASK);
}

/* Does a tree of this height have a place for @number? */
static bool reaches(unsigned int height, uint64_t number)
{
	return height >= HEIGHT_MAX || number >> (height * PLACE_BITS) == 0;
}

static unsigned int place_at(uint64_t number, unsigned int level)
{
	return number >> (level * PLACE_BITS) & (PLACES - 1);
}

struct page *page_index_find(const struct page_index *index, uint64_t number)
{
	uintptr_t word = __atomic_load_n(&index->root, __ATOMIC_ACQUIRE);
	unsigned int level = height_of(word);

	if (!reaches(level, number))
		return NULL;
	word &= ~HEIGHT_MASK;
	while (word && level-- > 0) {
		word = __atomic_load_n(
			&node_of(word)->places[place_at(number, level)],
			__ATOMIC_ACQUIRE);
	}
	return (struct page *)word;
}

static struct index_node *make_node(void)
{
	struct index_node *node = kmem_cache_alloc(nodes, GFP_NOWAIT);
	unsigned int i;

	if (!node)
		return NULL;
	for (i = 0; i < PLACES; i++)
		node->places[i] = 0;
	node->taken = 0;
	return node;
}

static void set_place(struct index_node *node, unsigned int place,
                      uintptr_t word)
{
	node->taken += (word != 0) - (node->places[place] != 0);
	__atomic_store_n(&node->places[place], word, __ATOMIC_RELEASE);
}

/* One level more. An empty tree is as high as anybody likes. */
static int raise(struct page_index *index)
{
	const uintptr_t old = index->root;
	const unsigned int height = height_of(old) + 1;
	struct index_node *node;

	if ((old & ~HEIGHT_MASK) == 0) {
		__atomic_store_n(&index->root, height, __ATOMIC_RELEASE);
		return 0;
	}
	node = make_node();
	if (!node)
		return -ENOMEM;
	set_place(node, 0, old & ~HEIGHT_MASK);
	__atomic_store_n(&index->root, (uintptr_t)node | height,
	                 __ATOMIC_RELEASE);
	return 0;
}

/* The way to @number lost its last page: nodes that are empty go. */
static void prune(struct page_index *index, uint64_t number)
{
	struct index_node *path[HEIGHT_MAX];
	uintptr_t word = index->root & ~HEIGHT_MASK;
	const unsigned int height = height_of(index->root);
	unsigned int level = height;

	while (level > 0) {
		path[--level] = node_of(word);
		word = path[level]->places[place_at(number, level)];
	}
	for (; level < height && path[level]->taken == 0; level++) {
		kmem_cache_free(nodes, path[level]);
		if (level + 1 < height) {
			set_place(path[level + 1], place_at(number, level + 1),
			          0);
		} else {
			__atomic_store_n(&index->root, 0, __ATOMIC_RELEASE);
		}
	}
}

static void free_branch(uintptr_t word, uint64_t number, unsigned int levels)
{
	while (levels-- > 0) {
		struct index_node *node = node_of(word);

		word = node->places[place_at(number, levels)];
		kmem_cache_free(nodes, node);
	}
}

/*
 * @levels nodes that lead to @page alone, not yet in the tree: a failure is
 * nothing that a reader could see. 0: no memory.
 */
static uintptr_t make_branch(uint64_t number, unsigned int levels,
                             struct page *page)
{
	uintptr_t word = (uintptr_t)page;
	unsigned int level;

	for (level = 0; level < levels; level++) {
		struct index_node *node = make_node();

		if (!node) {
			free_branch(word, number, level);
			return 0;
		}
		set_place(node, place_at(number, level), word);
		word = (uintptr_t)node;
	}
	return word;
}

int page_index_insert(struct page_index *index, uint64_t number,
                      struct page *page)
{
	struct index_node *node;
	unsigned int level;
	uintptr_t branch;

	while (!reaches(height_of(index->root), number)) {
		if (raise(index))
			return -ENOMEM;
	}
	level = height_of(index->root);
	node = node_of(index->root);
	if (!node || level == 0) {
		branch = make_branch(number, level, page);
		if (branch)
			__atomic_store_n(&index->root, branch | level,
			                 __ATOMIC_RELEASE);
		return branch ? 0 : -ENOMEM;
	}
	while (--level > 0) {
		struct index_node *below =
			node_of(node->places[place_at(number, level)]);

		if (!below)
			break;
		node = below;
	}
	branch = make_branch(number, level, page);
	if (!branch)
		return -ENOMEM;
	set_place(node, place_at(number, level), branch);
	return 0;
}

struct page *page_index_remove(struct page_index *index, uint64_t number)
{
	struct page *page = page_index_find(index, number);
	struct index_node *node = node_of(index->root);
	unsigned int level = height_of(index->root);

	if (!page)
		return NULL;
	if (level == 0) {
		__atomic_store_n(&index->root, 0, __ATOMIC_RELEASE);
		return page;
	}
	while (--level > 0)
		node = node_of(node->places[place_at(number, level)]);
	set_place(node, place_at(number, 0), 0);
	if (node->taken == 0)
		prune(index, number);
	return page;
}

/*
 * What stands at @number, and in *@span_out how many numbers are like it because
 * a part of the tree is missing.
 */
static struct page *look(const struct page_index *index, uint64_t number,
                         uint64_t *span_out)
{
	uintptr_t word = __atomic_load_n(&index->root, __ATOMIC_ACQUIRE);
	unsigned int level = height_of(word);

	*span_out = 0; /* all that follow */
	if (!reaches(level, number))
		return NULL;
	word &= ~HEIGHT_MASK;
	while (word && level > 0) {
		level--;
		*span_out = 1ul << level * PLACE_BITS;
		word = __atomic_load_n(
			&node_of(word)->places[place_at(number, level)],
			__ATOMIC_ACQUIRE);
	}
	if (word && height_of(index->root) == 0)
		*span_out = 1;
	return (struct page *)word;
}

uint64_t page_index_next_page(const struct page_index *index, uint64_t number)
{
	for (;;) {
		uint64_t span;

		if (look(index, number, &span))
			return number;
		if (span == 0)
			return PAGE_INDEX_NONE;
		number = ALIGN_DOWN(number, span) + span;
		if (number == 0)
			return PAGE_INDEX_NONE;
	}
}

uint64_t page_index_next_hole(const struct page_index *index, uint64_t number)
{
	while (page_index_find(index, number))
		number++;
	return number;
}
