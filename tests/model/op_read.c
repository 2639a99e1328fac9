/* SPDX-License-Identifier: MIT */
/*
 * Looking: loads and stores through the window, vread() and vwrite() against
 * the bytes that are known, questions about addresses, dumps.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "mm/page_alloc.h"
#include "mm/vm_map_ram.h"
#include "model.h"

/* --- loads and stores ---------------------------------------------------------- */

static bool is_nobodys(vaddr_t va)
{
	const struct cell *cell = cell_at(va);

	return !(cell && cell->pte) && !is_strange(va, va + 1);
}

void op_touch(void)
{
	struct thing *thing = thing_pick(ANY_THING & ~KIND(THING_DEVICE));
	unsigned long index;
	uint64_t value;

	if (!thing)
		return;
	index = choose(thing->pages);
	TRAIL("touch %#lx, page %lu", thing->start, index);
	if (thing->guarded)
		MUST(!machine_load(thing_va(thing, thing->pages), &value),
		     "I-2: the guard behind %#lx is mapped", thing->start);
	if (thing_cell(thing, index)->pte)
		contents_write(thing, index);
	contents_check(thing, thing->pages <= 16);
}

/* I-10: what was unmapped before the call faults on every hart after it. */
static void check_stale(const struct stale *range)
{
	for (unsigned long i = 0; i < range->pages; i += 1 + range->pages / 3) {
		vaddr_t va = range->start + (i << PAGE_SHIFT);
		uint64_t value;

		if (!is_nobodys(va))
			continue;
		for (unsigned int hart = 0; hart < machine_harts(); hart++) {
			machine_switch(hart);
			MUST(!machine_load(va, &value),
			     "I-10: hart %u still reaches %#lx", hart, va);
		}
	}
}

void op_aliases(void)
{
	if (one_in(8)) {
		TRAIL("vmalloc_sync_all", 0);
		allow_flushes(1);
		vmalloc_sync_all();
		machine_check_flushed();
		return;
	}
	TRAIL("vm_unmap_aliases", 0);
	vm_unmap_aliases();
	machine_check_flushed();
	for (unsigned int i = 0; i < 6; i++) {
		const struct stale *range = stale_pick();

		if (range)
			check_stale(range);
	}
}

/* --- vread and vwrite ------------------------------------------------------------ */

#define BUFFER 16384u
#define CANARY 64u

static unsigned char buffer[BUFFER + 2 * CANARY];

struct range {
	vaddr_t start;
	unsigned long count;
};

/* Around the edges of something, or anywhere. */
static struct range choose_range(void)
{
	static const unsigned long counts[] = { 0,    1,    7,     8,    9,
		                                4095, 4096, 4097,  8192, 100,
		                                5000, 9000, 16384, 2000, 64 };
	struct range range = { .count = CHOOSE_FROM(counts) };
	const struct thing *thing = thing_pick(ANY_THING);
	vaddr_t near = VMALLOC_START + (choose(64) << 30);

	if (thing && !one_in(12)) {
		near = one_in(3) ? thing->start
		                 : thing_va(thing, choose(thing->pages + 2));
	} else if (one_in(3)) {
		near = one_in(2) ? VMALLOC_END : VMALLOC_START;
	}
	range.start = near + choose(3) - 1;
	if (one_in(2))
		range.start = near - choose(PAGE_SIZE) + choose(PAGE_SIZE);
	if (one_in(64)) {
		range.start = ~0ul - choose(3 * PAGE_SIZE);
		range.count = one_in(2) ? ~0ul : BUFFER;
	}
	return range;
}

static bool is_live(vaddr_t va)
{
	const struct cell *cell = cell_at(va);
	const struct thing *thing = cell ? cell->thing : NULL;

	return thing && !(thing->flags & VM_IOREMAP) &&
	       va < thing_va(thing, thing->pages);
}

/* Bytes of [va, end) in va's page. */
static unsigned int in_page(vaddr_t va, vaddr_t end)
{
	unsigned long left = PAGE_SIZE - (va & (PAGE_SIZE - 1));

	return (unsigned int)(left < end - va ? left : end - va);
}

/* Does the range hold a byte of a live area? Clipped already. */
static bool any_live(vaddr_t va, vaddr_t end)
{
	while (va < end) {
		if (is_live(va))
			return true;
		va += in_page(va, end);
	}
	return false;
}

/* Page arrays are areas, and can be written as well; but mm believes them. */
static bool any_array(vaddr_t va, vaddr_t end)
{
	while (va < end) {
		const struct thing *thing = thing_at(va);

		if (thing && thing->kind == THING_ARRAY)
			return true;
		va += in_page(va, end);
	}
	return false;
}

static pte_t readable_pte(vaddr_t va)
{
	pte_t pte = is_live(va) ? cell_at(va)->pte : 0;

	return frame_of_pte(pte) ? pte : 0;
}

static void check_read(const struct range *range, unsigned long count)
{
	const unsigned char *byte = buffer + CANARY;

	for (unsigned long i = 0; i < count; i++) {
		vaddr_t va = range->start + i;
		pte_t pte = readable_pte(va);
		int want = pte ? contents_byte(pte, va & (PAGE_SIZE - 1)) : 0;

		MUST(want < 0 || byte[i] == want,
		     "I-13: vread: %#lx reads as %#x, not %#x", va, byte[i],
		     (unsigned int)want);
		/* Between known words nothing is known: next word. */
		if (want < 0 && va % 8 == 0)
			i += 7;
	}
}

static void check_canaries(unsigned long count)
{
	for (unsigned long i = 0; i < sizeof(buffer); i++) {
		if (i >= CANARY && i < CANARY + count)
			i = CANARY + count;
		MUST(buffer[i] == 0x5c, "I-13: vread wrote buf[%ld]",
		     (long)i - (long)CANARY);
	}
}

/* Nothing below the top of the address space is the buffer too short for. */
static unsigned long clip(const struct range *range)
{
	return range->count > -range->start && range->start ? -range->start
	                                                    : range->count;
}

void op_read(void)
{
	struct range range = choose_range();
	unsigned long count = clip(&range);
	vaddr_t end = range.start + count;
	bool live;
	long got;

	if (count > BUFFER ||
	    (end > range.start && is_strange(range.start, end)))
		return;
	live = any_live(range.start, end ? end : ~0ul);
	TRAIL("vread %#lx, %lu bytes", range.start, range.count);
	memset(buffer, 0x5c, sizeof(buffer));
	got = vread((char *)buffer + CANARY, (char *)range.start, range.count);
	MUST(got == (live ? (long)count : 0), "I-13: vread returns %ld", got);
	check_canaries(live ? count : 0);
	if (live)
		check_read(&range, count);
}

void op_write(void)
{
	struct range range = choose_range();
	unsigned long count = clip(&range);
	vaddr_t end = range.start + count;
	vaddr_t va = range.start;
	bool live;
	long got;

	if (count > BUFFER || any_array(range.start, end) ||
	    (end > range.start && is_strange(range.start, end)))
		return;
	live = any_live(range.start, end ? end : ~0ul);
	for (unsigned long i = 0; i < count; i += 8) {
		uint64_t word = mix(range.start + i, count);

		memcpy(buffer + CANARY + i, &word, sizeof(word));
	}
	TRAIL("vwrite %#lx, %lu bytes", range.start, range.count);
	got = vwrite((char *)buffer + CANARY, (char *)range.start, range.count);
	MUST(got == (live ? (long)count : 0), "I-13: vwrite returns %ld", got);
	while (count > 0) {
		unsigned int bytes = in_page(va, va + count);
		unsigned int offset = va & (PAGE_SIZE - 1);

		contents_overwrite(readable_pte(va), offset, offset + bytes,
		                   buffer + CANARY + (va - range.start));
		va += bytes;
		count -= bytes;
	}
}

/* --- questions --------------------------------------------------------------------- */

static void ask_page(const struct thing *thing, unsigned long index)
{
	vaddr_t va = thing_va(thing, index) + choose(PAGE_SIZE);
	pte_t pte = index < thing->pages ? thing_cell(thing, index)->pte : 0;
	bool is_ram = pte && pfn_is_valid(PFN_DOWN(pte_phys(pte)));
	struct page *want = is_ram ? phys_to_page(pte_phys(pte)) : NULL;

	MUST(vmalloc_to_page((void *)va) == want,
	     "vmalloc_to_page(%#lx) is %p, not %p", va,
	     (void *)vmalloc_to_page((void *)va), (void *)want);
	MUST(vmalloc_to_pfn((void *)va) == (want ? page_to_pfn(want) : 0),
	     "vmalloc_to_pfn(%#lx)", va);
	MUST(find_vm_area_containing((void *)va) == thing->vm,
	     "find_vm_area_containing(%#lx)", va);
	MUST(va == thing->start || !find_vm_area((void *)va),
	     "find_vm_area(%#lx) finds an area that does not start there", va);
	MUST(is_vmalloc_addr((void *)va), "is_vmalloc_addr(%#lx)", va);
}

void op_ask(void)
{
	struct thing *thing = thing_pick(ANY_THING);
	struct vm_struct *vm;

	if (!thing)
		return;
	TRAIL("ask about %#lx", thing->start);
	ask_page(thing, choose(thing->pages + thing->guarded));
	if (!one_in(4))
		return;
	vm = find_vm_area((void *)thing->start);
	MUST(vm == thing->vm, "find_vm_area(%#lx) is %p", thing->start,
	     (void *)vm);
	if (thing->kind != THING_VMALLOC)
		return;
	adopt_array(thing);
	MUST(vm->pages || memory_is_short(0), "find_vm_area(%#lx): no pages",
	     thing->start);
	for (unsigned long i = 0; vm->pages && i < thing->pages; i += 7)
		MUST(page_to_pfn(vm->pages[i]) == thing_cell(thing, i)->pfn,
		     "find_vm_area(%#lx): page %lu", thing->start, i);
}

void op_dump(void)
{
	struct vm_struct *vm;
	vaddr_t last = 0;

	TRAIL("vmallocinfo and vmlist", 0);
	check_vmallocinfo();
	read_lock(&vmlist_lock);
	for (vm = vmlist; vm; vm = vm->next) {
		vaddr_t start = (vaddr_t)vm->addr;
		const struct thing *thing = thing_at(start);

		MUST(start > last, "vmlist is not in order at %#lx", start);
		MUST((thing && thing->vm == vm) || is_strange(start, start + 1),
		     "vmlist holds %#lx", start);
		last = start;
	}
	read_unlock(&vmlist_lock);
}
