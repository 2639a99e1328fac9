/* SPDX-License-Identifier: MIT */
/*
 * Pages of RAM and what is in them. Of each page four words are known, two at
 * its ends and two elsewhere; that is enough to tell any page from any other,
 * shifted or stale, at the price of four accesses.
 */
#include <linux/gfp.h>
#include <string.h>

#include "core/machine.h"
#include "model.h"

#define FRAMES_MAX 40960u

static struct frame frames[FRAMES_MAX];
static unsigned long owned;
static uint64_t writes;

struct page *pool[POOL_PAGES];

/* Frames are numbered through all ranges of RAM. */
static unsigned long pfn_of_number(unsigned long number)
{
	for (unsigned int i = 0; i < machine.nr_memory; i++) {
		unsigned long pages = PFN_DOWN(machine.memory[i].end) -
		                      PFN_DOWN(machine.memory[i].start);

		if (number < pages)
			return PFN_DOWN(machine.memory[i].start) + number;
		number -= pages;
	}
	return 0;
}

struct frame *frame_of(unsigned long pfn)
{
	unsigned long number = 0;

	for (unsigned int i = 0; i < machine.nr_memory; i++) {
		unsigned long first = PFN_DOWN(machine.memory[i].start);
		unsigned long end = PFN_DOWN(machine.memory[i].end);

		if (pfn >= first && pfn < end) {
			number += pfn - first;
			MUST(number < FRAMES_MAX, "no frame %lu", number);
			return &frames[number];
		}
		number += end - first;
	}
	return NULL;
}

static unsigned long pfn_of(pte_t pte)
{
	return PFN_DOWN(pte_phys(pte));
}

struct frame *frame_of_pte(pte_t pte)
{
	return pte ? frame_of(pfn_of(pte)) : NULL;
}

unsigned long frames_owned(void)
{
	return owned;
}

void frame_take(unsigned long pfn, enum frame_owner owner)
{
	struct frame *frame = frame_of(pfn);

	MUST(frame, "frame %#lx is no RAM", pfn);
	MUST(frame->owner == FRAME_UNKNOWN && frame->views == 0,
	     "I-5: frame %#lx has two owners", pfn);
	MUST(page_count(pfn_to_page(pfn)) == 1,
	     "I-5: frame %#lx begins with %u references", pfn,
	     page_count(pfn_to_page(pfn)));
	*frame = (struct frame){ .owner = (uint8_t)owner };
	owned++;
}

void frame_drop(unsigned long pfn)
{
	struct frame *frame = frame_of(pfn);

	frame->owner = FRAME_UNKNOWN;
	owned--;
}

/* --- the pool ------------------------------------------------------------ */

void pool_make(void)
{
	struct page *run = alloc_pages(GFP_KERNEL, MAX_ORDER);

	MUST(run, "no memory for the pool");
	for (unsigned int i = 0; i < POOL_PAGES; i++) {
		pool[i] = i < POOL_RUN ? run + i : alloc_page(GFP_KERNEL);
		MUST(pool[i], "no memory for the pool");
		memset(page_address(pool[i]), 0xa5, PAGE_SIZE);
		frame_take(page_to_pfn(pool[i]), FRAME_POOL);
	}
}

void pool_free(void)
{
	for (unsigned int i = 0; i < POOL_PAGES; i++) {
		frame_drop(page_to_pfn(pool[i]));
		if (i >= POOL_RUN)
			__free_page(pool[i]);
	}
	__free_pages(pool[0], MAX_ORDER);
}

/* --- contents ------------------------------------------------------------ */

unsigned int frame_word_at(unsigned long pfn, unsigned int number)
{
	static const unsigned int ends[] = { 0, PAGE_SIZE - 8 };

	if (number < 2)
		return ends[number];
	/* Apart from the ends and from each other. */
	return 8 * (1 + (number - 2) * 255 +
	            (unsigned int)(mix(pfn, number) % 255));
}

static uint64_t *direct_word(unsigned long pfn, unsigned int offset)
{
	return (uint64_t *)((char *)phys_to_virt(PFN_PHYS(pfn)) + offset);
}

void contents_write(struct thing *thing, unsigned long index)
{
	pte_t pte = thing_cell(thing, index)->pte;
	struct frame *frame = frame_of_pte(pte);
	bool writable = pte & PTE_W;

	if (!frame)
		return;
	for (unsigned int i = 0; i < FRAME_WORDS; i++) {
		unsigned int offset = frame_word_at(pfn_of(pte), i);
		uint64_t value = mix(pfn_of(pte) ^ ++writes << 20, i);
		vaddr_t va = thing_va(thing, index) + offset;

		MUST(i > 0 || machine_store(va, value) == writable,
		     "a store to %#lx must %s", va,
		     writable ? "succeed" : "fault");
		if (i > 0 && writable)
			MUST(machine_store(va, value), "%#lx faults", va);
		if (!writable)
			*direct_word(pfn_of(pte), offset) = value;
		frame->word[i] = value;
		frame->known |= 1u << i;
	}
}

static void check_page(const struct thing *thing, unsigned long index)
{
	const struct cell *cell = thing_cell(thing, index);
	const struct frame *frame = frame_of_pte(cell->pte);
	unsigned long pfn = pfn_of(cell->pte);

	for (unsigned int i = 0; frame && i < FRAME_WORDS; i++) {
		unsigned int offset = frame_word_at(pfn, i);
		vaddr_t va = thing_va(thing, index) + offset;
		uint64_t value = 0;

		if (!(frame->known >> i & 1))
			continue;
		MUST(machine_load(va, &value),
		     "I-11: a load from %#lx (mapped) faults", va);
		MUST(value == frame->word[i],
		     "contents: %#lx holds %#lx, not %#lx (frame %#lx)", va,
		     value, frame->word[i], pfn);
	}
}

void contents_check(const struct thing *thing, bool each)
{
	unsigned long step = each ? 1 : 1 + thing->pages / 4;
	unsigned long index = each ? 0 : choose(step);

	for (; index < thing->pages; index += step)
		check_page(thing, index);
}

void contents_know_zero(pte_t pte, unsigned int from, unsigned int to)
{
	static const unsigned char zeros[PAGE_SIZE];

	contents_overwrite(pte, from, to, zeros);
}

void contents_check_zero(const struct thing *thing, unsigned long index)
{
	pte_t pte = thing_cell(thing, index)->pte;
	const uint64_t *word = direct_word(pfn_of(pte), 0);
	uint64_t value = 1;

	MUST(machine_load(thing_va(thing, index), &value) && value == 0,
	     "I-14: %#lx is not zero", thing_va(thing, index));
	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		MUST(word[i] == 0, "I-14: %#lx + %#x is not zero",
		     thing_va(thing, index), 8 * i);
	contents_know_zero(pte, 0, PAGE_SIZE);
}

/* @bytes[0] is at @from. A word becomes known when all of it is written. */
void contents_overwrite(pte_t pte, unsigned int from, unsigned int to,
                        const unsigned char *bytes)
{
	struct frame *frame = frame_of_pte(pte);

	for (unsigned int i = 0; frame && i < FRAME_WORDS; i++) {
		unsigned int at = frame_word_at(pfn_of(pte), i);
		unsigned char *word = (unsigned char *)&frame->word[i];

		for (unsigned int n = 0; n < 8; n++)
			if (at + n >= from && at + n < to)
				word[n] = bytes[at + n - from];
		if (from <= at && at + 8 <= to)
			frame->known |= 1u << i;
	}
}

int contents_byte(pte_t pte, unsigned int offset)
{
	const struct frame *frame = frame_of_pte(pte);

	for (unsigned int i = 0; frame && i < FRAME_WORDS; i++) {
		unsigned int at = frame_word_at(pfn_of(pte), i);

		if (frame->known >> i & 1 && offset - at < 8)
			return ((const unsigned char *)&frame
			                ->word[i])[offset - at];
	}
	return -1;
}

/* Each page that the model knows: references and words, by the direct map. */
static void check_frame(const struct frame *frame, unsigned long pfn)
{
	unsigned int references = frame->views + (frame->owner != FRAME_VIEW);

	MUST(page_count(pfn_to_page(pfn)) == references,
	     "I-5: frame %#lx has %u references, not %u", pfn,
	     page_count(pfn_to_page(pfn)), references);
	for (unsigned int i = 0; i < FRAME_WORDS; i++) {
		uint64_t value = *direct_word(pfn, frame_word_at(pfn, i));

		MUST(!(frame->known >> i & 1) || value == frame->word[i],
		     "contents: frame %#lx + %#x holds %#lx, not %#lx", pfn,
		     frame_word_at(pfn, i), value, frame->word[i]);
	}
}

void frames_check(void)
{
	unsigned long number = 0;
	unsigned long pfn;

	while ((pfn = pfn_of_number(number)) != 0) {
		if (frames[number].owner != FRAME_UNKNOWN)
			check_frame(&frames[number], pfn);
		number++;
	}
}
