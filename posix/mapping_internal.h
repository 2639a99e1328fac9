/* SPDX-License-Identifier: MIT */
/*
 * What the files of mmap() and its family share.
 *
 *   posix/memory.c         mmap, munmap, mprotect: arguments
 *   posix/mapping.c        ranges of addresses taken, given back, changed
 *   posix/mapping_fixed.c  MAP_FIXED
 *   posix/mapping_file.c   files
 *   posix/mapping_fault.c  memory brought by its first access
 *   posix/region.c         what a mapping consists of
 *   posix/mremap.c, posix/madvise.c, posix/mlock.c, posix/brk.c, ...
 *
 * A mapping is an area of the vmalloc core (VM_MMAP). Its regions, a list in
 * ascending order, say which of its pages are somebody's and what may be done to
 * them; what is between them was unmapped. An area without regions is given back.
 * mm/sparse.h says what an entry of a page means.
 *
 * Locking: mappings_mutex is held by whoever changes a published area, its pages
 * or its regions, and by whoever waits while looking. Page faults look under
 * regions_lock, so regions change under both.
 */
#ifndef POSIX_MAPPING_INTERNAL_H
#define POSIX_MAPPING_INTERNAL_H

#include <linux/mm.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "core/lock.h"
#include "core/mutex.h"
#include "mm/sparse.h"
#include "mm/vm_area.h"

struct file;

/* Beyond this much a mapping is backed by its accesses and not at once. */
#define EAGER_BYTES (16ul << 20)

/* Of struct region. */
#define REGION_SHARED    0x01u /* the pages are those of a file, or of others */
#define REGION_NORESERVE 0x02u /* backed by accesses, whatever its size */
#define REGION_EAGER     0x04u /* never backed by accesses: stacks */
#define REGION_READ_ONLY \
	0x08u                /* PROT_WRITE is refused: so was the file opened */
#define REGION_HEAP    0x10u /* of brk() */
#define REGION_FILLING 0x20u /* pages are about to come */

struct region {
	vaddr_t start; /* all [L] of regions_lock and mappings_mutex */
	vaddr_t end;   /* these two: struct area_owner */
	struct region *next;
	unsigned int prot;  /* PROT_* */
	unsigned int flags; /* REGION_* */
	struct file *file;  /* a reference, or NULL */
	uint64_t offset;    /* in the file, of start */
};

static inline struct area_owner *region_owner(struct region *region)
{
	_Static_assert(offsetof(struct region, end) ==
	                       offsetof(struct area_owner, end),
	               "a region begins as an area_owner");
	return (struct area_owner *)region;
}

extern struct mutex mappings_mutex;
extern struct spinlock regions_lock;

static inline struct region *area_regions(const struct vm_area *area)
{
	return (struct region *)area->owner;
}

static inline vaddr_t area_usable_end(const struct vm_area *area)
{
	return area_start(area) + (area_usable_pages(area) << PAGE_SHIFT);
}

static inline vaddr_t lower(vaddr_t a, vaddr_t b)
{
	return a < b ? a : b;
}

static inline vaddr_t higher(vaddr_t a, vaddr_t b)
{
	return a > b ? a : b;
}

/* --- posix/region.c ------------------------------------------------------ */

/* A region like @like (its file with a reference more), in no list. */
struct region *region_new(const struct region *like) __must_check;
void region_free(struct region *list);

/*
 * Cutting a list needs up to two regions more. They are got before anything is
 * changed. False: no memory, and nothing to give back.
 */
struct region_spares {
	struct region *first;
	struct region *second;
};
bool region_spares_get(struct region_spares *spares) __must_check;
void region_spares_put(struct region_spares *spares);

/* The first region of @area that reaches above @va, or NULL. */
struct region *region_above(const struct vm_area *area, vaddr_t va);

/* The regions in [start, end) of @area, by themselves, and @in in their place. */
struct region *region_splice(struct vm_area *area, vaddr_t start, vaddr_t end,
                             struct region *in, struct region_spares *spares);

/* Regions of [start, end) get another protection. */
void region_protect(struct vm_area *area, vaddr_t start, vaddr_t end,
                    unsigned int prot, struct region_spares *spares);

/* Neighbours that are alike become one. */
void region_merge(struct vm_area *area);

/* --- posix/mapping.c ----------------------------------------------------- */

extern struct vm_area *mapping_heap; /* [L] of brk(); stays when it is empty */
extern bool mappings_locked;         /* [A] new mappings are backed at once */

/* The first area with regions in [from, end); mappings_mutex held. */
static inline struct vm_area *mapping_next(vaddr_t from, vaddr_t end)
{
	return vm_area_next(from, end, VM_MMAP);
}

/* 0; -EINVAL, -EACCES. */
int mapping_prot(unsigned int prot, pgprot_t *prot_out) __must_check;

/* Is memory for such a region given at once? */
bool region_is_eager(const struct region *region);

/*
 * An area for @region, whose start and end say how large, at @at and nowhere else
 * (0: anywhere), with its memory; the region is its from then on and has its
 * addresses. -ENOMEM: no memory or no addresses; errors of a file.
 */
int mapping_create(struct region *region, vaddr_t at,
                   const void *caller) __must_check;

/* An area, not published, aligned so that large leaves fit. NULL: no addresses. */
struct vm_area *mapping_reserve(size_t bytes, vaddr_t at, const void *caller);

/* The second half of mapping_create(). The area goes back when it fails. */
int mapping_publish(struct vm_area *area, struct region *region,
                    const void *caller) __must_check;

/* The memory of a new region, by itself; undone when it fails. */
int mapping_back(struct vm_area *area,
                 const struct region *region) __must_check;

/*
 * The mapping that is one region with exactly these addresses goes, in short.
 * False: there is none such, nothing changed. Takes mappings_mutex.
 */
bool mapping_unmap_whole(vaddr_t start, vaddr_t end, const void *caller);

/*
 * Whatever is mapped in [start, end) goes. -ENOMEM: a leaf could not be split or
 * a list not be cut, nothing changed. mappings_mutex held, as in all below.
 */
int mapping_unmap(vaddr_t start, vaddr_t end, const void *caller) __must_check;

/* Leaves that stick out of the range are split; no translation changes. */
int mapping_split_ends(vaddr_t start, vaddr_t end) __must_check;

/* In one area: @in (or nothing) takes the place of what is in [start, end). */
void mapping_replace(struct vm_area *area, vaddr_t start, vaddr_t end,
                     struct region *in, struct region_spares *spares);

/* An area that is not published, or was claimed: its pages and addresses go. */
void mapping_discard(struct vm_area *area, struct region *regions,
                     const void *caller);

/* Pages of @regions, which are in no list any more, go; the flush is owed. */
void mapping_drop(struct vm_area *area, const struct region *regions);

/* On all harts. */
void mapping_flush(const struct vm_area *area, vaddr_t start, vaddr_t end);

/* Is every page of [start, end) in a region? */
bool mapping_covers(vaddr_t start, vaddr_t end);

/* Back what is missing of an anonymous region, hidden where it is PROT_NONE. */
int mapping_populate(struct vm_area *area, const struct region *region,
                     vaddr_t start, vaddr_t end) __must_check;

/* Calls @function for each part of a region in [start, end); 0 or its error. */
typedef int region_function(struct vm_area *area, struct region *region,
                            vaddr_t start, vaddr_t end, void *context);
int mapping_for_each(vaddr_t start, vaddr_t end, region_function *function,
                     void *context);

/* --- the others ---------------------------------------------------------- */

/* MAP_FIXED: @region at its addresses, whatever is there. It goes to the list. */
int mapping_place(struct region *region, bool replace,
                  const void *caller) __must_check;

/* The pages of a region of a file, which nobody sees yet. */
int mapping_fill_from_file(struct vm_area *area,
                           const struct region *region) __must_check;

/* From now on page faults in mappings are looked at. */
void mapping_faults_enable(void);

/* Make every other hart fetch, load and store behind this. */
void harts_synchronise(void);

/* Page aligned start, *end_out = start + size rounded up. -EINVAL, -ENOMEM. */
int memory_range(vaddr_t start, size_t size, vaddr_t *end_out) __must_check;

#endif /* POSIX_MAPPING_INTERNAL_H */
