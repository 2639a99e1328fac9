/* SPDX-License-Identifier: MIT */
/*
 * One table finds every name by its directory and its hash. It grows and shrinks
 * by one bucket at a time (linear hashing, Litwin 1980), so no change of a name
 * pays for all the others:
 *
 *         buckets      0 1 2 3 | 4 5          `buckets` = 6, `half` = 4
 *                      ^ ^------+-+           0 and 1 are split already: their
 *                                             names are in 0 or 4, 1 or 5
 *
 * Buckets stand in pages of 512. A directory also has its names in a ring in the
 * order in which they came, for getdents64().
 */
#include <errno.h>
#include <string.h>

#include "mm/kmem.h"
#include "mm/page_alloc.h"
#include "posix/fs/fs_internal.h"

#define PAGE_BUCKETS (PAGE_SIZE / sizeof(struct entry *))
#define PAGES_MAX    256u

static struct entry **bucket_pages[PAGES_MAX] __guarded_by(tree_lock);
static unsigned long buckets __guarded_by(tree_lock);
static unsigned long half __guarded_by(tree_lock); /* <= buckets < 2 * */
static unsigned long names __guarded_by(tree_lock);

static struct entry **bucket(unsigned long number) __must_hold(&tree_lock)
{
	return &bucket_pages[number / PAGE_BUCKETS][number % PAGE_BUCKETS];
}

static unsigned long bucket_number(uint32_t hash) __must_hold(&tree_lock)
{
	unsigned long number = hash & (2 * half - 1);

	return number < buckets ? number : number & (half - 1);
}

static void *bucket_page(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 0);

	return page ? page_address(page) : NULL;
}

int names_init(void)
{
	unsigned long flags;
	void *page;

	if (READ_ONCE(buckets) > 0)
		return 0; /* of an attempt that failed later */
	page = bucket_page();
	if (!page)
		return -ENOMEM;
	flags = spin_lock_irqsave(&tree_lock);
	bucket_pages[0] = page;
	buckets = PAGE_BUCKETS;
	half = PAGE_BUCKETS;
	spin_unlock_irqrestore(&tree_lock, flags);
	return 0;
}

/* Looked at without the lock: at worst a page comes a name too late. */
void names_make_room(void)
{
	unsigned long number = READ_ONCE(buckets) / PAGE_BUCKETS;
	struct entry **page;
	unsigned long flags;

	if (likely(READ_ONCE(names) < READ_ONCE(buckets)) ||
	    number >= PAGES_MAX || READ_ONCE(bucket_pages[number]))
		return;
	page = bucket_page();
	flags = spin_lock_irqsave(&tree_lock);
	if (!bucket_pages[number]) {
		bucket_pages[number] = page;
		page = NULL;
	}
	spin_unlock_irqrestore(&tree_lock, flags);
	if (page)
		__free_pages(virt_to_page(page), 0);
}

/* One bucket more: some names of another one move there. */
static void split(void) __must_hold(&tree_lock)
{
	struct entry **from = bucket(buckets - half);
	struct entry **to;

	if (buckets / PAGE_BUCKETS >= PAGES_MAX ||
	    !bucket_pages[buckets / PAGE_BUCKETS])
		return;
	to = bucket(buckets);
	while (*from) {
		struct entry *entry = *from;

		if (entry->hash & half) {
			*from = entry->next;
			entry->next = *to;
			*to = entry;
		} else {
			from = &entry->next;
		}
	}
	buckets++;
	if (buckets == 2 * half)
		half = buckets;
}

/* The last bucket goes into the one that it came from. */
static void merge(void) __must_hold(&tree_lock)
{
	struct entry **end, *moved;

	if (buckets == half)
		half /= 2;
	buckets--;
	moved = *bucket(buckets);
	*bucket(buckets) = NULL;
	end = bucket(buckets - half);
	while (*end)
		end = &(*end)->next;
	*end = moved;
	if (buckets % PAGE_BUCKETS == 0) {
		struct page *page =
			virt_to_page(bucket_pages[buckets / PAGE_BUCKETS]);

		bucket_pages[buckets / PAGE_BUCKETS] = NULL;
		__free_pages(page, 0);
	}
}

/* The same name hashes differently in each directory. */
static uint32_t hash_in(const struct inode *directory, uint32_t hash)
{
	return hash + (uint32_t)directory->number * 0x9e3779b1u;
}

/* About 25 instructions for a short name */
struct entry *names_find(const struct inode *directory, const char *name,
                         unsigned int length, uint32_t hash)
{
	struct entry *entry;

	hash = hash_in(directory, hash);
	entry = *bucket(bucket_number(hash));
	for (; entry; entry = entry->next) {
		if (entry->hash == hash && entry->directory == directory &&
		    entry->length == length &&
		    memcmp(entry->name, name, length) == 0)
			break;
	}
	return entry;
}

struct entry *entry_create(const char *name, unsigned int length, uint32_t hash)
{
	struct entry *entry = kmalloc(sizeof(*entry) + length + 1, GFP_KERNEL);

	if (!entry)
		return NULL;
	entry->hash = hash;
	entry->length = length;
	memcpy(entry->name, name, length);
	entry->name[length] = '\0';
	return entry;
}

void child_append(struct directory *directory, struct child *child)
{
	struct child *ends = &directory->children;

	child->next = ends;
	child->previous = ends->previous;
	ends->previous->next = child;
	ends->previous = child;
}

void child_remove(struct child *child)
{
	child->next->previous = child->previous;
	child->previous->next = child->next;
}

void child_take_place(struct child *child, struct child *next, uint64_t cookie)
{
	child_remove(child);
	child->cookie = cookie;
	child->next = next;
	child->previous = next->previous;
	next->previous->next = child;
	next->previous = child;
}

void names_insert(struct entry *entry, struct inode *directory,
                  struct inode *inode)
{
	struct entry **first;

	tree_generation++;
	entry->hash = hash_in(directory, entry->hash);
	entry->directory = directory;
	entry->inode = inode;
	inode->name = entry;
	if (S_ISDIR(inode->mode))
		inode->directory.entry = entry;
	first = bucket(bucket_number(entry->hash));
	entry->next = *first;
	*first = entry;
	names++;
	if (names > buckets)
		split();

	entry->child.cookie = directory->directory.next_cookie++;
	child_append(&directory->directory, &entry->child);
	directory->directory.count++;
}

void names_remove(struct entry *entry)
{
	struct entry **at = bucket(bucket_number(entry->hash));
	unsigned int i;

	if (entry->inode->name == entry)
		entry->inode->name = NULL;
	tree_generation++;
	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	names--;
	for (i = 0; i < 2; i++) {
		if (buckets > PAGE_BUCKETS && names * 2 < buckets)
			merge();
	}
	child_remove(&entry->child);
	entry->directory->directory.count--;
}
