/* SPDX-License-Identifier: MIT */
/*
 * Helpers of the mm suites. A pattern mixes seed and position, so a page that
 * shows up twice, shifted or from another area is recognised.
 */
#include "pages.h"

#include <linux/slab.h>
#include <string.h>

#include "core/timer.h"
#include "later.h"
#include "mm/pgtable.h"
#include "test.h"

struct page **pages_alloc(unsigned long count)
{
	struct page **pages = kmalloc(count * sizeof(*pages), GFP_KERNEL);

	CHECK(pages);
	for (unsigned long i = 0; i < count; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		CHECK(pages[i]);
	}
	return pages;
}

void pages_free(struct page **pages, unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		__free_page(pages[i]);
	kfree(pages);
}

static unsigned long pattern_word(unsigned long seed, size_t index)
{
	return (seed + 1) * 0x9e3779b97f4a7c15ul ^ index * 0xd6e8feb86659fd93ul;
}

void pattern_fill(void *memory, size_t bytes, unsigned long seed)
{
	unsigned long *words = memory;

	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		words[i] = pattern_word(seed, i);
}

bool pattern_holds(const void *memory, size_t bytes, unsigned long seed)
{
	const unsigned long *words = memory;

	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		if (words[i] != pattern_word(seed, i))
			return false;
	return true;
}

bool is_all(const void *memory, size_t bytes, unsigned char value)
{
	const unsigned char *byte = memory;

	for (size_t i = 0; i < bytes; i++)
		if (byte[i] != value)
			return false;
	return true;
}

void pages_poison_free(unsigned char value)
{
	struct page *chain = NULL, *page;

	while ((page = alloc_page(GFP_NOWAIT)) != NULL) {
		memset(page_address(page), value, PAGE_SIZE);
		*(struct page **)page_address(page) = chain;
		chain = page;
	}
	while (chain) {
		page = chain;
		chain = *(struct page **)page_address(page);
		memset(page_address(page), value, sizeof(chain));
		__free_page(page);
	}
}

int leaf_level(const volatile void *va)
{
	unsigned int level;

	return pgtable_lookup((vaddr_t)va, &level) ? (int)level : -1;
}

struct interrupt_call {
	void (*function)(void *argument);
	void *argument;
	bool done; /* [A] */
};

static void run_interrupt_call(void *argument)
{
	struct interrupt_call *call = argument;

	call->function(call->argument);
	__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);
}

void in_timer_interrupt(void (*function)(void *argument), void *argument)
{
	static struct interrupt_call call;
	static struct later later;
	uint64_t start = timer_now_ns();

	call = (struct interrupt_call){ function, argument, false };
	later_at(&later, start + 100000, run_interrupt_call, &call);
	while (!__atomic_load_n(&call.done, __ATOMIC_ACQUIRE))
		CHECK(timer_now_ns() - start < 2000000000ul);
}
