/* SPDX-License-Identifier: MIT */
/*
 * All free memory is taken page by page; then frames are chosen that go back.
 * Single pages are even frames whose odd neighbours stay taken, so that nothing
 * can merge with them; the rest begins at a multiple of the largest block. What
 * stays taken is chained through the pages themselves:
 * a table of them would need memory.
 */
#include "fragment.h"

#include <linux/mm.h>
#include <stddef.h>

#include "core/machine.h"
#include "mm/page_alloc.h"

struct held_page {
	struct held_page *next;
};

static struct held_page *held;

static void hold(struct held_page *page)
{
	page->next = held;
	held = page;
}

static bool hold_all(void)
{
	struct page *page;

	held = NULL;
	while ((page = alloc_page(GFP_KERNEL | __GFP_NOWARN)))
		hold(page_address(page));
	return held != NULL;
}

/* Free those of the held pages that @choose says. */
static void give_back(bool (*choose)(unsigned long pfn, void *context),
                      void *context)
{
	struct held_page *page = held;
	struct held_page *next;

	held = NULL;
	for (; page; page = next) {
		next = page->next;
		if (choose(page_to_pfn(virt_to_page(page)), context))
			__free_page(virt_to_page(page));
		else
			hold(page);
	}
	page_alloc_drain();
}

static bool is_even(unsigned long pfn, void *context)
{
	(void)context;
	return !(pfn & 1);
}

const char *fragment_every_other(void)
{
	if (!hold_all())
		return "no free memory to take";
	give_back(is_even, NULL);
	return NULL;
}

struct mix {
	unsigned long single; /* frames still to be freed */
	unsigned long start;  /* the frames [start, end) go whole */
	unsigned long end;
};

static bool is_in_mix(unsigned long pfn, void *context)
{
	struct mix *mix = context;

	if (pfn >= mix->start && pfn < mix->end)
		return true;
	if (mix->single == 0 || !is_even(pfn, NULL) || pfn == mix->end)
		return false;
	mix->single--;
	return true;
}

const char *fragment_mix(unsigned long single, unsigned long whole)
{
	const struct phys_range *ram = &machine.memory[0];
	struct mix mix = { .single = single };

	if (!hold_all())
		return "no free memory to take";
	/* In the middle of RAM, where nobody else has pages. */
	mix.start = ALIGN_DOWN((ram->start + ram->end) / 2 >> PAGE_SHIFT,
	                       1ul << MAX_ORDER);
	mix.end = mix.start + whole;
	give_back(is_in_mix, &mix);
	return NULL;
}

void fragment_end(const struct bench_row *row)
{
	(void)row;
	while (held) {
		struct page *page = virt_to_page(held);

		held = held->next;
		__free_page(page);
	}
}
