/* SPDX-License-Identifier: MIT */
/*
 * Sums of mm before and after. Pages of slabs come and go with the harts' caches
 * of objects, so of those only the objects must come back; all else must come
 * back each by itself.
 */
#include "state.h"

#include <fcntl.h>
#include <linux/vmalloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/compiler.h"
#include "core/hart.h"
#include "core/thread.h"
#include "core/work.h"
#include "drivers/virtio_rng.h"
#include "mm/fault_inject.h"
#include "mm/kmem.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/vm_area.h"
#include "mm/vm_index.h"
#include "mm/vm_map_ram.h"
#include "mm/vspace.h"
#include "posix/heap.h"
#include "posix/terminal.h"
#include "test.h"

/* A line of slabinfo: name, objects in use, objects, bytes each, pages. */
static void add_objects(const char *line, void *context)
{
	unsigned long *sum = context, objects;

	if (sscanf(line, "%*s %lu", &objects) != 1)
		test_fail("../image/state.c", __LINE__, "slabinfo: %s", line);
	*sum += objects;
}

static unsigned long count_objects(void)
{
	unsigned long sum = 0;

	kmem_show(add_objects, &sum);
	return sum;
}

void mm_state_read(struct mm_state *state)
{
	struct vmap_counters vmap;
	struct map_ram_stats ram;

	vmap_read_counters(&vmap);
	map_ram_read_stats(&ram);
	*state = (struct mm_state){
		.free_pages = nr_free_pages(),
		.slab_pages = kmem_slab_pages(),
		.objects = count_objects(),
		.table_pages = pgtable_pages(),
		.index_pages = vm_index_pages(),
		.busy_areas = vmap.busy_areas,
		.vmalloc_pages = vmap.vmalloc_pages,
		.lazy_pages = vmap.lazy_pages,
		.free_space_pages = vspace_free_bytes() >> PAGE_SHIFT,
		.holes = vspace_holes(),
		.live_mappings = ram.live_mappings,
		.map_ram_pages = ram.live_pages,
	};
}

void mm_state_settled(struct mm_state *state)
{
	(void)heap_gave_back();
	if (thread_may_switch()) {
		threads_wait_for_burials();
		work_flush();
	}
	vm_area_run_deferred();
	vm_unmap_aliases();
	vmap_drain();
	kmem_shrink();
	page_alloc_drain();
	mm_state_read(state);
}

static void check_number(const char *what, unsigned long now,
                         unsigned long then)
{
	if (now != then) {
		test_fail("../image/state.c", __LINE__,
		          "%s: %lu, was %lu (%+ld)", what, now, then,
		          (long)(now - then));
	}
}

#define CHECK_NUMBER(field) check_number(#field, now->field, then->field)

/* Machines with more memory than this are not touched whole. */
#define WARM_UP_PAGES (65536ul)

/* Descriptors of holes, of which each hart may keep one in hand. */
#define SPARE_OBJECTS (1ul + nr_harts)

/* Metadata that a chunk of memory needs when it is first used stays. */
static bool may_grow_metadata(void)
{
	return nr_total_pages() > WARM_UP_PAGES;
}

static void check_pages(const struct mm_state *now, const struct mm_state *then)
{
	unsigned long pages = now->free_pages + now->slab_pages;
	unsigned long before = then->free_pages + then->slab_pages;

	if (may_grow_metadata() && pages < before && before - pages < 200)
		return;
	check_number("free pages and slab pages", pages, before);
}

void mm_state_check_equal(const struct mm_state *now,
                          const struct mm_state *then)
{
	CHECK_NUMBER(busy_areas);
	CHECK_NUMBER(vmalloc_pages);
	CHECK_NUMBER(live_mappings);
	CHECK_NUMBER(map_ram_pages);
	CHECK_NUMBER(lazy_pages);
	CHECK_NUMBER(free_space_pages);
	CHECK_NUMBER(holes);
	CHECK_NUMBER(index_pages);
	if (now->objects > then->objects + SPARE_OBJECTS)
		CHECK_NUMBER(objects);
	if (!may_grow_metadata())
		CHECK_NUMBER(table_pages);
	check_pages(now, then);
}

void mm_check_all(void)
{
	vmap_check();
	pgtable_check();
	page_alloc_check();
	kmem_check();
}

/* The root file system is made by the first path, and keeps what it is made of. */
static void warm_up_files(void)
{
	int fd, last = -1;

	close(open("/warm-up", O_CREAT | O_RDWR, 0600));
	unlink("/warm-up");
	close(open("/proc/self/fd", O_RDONLY | O_DIRECTORY));
	while ((fd = dup(STDIN_FILENO)) >= 0)
		last = fd;
	for (; last > STDERR_FILENO; last--)
		close(last);
}

/* So is the network by the first socket. */
static void warm_up_network(void)
{
	const struct sockaddr_in nobody = {
		.sin_family = AF_INET,
		.sin_port = 9,
		.sin_addr.s_addr = 0x0100007f,
	};
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)connect(fd, (const void *)&nobody, sizeof(nobody));
	close(fd);
}

void mm_state_warm_up(void)
{
	struct page *chain = NULL, *page;
	struct mm_state state;

	warm_up_files();
	warm_up_network();
	(void)terminal_ready(); /* input, the worker, the interrupt controller */
	(void)virtio_rng_start();
	if (may_grow_metadata())
		return;
	while ((page = alloc_pages(GFP_NOWAIT, 0)) != NULL) {
		*(struct page **)page_address(page) = chain;
		chain = page;
	}
	while (chain) {
		page = chain;
		chain = *(struct page **)page_address(page);
		__free_pages(page, 0);
	}
	vfree(vmalloc(1));
	mm_state_settled(&state);
}

void mm_state_stop_injection(void)
{
	for (enum fault_kind kind = 0; kind < FAULT_KINDS; kind++)
		fault_inject_set(kind, 0);
}
