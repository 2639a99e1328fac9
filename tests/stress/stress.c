/* SPDX-License-Identifier: MIT */
/* Workers, what they mark, and the ends of a run. */
#include "stress.h"

#include <linux/vmalloc.h>
#include <stdio.h>

#include "core/hart.h"
#include "core/timer.h"
#include "pages.h"
#include "state.h"
#include "test.h"

struct work {
	struct worker worker;
	const struct deed *const *deeds;
	unsigned int count;
	unsigned long rounds;
	uint64_t until_ns;
} __aligned(64);

static struct work works[CONFIG_NR_HARTS];
static unsigned long *live_map; /* [A] a bit for each page of the window */
struct page **shared_pages;

#define LIVE_MAP_BYTES ((VMALLOC_SIZE >> PAGE_SHIFT) / 8)

unsigned long worker_random(struct worker *worker)
{
	worker->random ^= worker->random << 13;
	worker->random ^= worker->random >> 7;
	worker->random ^= worker->random << 17;
	return worker->random;
}

unsigned int worker_pages(struct worker *worker)
{
	static const unsigned int most[16] = { 1, 1, 2, 2,  4,  4,  8,  8,
		                               8, 8, 8, 16, 16, 64, 65, 300 };

	return worker_choose(worker, most[worker_choose(worker, 16)]) + 1;
}

void worker_failed(struct worker *worker, const char *wanted, int line)
{
	if (worker->failures++ > 0)
		return;
	worker->failed = wanted;
	worker->line = line;
}

/* --- what is whose ------------------------------------------------------- */

/* Flip the bits of the pages; did all of them have the value @before? */
static bool live_flip(const void *at, unsigned long pages, bool before)
{
	unsigned long page = ((vaddr_t)at - VMALLOC_START) >> PAGE_SHIFT;
	bool right = true;

	for (; pages > 0; pages--, page++) {
		unsigned long bit = 1ul << page % 64;
		unsigned long old = __atomic_fetch_xor(&live_map[page / 64],
		                                       bit, __ATOMIC_ACQ_REL);

		right &= !!(old & bit) == before;
	}
	return right;
}

void live_begin(struct worker *worker, const void *at, unsigned long pages)
{
	WANT(worker, live_flip(at, pages, false));
}

void live_end(struct worker *worker, const void *at, unsigned long pages)
{
	WANT(worker, live_flip(at, pages, true));
}

#define PAGE_WORDS (PAGE_SIZE / sizeof(unsigned long))

void mark(struct worker *worker, void *at, unsigned int pages)
{
	unsigned long serial = worker->serial++;
	unsigned long *words = at;

	words[1] = pages;
	for (unsigned int i = 0; i < pages; i++, words += PAGE_WORDS) {
		words[0] = serial ^ (unsigned long)i << 56;
		words[PAGE_WORDS - 1] = ~words[0];
	}
}

void check_mark(struct worker *worker, const void *at, unsigned int pages)
{
	const unsigned long *words = at;
	unsigned long serial = words[0];
	bool right = words[1] == pages;

	for (unsigned int i = 0; i < pages; i++, words += PAGE_WORDS) {
		right &= words[0] == (serial ^ (unsigned long)i << 56);
		right &= words[PAGE_WORDS - 1] == ~words[0];
	}
	WANT(worker, right);
}

unsigned int marked_pages(const void *at)
{
	return (unsigned int)((const unsigned long *)at)[1];
}

/* --- runs ------------------------------------------------------------------ */

static void do_deeds(void *argument)
{
	struct work *work = argument;
	struct worker *worker = &work->worker;

	for (; work->rounds > 0; work->rounds--) {
		work->deeds[worker_choose(worker, work->count)]->once(worker);
		worker->operations++;
		if (worker->failures > 0 || timer_now_ns() > work->until_ns)
			break;
	}
}

static void finish_deeds(void *argument)
{
	struct work *work = argument;

	for (unsigned int i = 0; i < work->count; i++)
		if (work->deeds[i]->finish)
			work->deeds[i]->finish(&work->worker);
}

static void on_harts(unsigned int nr, hart_function *function)
{
	for (unsigned int i = 1; i < nr; i++)
		hart_call_start(i, function, &works[i]);
	function(&works[0]);
	for (unsigned int i = 1; i < nr; i++)
		hart_call_wait(i);
}

static void make_workers(const struct deed *const *deeds, unsigned int count,
                         unsigned int nr, unsigned long rounds,
                         uint64_t until_ns)
{
	for (unsigned int i = 0; i < nr; i++) {
		works[i] = (struct work){ .deeds = deeds,
			                  .count = count,
			                  .rounds = rounds,
			                  .until_ns = until_ns };
		works[i].worker = (struct worker){
			.index = i,
			.harts = nr,
			.random = test_random(),
			.serial = (unsigned long)(i + 1) << 40,
		};
	}
}

static void have_shared(void)
{
	live_map = vzalloc(LIVE_MAP_BYTES);
	CHECK(live_map);
	shared_pages = pages_alloc(SHARED_PAGES);
	for (unsigned long i = 0; i < SHARED_PAGES; i++)
		*(unsigned long *)page_address(shared_pages[i]) = i;
}

static void check_shared(void)
{
	CHECK(is_all(live_map, LIVE_MAP_BYTES, 0));
	for (unsigned long i = 0; i < SHARED_PAGES; i++)
		CHECK_EQ(*(unsigned long *)page_address(shared_pages[i]), i);
	vfree(live_map);
	pages_free(shared_pages, SHARED_PAGES);
}

/* Operations that were done; the time is that of the deeds alone. */
static unsigned long run(unsigned int nr, unsigned long *ms_out)
{
	unsigned long operations = 0;
	uint64_t start;

	have_shared();
	start = timer_now_ns();
	on_harts(nr, do_deeds);
	*ms_out = (timer_now_ns() - start) / 1000000 + 1;
	on_harts(nr, finish_deeds);
	mm_check_all();
	for (unsigned int i = 0; i < nr; i++) {
		const struct worker *worker = &works[i].worker;

		if (worker->failures > 0) {
			test_fail("../stress/stress.c", worker->line,
			          "hart %u, operation %lu: WANT(%s)", i,
			          worker->operations, worker->failed);
		}
		operations += worker->operations;
	}
	check_shared();
	printf("# %lu operations by %u harts in %lu ms\n", operations, nr,
	       *ms_out);
	return operations;
}

void stress(const struct deed *const *deeds, unsigned int count,
            unsigned int nr, unsigned long rounds)
{
	unsigned long ms;

	make_workers(deeds, count, nr, rounds, UINT64_MAX);
	(void)run(nr, &ms);
}

unsigned long stress_rate(const struct deed *const *deeds, unsigned int count,
                          unsigned int nr, unsigned long ms)
{
	unsigned long operations;

	make_workers(deeds, count, nr, UINT64_MAX,
	             timer_now_ns() + ms * 1000000);
	operations = run(nr, &ms);
	return operations * 1000 / ms;
}
