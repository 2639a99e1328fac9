/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU objects. A chunk is an area with one unit for each hart, UNIT_STRIDE
 * apart, and serves objects of one power of two:
 *
 *   base            + UNIT_STRIDE         + 2 UNIT_STRIDE
 *   | o o o o ----- | o o o o ----------- | ...      ---: not mapped
 *     hart 0          hart 1                hart 2
 *
 * So an object is a bit in its chunk's bitmap, its chunk is found from its
 * address by a hash of the rounded base, and the copy of hart n lies n strides
 * on. Chunks with room form a list for each size; an empty one is given back.
 * Linux's first fit in shared chunks was rejected: it searches.
 *
 * What most calls need calls nothing: class from a table, lowest bit of the first
 * word that has one, zeroes by straight code (arch/entry_runs.h). Most of what is
 * left is the zeroes.
 */
#include <errno.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "arch/entry_runs.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/machine.h"
#include "core/report.h"
#include "lib/bits.h"
#include "mm/mm_internal.h"
#include "mm/page_alloc.h"
#include "mm/vm_area.h"

#define UNIT_STRIDE (128ul << 10)
#define UNIT_MIN    (32ul << 10)
#define CLASS_MIN   4u  /* log2 of the smallest object */
#define CLASS_MAX   15u /* 32 KiB */
#define CLASSES     (CLASS_MAX + 1u)
#define OBJECTS_MIN 64u /* in a chunk, as far as the stride permits */
#define OBJECTS_MAX (UNIT_MIN >> CLASS_MIN)
#define MAP_WORDS   (OBJECTS_MAX / 64u)
#define BUCKETS     256u

struct chunk {
	vaddr_t base;
	struct vm_struct **vms; /* of pcpu_get_vm_areas(), one */
	struct chunk *next;     /* list of its class */
	struct chunk *prev;
	struct chunk *bucket_next;
	unsigned long class; /* log2 of the object size */
	unsigned long objects;
	unsigned long left;       /* free ones */
	unsigned long hint;       /* no free object below this word */
	uint64_t free[MAP_WORDS]; /* a bit each */
};

static struct spinlock percpu_lock = SPINLOCK_INIT(LOCK_PERCPU, "percpu");
/* Chunks with a free object, and all chunks by base. */
static struct chunk *with_room[CLASSES] __guarded_by(percpu_lock);
static struct chunk *buckets[BUCKETS] __guarded_by(percpu_lock);

/* --- chunks by class and by address ------------------------------------ */

static struct chunk **bucket_of(vaddr_t base) __must_hold(percpu_lock)
{
	return &buckets[base / UNIT_STRIDE % BUCKETS];
}

static struct chunk *chunk_at(vaddr_t va) __must_hold(percpu_lock)
{
	vaddr_t base = ALIGN_DOWN(va, UNIT_STRIDE);
	struct chunk *chunk = *bucket_of(base);

	while (chunk && chunk->base != base)
		chunk = chunk->bucket_next;
	return chunk;
}

static void list_add(struct chunk *chunk) __must_hold(percpu_lock)
{
	struct chunk **head = &with_room[chunk->class];

	chunk->prev = NULL;
	chunk->next = *head;
	if (*head)
		(*head)->prev = chunk;
	*head = chunk;
}

static void list_remove(struct chunk *chunk) __must_hold(percpu_lock)
{
	if (chunk->prev)
		chunk->prev->next = chunk->next;
	else
		with_room[chunk->class] = chunk->next;
	if (chunk->next)
		chunk->next->prev = chunk->prev;
}

static void bucket_add(struct chunk *chunk) __must_hold(percpu_lock)
{
	struct chunk **bucket = bucket_of(chunk->base);

	chunk->bucket_next = *bucket;
	*bucket = chunk;
}

static void bucket_remove(struct chunk *chunk) __must_hold(percpu_lock)
{
	struct chunk **link = bucket_of(chunk->base);

	while (*link != chunk)
		link = &(*link)->bucket_next;
	*link = chunk->bucket_next;
}

/* --- making and freeing chunks ------------------------------------------ */

static unsigned int units(void)
{
	return machine.nr_hart_ids;
}

static unsigned long unit_pages(unsigned long class)
{
	unsigned long bytes = (unsigned long)OBJECTS_MIN << class;

	if (bytes < UNIT_MIN)
		bytes = UNIT_MIN;
	if (bytes > UNIT_STRIDE)
		bytes = UNIT_STRIDE;
	return bytes >> PAGE_SHIFT;
}

static unsigned int unit_order(unsigned long class)
{
	return bits_lowest(unit_pages(class));
}

static unsigned long unit_index(unsigned int unit)
{
	return unit * (UNIT_STRIDE >> PAGE_SHIFT);
}

/* One hart's unit from a block of its size, or else from what there is. */
static int unit_fill(struct vm_area *area, unsigned int unit,
                     unsigned int order)
{
	unsigned long index = unit_index(unit);
	struct page *page = alloc_pages(GFP_NOWAIT, order);
	unsigned long end = index + (1ul << order);
	unsigned long done;

	if (page) {
		if (vm_area_map_block(area, index, page_to_phys(page),
		                      1ul << order, PAGE_KERNEL) == 0)
			return 0;
		__free_pages(page, order);
	}
	done = area_populate(area, index, end, GFP_KERNEL, PAGE_KERNEL);
	if (done == end)
		return 0;
	area_free_runs(area, index, done);
	return -ENOMEM;
}

static void units_free(struct vm_area *area, unsigned int count,
                       unsigned int order)
{
	while (count-- > 0)
		area_free_runs(area, unit_index(count),
		               unit_index(count) + (1ul << order));
}

static int units_fill(struct vm_area *area, unsigned int order)
{
	unsigned int unit;

	for (unit = 0; unit < units(); unit++) {
		int err = unit_fill(area, unit, order);

		if (err) {
			units_free(area, unit, order);
			return err;
		}
	}
	return 0;
}

static struct vm_struct **chunk_space(void)
{
	const unsigned long offset = 0;
	const size_t size = units() * UNIT_STRIDE;

	return pcpu_get_vm_areas(&offset, &size, 1, UNIT_STRIDE);
}

/* A power of two of objects: part of a word, or whole ones. */
static void mark_all_free(struct chunk *chunk)
{
	unsigned int i;

	chunk->left = chunk->objects;
	for (i = 0; i < chunk->objects / 64; i++)
		chunk->free[i] = ~0ul;
	if (chunk->objects < 64)
		chunk->free[0] = (1ul << chunk->objects) - 1;
}

static struct chunk *chunk_make(unsigned long class)
{
	struct chunk *chunk = kzalloc(sizeof(*chunk), GFP_KERNEL);

	if (!chunk)
		return NULL;
	chunk->vms = chunk_space();
	if (!chunk->vms)
		goto out_free;
	if (units_fill(to_area(chunk->vms[0]), unit_order(class)) != 0)
		goto out_space;
	chunk->base = (vaddr_t)chunk->vms[0]->addr;
	chunk->class = class;
	chunk->objects = unit_pages(class) << PAGE_SHIFT >> class;
	mark_all_free(chunk);
	return chunk;

out_space:
	pcpu_free_vm_areas(chunk->vms, 1);
out_free:
	kfree(chunk);
	return NULL;
}

static void chunk_free(struct chunk *chunk)
{
	units_free(to_area(chunk->vms[0]), units(), unit_order(chunk->class));
	pcpu_free_vm_areas(chunk->vms, 1);
	kfree(chunk);
}

/* --- objects ------------------------------------------------------------ */

/* The lowest free object of a chunk that has one. */
static __always_inline void *object_take(struct chunk *chunk)
	__must_hold(percpu_lock)
{
	unsigned long word = chunk->hint;
	uint64_t bits;

	while (!(bits = chunk->free[word]))
		word++;
	chunk->free[word] = bits & (bits - 1);
	chunk->hint = word;
	if (unlikely(--chunk->left == 0))
		list_remove(chunk);
	word = word * 64 + bits_lowest(bits);
	return (void *)(chunk->base + (word << chunk->class));
}

/* NULL: no chunk of this class has room. */
static __always_inline void *class_take(unsigned long class)
{
	unsigned long flags = spin_lock_irqsave(&percpu_lock);
	struct chunk *chunk = with_room[class];
	void *object = likely(chunk) ? object_take(chunk) : NULL;

	spin_unlock_irqrestore(&percpu_lock, flags);
	return object;
}

static __noinline bool class_grow(unsigned long class)
{
	struct chunk *chunk = chunk_make(class);
	unsigned long flags;

	if (!chunk)
		return false;
	flags = spin_lock_irqsave(&percpu_lock);
	bucket_add(chunk);
	list_add(chunk);
	spin_unlock_irqrestore(&percpu_lock, flags);
	return true;
}

#define TABLE_MAX 1024u /* bytes; larger objects are rare */

/* By (size - 1) / 16. */
static const uint8_t small_classes[TABLE_MAX >> CLASS_MIN] = {
	[0] = 4,        [1] = 5,         [2 ... 3] = 6,    [4 ... 7] = 7,
	[8 ... 15] = 8, [16 ... 31] = 9, [32 ... 63] = 10,
};

static __always_inline unsigned long class_of(size_t size, size_t align)
{
	size_t larger = size > align ? size : align;
	unsigned long class = CLASS_MIN;

	if (likely(larger <= TABLE_MAX))
		return small_classes[(larger - 1) >> CLASS_MIN];
	while (1ul << class < larger)
		class ++;
	return class;
}

static __always_inline bool request_is_sane(size_t size, size_t align)
{
	return size - 1 < 1ul << CLASS_MAX && IS_POWER_OF_2(align) &&
	       align <= PAGE_SIZE && !in_interrupt();
}

static __noinline void *refuse(size_t size, size_t align)
{
	if (in_interrupt())
		report("__alloc_percpu: called in an interrupt");
	else {
		report("__alloc_percpu(%lu, %lu): size must be 1 to %lu, "
		       "alignment a power of two up to a page",
		       size, align, 1ul << CLASS_MAX);
	}
	return NULL;
}

/* In whole words: the rest of the last one is the object's too. */
static __always_inline void clear(uint64_t *word, size_t size)
{
	unsigned long left = (size + 7) / 8;

	while (left > 0) {
		unsigned long now = left < ENTRY_RUN_MAX ? left : ENTRY_RUN_MAX;

		entry_run_clear(word, now);
		word += now;
		left -= now;
	}
}

static __always_inline void *clear_copies(void *object, size_t size)
{
	unsigned int unit;

	for (unit = 0; unit < units(); unit++)
		clear((uint64_t *)((char *)object + unit * UNIT_STRIDE), size);
	return object;
}

static __noinline void *alloc_slowly(size_t size, unsigned long class)
{
	void *object;

	do {
		if (!class_grow(class))
			return NULL;
		object = class_take(class);
	} while (!object);
	return clear_copies(object, size);
}

/* <= 80 instructions and what the zeroes take */
void *__alloc_percpu(size_t size, size_t align)
{
	unsigned long class;
	void *object;

	if (unlikely(!request_is_sane(size, align)))
		return refuse(size, align);
	class = class_of(size, align);
	object = class_take(class);
	if (unlikely(!object))
		return alloc_slowly(size, class);
	return clear_copies(object, size);
}

/*
 * Give the object back; *empty_out is its chunk when nothing of it is left and
 * others of its class have room. False: not an object.
 */
static bool object_put(struct chunk *chunk, vaddr_t va,
                       struct chunk **empty_out) __must_hold(percpu_lock)
{
	unsigned long offset = va - chunk->base;
	unsigned long index = offset >> chunk->class;
	uint64_t bit = 1ul << index % 64;

	if (offset & ((1ul << chunk->class) - 1) || index >= chunk->objects ||
	    chunk->free[index / 64] & bit)
		return false;
	chunk->free[index / 64] |= bit;
	if (index / 64 < chunk->hint)
		chunk->hint = index / 64;
	if (chunk->left++ == 0)
		list_add(chunk);
	if (chunk->left == chunk->objects) {
		list_remove(chunk);
		bucket_remove(chunk);
		*empty_out = chunk;
	}
	return true;
}

void free_percpu(void *object)
{
	struct chunk *empty = NULL;
	struct chunk *chunk;
	unsigned long flags;
	bool done;

	if (!object)
		return;
	if (in_interrupt()) {
		report("free_percpu(%p): called in an interrupt", object);
		return;
	}
	flags = spin_lock_irqsave(&percpu_lock);
	chunk = chunk_at((vaddr_t)object);
	done = chunk && object_put(chunk, (vaddr_t)object, &empty);
	spin_unlock_irqrestore(&percpu_lock, flags);
	if (!done) {
		report("free_percpu(%p): not an object of __alloc_percpu(), or "
		       "freed before",
		       object);
	}
	if (empty)
		chunk_free(empty);
}

void *per_cpu_ptr(void *object, unsigned int hart)
{
	if (unlikely(hart >= units())) {
		report("per_cpu_ptr(%p, %u): there are %u harts", object, hart,
		       units());
		return NULL;
	}
	return (char *)object + hart * UNIT_STRIDE;
}
