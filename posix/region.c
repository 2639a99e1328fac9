/* SPDX-License-Identifier: MIT */
/*
 * Regions of one mapping: a list, since most mappings have one region and a
 * thread's stack has two. Lists are cut with regions that were got before, so
 * that what has begun cannot fail:
 *
 *   list      |---- a ----|       |-- b --|     |---- c ----|
 *   range              |----------------------------|
 *   list      |-- a ---|----------- in -------------|-- c'--|
 *   returned           |a'|       |-- b --|     |-c-|
 */
#include <linux/slab.h>

#include "posix/file.h"
#include "posix/mapping_internal.h"

struct mutex mappings_mutex = MUTEX_INIT("mappings");
struct spinlock regions_lock = SPINLOCK_INIT(LOCK_REGIONS, "regions");

struct region *region_new(const struct region *like)
{
	struct region *region = kmalloc(sizeof(*region), GFP_KERNEL);

	if (!region)
		return NULL;
	*region = *like;
	region->next = NULL;
	if (region->file)
		file_hold(region->file);
	return region;
}

void region_free(struct region *list)
{
	while (list) {
		struct region *region = list;

		list = list->next;
		if (region->file)
			file_put(region->file);
		kfree(region);
	}
}

bool region_spares_get(struct region_spares *spares)
{
	const struct region none = { 0 };

	spares->first = region_new(&none);
	spares->second = spares->first ? region_new(&none) : NULL;
	if (spares->second)
		return true;
	region_free(spares->first);
	spares->first = NULL;
	return false;
}

void region_spares_put(struct region_spares *spares)
{
	region_free(spares->first);
	region_free(spares->second);
}

struct region *region_above(const struct vm_area *area, vaddr_t va)
{
	struct region *region = area_regions(area);

	while (region && region->end <= va)
		region = region->next;
	return region;
}

static struct region *take_spare(struct region_spares *spares)
{
	struct region *spare = spares->first;

	spares->first = spares->second;
	spares->second = NULL;
	return spare;
}

/* Make @at a boundary. The link to the first region that ends above @at. */
static struct region **cut_at(struct region **link, vaddr_t at,
                              struct region_spares *spares)
	__must_hold(regions_lock)
{
	struct region *region;
	struct region *upper;

	while (*link && (*link)->end <= at)
		link = &(*link)->next;
	region = *link;
	if (!region || region->start >= at)
		return link;
	upper = take_spare(spares);
	*upper = *region;
	upper->start = at;
	if (upper->file) {
		file_hold(upper->file);
		upper->offset += at - region->start;
	}
	region->end = at;
	region->next = upper;
	return &region->next;
}

struct region *region_splice(struct vm_area *area, vaddr_t start, vaddr_t end,
                             struct region *in, struct region_spares *spares)
{
	unsigned long flags = spin_lock_irqsave(&regions_lock);
	struct region *list = area_regions(area);
	struct region **link = cut_at(&list, start, spares);
	struct region **last = cut_at(link, end, spares);
	struct region *taken = *link;

	if (last == link) {
		taken = NULL;
	} else {
		struct region *rest = *last;

		*last = NULL;
		*link = rest;
	}
	if (in) {
		in->next = *link;
		*link = in;
	}
	area->owner = region_owner(list);
	spin_unlock_irqrestore(&regions_lock, flags);
	return taken;
}

void region_protect(struct vm_area *area, vaddr_t start, vaddr_t end,
                    unsigned int prot, struct region_spares *spares)
{
	unsigned long flags = spin_lock_irqsave(&regions_lock);
	struct region *list = area_regions(area);
	struct region **link = cut_at(&list, start, spares);
	struct region **last = cut_at(link, end, spares);
	struct region *region;

	for (region = *link; region != *last; region = region->next)
		region->prot = prot;
	spin_unlock_irqrestore(&regions_lock, flags);
}

static bool may_merge(const struct region *a, const struct region *b)
{
	return a->end == b->start && a->prot == b->prot &&
	       a->flags == b->flags && a->file == b->file &&
	       (!a->file || a->offset + (a->end - a->start) == b->offset);
}

void region_merge(struct vm_area *area)
{
	struct region *merged = NULL;
	unsigned long flags = spin_lock_irqsave(&regions_lock);
	struct region *region = area_regions(area);

	while (region && region->next) {
		struct region *next = region->next;

		if (!may_merge(region, next)) {
			region = next;
			continue;
		}
		region->end = next->end;
		region->next = next->next;
		next->next = merged;
		merged = next;
	}
	spin_unlock_irqrestore(&regions_lock, flags);
	region_free(merged);
}
