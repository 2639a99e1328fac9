/* SPDX-License-Identifier: MIT */
/* Deeds with mappings of pages that are somebody's already. */
#include <linux/io.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "core/machine.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "pages.h"
#include "stress.h"

/* Does @at show shared pages from number @first on? */
static bool shows_shared(const void *at, unsigned int first, unsigned int count)
{
	bool right = true;

	for (unsigned int i = 0; i < count; i++)
		right &= *(const unsigned long *)((const char *)at +
		                                  i * PAGE_SIZE) == first + i;
	return right;
}

/* --- vm_map_ram() ------------------------------------------------------------ */

#define RING 32u

static unsigned long ring[RING]; /* [A] address of a mapping + its pages */

static void unmap_from_ring(struct worker *worker, unsigned long entry)
{
	unsigned int count = entry % PAGE_SIZE;
	void *at = (void *)(entry - count);

	if (!entry)
		return;
	WANT(worker, shows_shared(at, *(unsigned long *)at, count));
	live_end(worker, at, count);
	vm_unmap_ram(at, count);
}

/* More than 64 pages are an area: each shared page is in it twice, then. */
static void map_many(struct worker *worker)
{
	struct page *pages[SHARED_PAGES + 8];
	unsigned int count = ARRAY_SIZE(pages);
	void *at;

	for (unsigned int i = 0; i < count; i++)
		pages[i] = shared_pages[i % SHARED_PAGES];
	at = vm_map_ram(pages, count, -1, PAGE_KERNEL);
	WANT(worker, at);
	if (!at)
		return;
	live_begin(worker, at, count);
	WANT(worker, shows_shared(at, 0, SHARED_PAGES));
	live_end(worker, at, count);
	vm_unmap_ram(at, count);
}

static void map_ram_once(struct worker *worker)
{
	unsigned int first = worker_choose(worker, SHARED_PAGES);
	unsigned int count = worker_choose(worker, SHARED_PAGES - first) + 1;
	void *at;

	if (worker_choose(worker, 32) == 0) {
		map_many(worker);
		return;
	}
	if (worker_choose(worker, 2) == 0)
		count = 1;
	at = vm_map_ram(shared_pages + first, count, -1, PAGE_KERNEL);
	WANT(worker, at);
	if (!at)
		return;
	live_begin(worker, at, count);
	WANT(worker, shows_shared(at, first, count));
	unmap_from_ring(worker,
	                __atomic_exchange_n(&ring[worker_choose(worker, RING)],
	                                    (unsigned long)at + count,
	                                    __ATOMIC_ACQ_REL));
}

static void map_ram_finish(struct worker *worker)
{
	for (unsigned int i = 0; i < RING; i++)
		unmap_from_ring(worker, __atomic_exchange_n(&ring[i], 0,
		                                            __ATOMIC_ACQ_REL));
}

const struct deed deed_map_ram = { "map_ram", map_ram_once, map_ram_finish };

/* What this hart has unmapped is gone for it when the call is over (I-10). */
static void aliases_once(struct worker *worker)
{
	unsigned long *area = vmalloc(PAGE_SIZE);
	unsigned long *slot = vm_map_ram(shared_pages + 5, 1, -1, PAGE_KERNEL);

	WANT(worker, area && slot);
	if (area && slot) {
		WANT(worker, *slot == 5);
		*area = 0;
		vfree(area);
		vm_unmap_ram(slot, 1);
	}
	vm_unmap_aliases();
}

const struct deed deed_aliases = { "aliases", aliases_once, NULL };

/* --- devices and pages ----------------------------------------------------- */

static void ioremap_once(struct worker *worker)
{
	unsigned int slot = worker_choose(worker, machine.nr_virtio);
	volatile unsigned char __iomem *at =
		ioremap(machine.virtio[slot].base, 256);

	WANT(worker, at);
	if (!at)
		return;
	live_begin(worker, (const void *)((vaddr_t)at & ~(PAGE_SIZE - 1)), 2);
	WANT(worker, readl(at) == 0x74726976); /* "virt" */
	live_end(worker, (const void *)((vaddr_t)at & ~(PAGE_SIZE - 1)), 2);
	iounmap(at);
}

const struct deed deed_ioremap = { "ioremap", ioremap_once, NULL };

/* The same frames are shown by many harts at once. */
static void vmap_once(struct worker *worker)
{
	unsigned int first = worker_choose(worker, SHARED_PAGES);
	unsigned int count = worker_choose(worker, SHARED_PAGES - first) + 1;
	void *at = vmap(shared_pages + first, count, VM_MAP, PAGE_KERNEL);

	WANT(worker, at);
	if (!at)
		return;
	live_begin(worker, at, count + 1ul);
	WANT(worker, shows_shared(at, first, count));
	WANT(worker, vmalloc_to_page(at) == shared_pages[first]);
	live_end(worker, at, count + 1ul);
	vunmap(at);
}

const struct deed deed_vmap = { "vmap", vmap_once, NULL };

/* --- windows ------------------------------------------------------------------ */

#define WINDOW 4u

/* A second view outlives the first. */
static void remap_once(struct worker *worker)
{
	struct vm_struct *vm = get_vm_area(WINDOW * PAGE_SIZE, VM_MAP);
	char *owner = vmalloc_user(WINDOW * PAGE_SIZE);
	struct vm_area_struct vma = { .vm_page_prot = PAGE_KERNEL };

	WANT(worker, vm && owner);
	if (!vm || !owner)
		return;
	live_begin(worker, vm->addr, WINDOW + 1);
	live_begin(worker, owner, WINDOW + 1);
	vma.vm_start = (unsigned long)vm->addr;
	vma.vm_end = vma.vm_start + WINDOW * PAGE_SIZE;
	WANT(worker, remap_vmalloc_range(&vma, owner, 0) == 0);
	mark(worker, vm->addr, WINDOW);
	check_mark(worker, owner, WINDOW);
	live_end(worker, owner, WINDOW + 1);
	vfree(owner);
	check_mark(worker, vm->addr, WINDOW);
	live_end(worker, vm->addr, WINDOW + 1);
	unmap_vmalloc_range(&vma);
	WANT(worker, !can_read(vm->addr));
	free_vm_area(vm);
}

const struct deed deed_remap = { "remap", remap_once, NULL };

static void map_range_once(struct worker *worker)
{
	struct vm_struct *vm = get_vm_area(WINDOW * PAGE_SIZE, VM_MAP);
	unsigned long start;

	WANT(worker, vm);
	if (!vm)
		return;
	start = (unsigned long)vm->addr;
	live_begin(worker, vm->addr, WINDOW + 1);
	for (unsigned int i = 0; i < 2; i++) {
		unsigned int first = worker_choose(worker, SHARED_PAGES - 4);

		WANT(worker, map_kernel_range_noflush(
				     start, WINDOW * PAGE_SIZE, PAGE_KERNEL,
				     shared_pages + first) == WINDOW);
		WANT(worker, shows_shared(vm->addr, first, WINDOW));
		unmap_kernel_range(start, WINDOW * PAGE_SIZE);
		WANT(worker, !can_read(vm->addr));
	}
	live_end(worker, vm->addr, WINDOW + 1);
	free_vm_area(vm);
}

const struct deed deed_map_range = { "map_range", map_range_once, NULL };

/* --- per-CPU objects ------------------------------------------------------------- */

static void percpu_once(struct worker *worker)
{
	size_t size = 16ul << worker_choose(worker, 8);
	unsigned long serial = worker->serial++;
	char *object = __alloc_percpu(size, 16);

	WANT(worker, object);
	if (!object)
		return;
	for (unsigned int i = 0; i < worker->harts; i++) {
		WANT(worker, is_all(per_cpu_ptr(object, i), size, 0));
		*(unsigned long *)per_cpu_ptr(object, i) = serial + i;
	}
	for (unsigned int i = 0; i < worker->harts; i++)
		WANT(worker,
		     *(unsigned long *)per_cpu_ptr(object, i) == serial + i);
	free_percpu(object);
}

const struct deed deed_percpu = { "percpu", percpu_once, NULL };
