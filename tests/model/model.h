/* SPDX-License-Identifier: MIT */
/*
 * The model: what the window, the frames and the areas should be, kept beside
 * the real ones by operations that each foretell what a call must do. Plain C
 * over public headers; the same code runs in an image and on the host.
 *
 *   thing   what a call returned: an area, a vm_map_ram() mapping
 *   cell    a page of the window that a thing has: its entry, or 0
 *   frame   a page of RAM: whose it is, how often it is shown, four of its words
 *
 * A run is a row of steps. Each draws an operation and its arguments from
 * choice.h, so a seed and a number of steps repeat a run exactly.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <linux/vmalloc.h>
#include <stdbool.h>

#include "choice.h"
#include "machine.h"
#include "mm/page.h"

/* --- a run (run.c) ------------------------------------------------------ */

struct model_run {
	unsigned long seed;
	unsigned long steps;
	unsigned long check_every; /* steps from one full check to the next */
	unsigned long show_from;   /* print these steps before they are done */
	unsigned long show_to;
	bool small_window; /* 8 MiB, the rest of the window is taken */
	bool bytes;        /* choices_from_bytes() was called: until they end */
};

void model_run(const struct model_run *run);

/* --- failing (trail.c) -------------------------------------------------- */

#define MUST(cond, ...)                                              \
	do {                                                         \
		if (unlikely(!(cond)))                               \
			model_fail(__FILE__, __LINE__, __VA_ARGS__); \
	} while (0)

/* Prints the seed, the step and what was done last, then ends the test. */
void model_fail(const char *file, int line, const char *format, ...) __dead
	__printf_like(3, 4);

/* What is being done: kept, not printed. @format takes unsigned longs. */
#define TRAIL(format, ...) \
	trail_add(format, (const unsigned long[6]){ __VA_ARGS__ })
void trail_add(const char *format, const unsigned long arguments[6]);
void trail_clear(void);
void trail_show_each(bool show);
void trail_print(void);

/* --- things (things.c) -------------------------------------------------- */

enum thing_kind {
	THING_VMALLOC,  /* owns its pages */
	THING_VMAP,     /* shows pages of others */
	THING_PUT,      /* vmap() with VM_MAP_PUT_PAGES: owns them */
	THING_RAM,      /* vm_map_ram() */
	THING_RESERVED, /* get_vm_area(): mapped by hand, or not */
	THING_DEVICE,   /* frames that are no RAM */
	THING_PCPU,     /* one range of a set */
	THING_ARRAY,    /* made by mm: the page array of a large area */
	THING_KINDS
};

#define KIND(kind) (1u << (kind))
#define ANY_THING  (KIND(THING_ARRAY) - 1)

struct thing {
	vaddr_t start;
	unsigned long pages; /* that may be mapped */
	unsigned long requested;
	unsigned long flags;        /* VM_*, those in SHOWN_FLAGS */
	unsigned long prot;         /* of new pages */
	struct vm_struct *vm;       /* NULL: vm_map_ram() */
	const void *caller;         /* NULL: unknown */
	struct page **array;        /* THING_PUT: belongs to the area */
	struct thing *mm_array;     /* THING_ARRAY that vm->pages lies in */
	struct vm_struct **set;     /* THING_PCPU: with the others */
	struct vm_area_struct view; /* of remap_vmalloc_range(); 0: none */
	unsigned int set_size;
	enum thing_kind kind;
	bool live;
	bool guarded; /* one more page, that may not be mapped */
	bool by_hand; /* pages were unmapped, and perhaps not flushed */
};

#define SHOWN_FLAGS                                                \
	(VM_IOREMAP | VM_ALLOC | VM_MAP | VM_USERMAP | VM_SPARSE | \
	 VM_MAP_PUT_PAGES | VM_DMA_COHERENT | VM_ALLOW_HUGE_VMAP)

#define MODEL_THINGS 192u
#define MODEL_CELLS  8192u /* pages of all things together, about */

extern struct thing things[MODEL_THINGS];

/* One of a kind in @kinds (KIND() ored), or NULL. */
struct thing *thing_pick(unsigned int kinds);
struct thing *thing_at(vaddr_t va); /* guard included */

/* Is there room for one more of @pages? */
bool things_have_room(unsigned long pages);

/* Enter a thing; every page must have been nobody's (I-1). */
struct thing *thing_add(enum thing_kind kind, vaddr_t start,
                        unsigned long pages, bool guarded);

/* Its addresses are nobody's. Frames are not touched. */
void thing_forget(struct thing *thing);

static inline vaddr_t thing_va(const struct thing *thing, unsigned long index)
{
	return thing->start + (index << PAGE_SHIFT);
}

static inline vaddr_t thing_end(const struct thing *thing)
{
	return thing_va(thing, thing->pages + thing->guarded);
}

struct cell {
	unsigned long vpn; /* 0: unused */
	pte_t pte;         /* frame and protection; 0: not mapped */
	unsigned long pfn; /* the thing owns it, mapped or not; 0: none */
	struct thing *thing;
};

struct cell *cell_at(vaddr_t va); /* NULL: nobody's */
unsigned long cells_mapped(void);

static inline struct cell *thing_cell(const struct thing *thing,
                                      unsigned long index)
{
	return cell_at(thing_va(thing, index));
}

void cell_set(struct cell *cell, pte_t pte);

/* Ranges that were somebody's lately. */
#define STALE_RANGES 64u
struct stale {
	vaddr_t start;
	unsigned long pages;
	enum thing_kind kind;
};
const struct stale *stale_pick(void); /* one of them, or NULL */

/* Areas that were there before the run, and are none of its business. */
void strangers_find(void);
bool is_strange(vaddr_t start, vaddr_t end);
unsigned long strange_areas(void);

/* --- frames (frames.c) -------------------------------------------------- */

enum frame_owner {
	FRAME_UNKNOWN, /* mm's, or free */
	FRAME_AREA,    /* of a vmalloc area, or handed over to one */
	FRAME_POOL,    /* of the model, to be mapped */
	FRAME_VIEW,    /* its area is gone, views keep it */
};

#define FRAME_WORDS 4u

struct frame {
	uint64_t word[FRAME_WORDS];
	uint8_t known; /* bit: this word was written by the model */
	uint8_t owner; /* enum frame_owner */
	uint16_t views;
};

struct frame *frame_of(unsigned long pfn); /* NULL: no RAM */
struct frame *frame_of_pte(pte_t pte);

/* Pages that the model hands to vmap() and its kin. */
#define POOL_RUN   512u /* contiguous, 2 MiB aligned */
#define POOL_PAGES (POOL_RUN + 96u)
extern struct page *pool[POOL_PAGES];
void pool_make(void);
void pool_free(void);

void frame_take(unsigned long pfn, enum frame_owner owner);
void frame_drop(unsigned long pfn);
unsigned long frames_owned(void);

/* Byte offset of a word of which the contents are known. */
unsigned int frame_word_at(unsigned long pfn, unsigned int number);

/* Write the four words of page @index through the window, or beside it. */
void contents_write(struct thing *thing, unsigned long index);

/* They are there, seen through the window; some pages, or each. */
void contents_check(const struct thing *thing, bool each);

/* Every byte of the page is zero; its four words are known from here on. */
void contents_check_zero(const struct thing *thing, unsigned long index);
void contents_know_zero(pte_t pte, unsigned int from, unsigned int to);

/* Something was copied over bytes [from, to) of a page; @bytes holds them. */
void contents_overwrite(pte_t pte, unsigned int from, unsigned int to,
                        const unsigned char *bytes);

/* The byte at @offset, or -1: not known. */
int contents_byte(pte_t pte, unsigned int offset);

void frames_check(void);

/* --- what a call may do (expect.c) -------------------------------------- */

/* State that a refused call leaves as it was (I-12, I-18). */
struct digest {
	unsigned long pages;
	unsigned long free_bytes;
	unsigned long holes;
	unsigned long maps;
	unsigned long unmaps;
	unsigned long vmalloc_pages;
	unsigned long map_ram_maps;
	unsigned long busy_areas;
};
void digest_take(struct digest *digest);
void digest_check_same(const struct digest *before);

/* This step is expected to make @count reports more, or up to so many. */
void expect_reports(unsigned long count);
void allow_reports(unsigned long count);
void allow_flushes(unsigned long count);
void expectations_begin(void);
void expectations_check(void);
void flushes_begin(void);
void flushes_check(void);

/* Where an area may lie. */
struct place {
	unsigned long pages; /* guard included */
	unsigned long align;
	vaddr_t start;
	vaddr_t end;
	unsigned long slack; /* bytes that the hole has at least beside it */
};

/* May a call that needs @frames pages of RAM return NULL? Else it is a bug. */
bool may_fail(unsigned long frames, const struct place *place);

/* Before the call: is memory so short that anything may fail? */
bool memory_is_short(unsigned long frames);

/* The lowest address that fits among holes; 0: none (I-7). */
vaddr_t lowest_fit(const struct place *place, bool lazy_counts);

struct place anywhere(unsigned long pages);

/* Inside an interrupt, as far as mm can tell. */
void interrupt_begin(void);
void interrupt_end(void);
bool in_model_interrupt(void);

/* The next allocation of a kind fails. */
void inject_something(void);
void inject_stop(void);
bool is_injected(void);

void hog_memory(void);
void hog_release(void);
bool is_hogged(void);
unsigned long hogged_pages(void);

/* --- shared by operations (adopt.c) ------------------------------------- */

/* A new area's descriptor, entries and frames are what they must be. */
struct thing *adopt(enum thing_kind kind, const void *addr, unsigned long pages,
                    unsigned long requested, unsigned long flags);
void adopt_entry(struct thing *thing, unsigned long index, paddr_t pa,
                 unsigned long prot);

/* Pages that mm took: enter each as it is, all with @prot. */
void adopt_frames(struct thing *thing, unsigned long from, unsigned long prot);
void adopt_array(struct thing *thing);

/* The whole is mapped and seen: warm, compare. */
void adopt_done(struct thing *thing);

/* Pages of a thing went back to the page allocator. */
void release_frames(struct thing *thing);
void release_frame(unsigned long pfn);

void check_descriptor(const struct thing *thing);

/* Nothing is mapped there, as the page table has it. */
void check_unmapped(vaddr_t start, unsigned long pages);

/* A row of pages of the pool: duplicates, singles, stretches of the run. */
struct page **choose_pages(unsigned long count);
unsigned long choose_size(void);
unsigned long choose_count(void);
unsigned long choose_prot(void);

/* --- checks (check.c) --------------------------------------------------- */

void check_begin(void);      /* remembers what is constant */
void check_step(void);       /* cheap, after each step */
void check_everything(void); /* I-1 .. I-21 */
void check_vmallocinfo(void);

/* --- operations --------------------------------------------------------- */

void op_vmalloc(void);
void op_vmalloc_range(void);
void op_vrealloc(void);
void op_giant(void);
void op_free(void);
void free_thing(struct thing *thing);

void op_vmap(void);
void op_map_ram(void);
void op_unmap_ram(void);
void op_device(void);

void op_reserve(void);
void op_map_by_hand(void);
void op_unmap_by_hand(void);
void op_pcpu(void);
void op_view(void);
void op_unview(void);
void unview(struct thing *window);
void op_protect(void);

void op_touch(void);
void op_aliases(void);
void op_read(void);
void op_write(void);
void op_ask(void);
void op_dump(void);
void op_misuse(void);
void op_pressure(void);

#endif /* MODEL_MODEL_H */
