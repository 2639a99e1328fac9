/* SPDX-License-Identifier: MIT */
/*
 * Stale translations as races (B5, B8, B17): every order in which an unmapping, a
 * flush and a new use of the address can meet, each met in every run (race.h).
 *
 * What each test is worth was seen by breaking what protects: how, is said above
 * it behind "Breaks:".
 */
#include <linux/vmalloc.h>

#include "core/hart.h"
#include "core/timer.h"
#include "core/trap.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "pages.h"
#include "race.h"
#include "test.h"

static char *victim;
static struct page *frame;
static unsigned long *again;

static void flush(void)
{
	tlb_flush_all();
}

/* So that the page just freed is not the next one handed out. */
static void keep_frame(void)
{
	frame = alloc_page(GFP_KERNEL);
	CHECK(frame);
}

/* Through its address @p shows the page that is mapped there, no older one. */
static void check_shows_its_page(unsigned long *p)
{
	unsigned long *direct = page_address(vmalloc_to_page(p));

	*direct = 0x5eed;
	CHECK_EQ(*(volatile unsigned long *)p, 0x5eed);
}

static void touch(const char *p)
{
	CHECK(can_read(p));
}

/*
 * B8. A flush that was numbered before the unmapping and ends after it proves
 * nothing: the address must not be handed out with this hart's old translation.
 * Breaks: pool_take() that compares with >=.
 */
TEST(flush_begun_before_an_unmapping_does_not_make_it_clean)
{
	race_begin(2);
	victim = vmalloc(PAGE_SIZE);
	race_hold_at(RACE_FLUSH_FENCED, flush);
	touch(victim);
	vfree(victim);
	race_let_go(RACE_FLUSH_FENCED);
	keep_frame();
	again = vmalloc(PAGE_SIZE);
	CHECK(again);
	check_shows_its_page(again);
	vfree(again);
	__free_page(frame);
}

/* Blocks are full when @left pages or fewer are to be had in one piece. */
static unsigned int fill_block(struct page **pages, char **mapped,
                               unsigned int most)
{
	unsigned int count = 0;
	unsigned int left = 512 - 2;

	while (left > 1 && count < most) {
		unsigned int now = left - 1 < 64 ? left - 1 : 64;

		mapped[count] = vm_map_ram(pages, now, -1, PAGE_KERNEL);
		CHECK(mapped[count]);
		left -= now + 1;
		count++;
	}
	return count;
}

static void empty_block(char **mapped, unsigned int count)
{
	unsigned int left = 512 - 2;

	for (unsigned int i = 0; i < count; i++) {
		unsigned int now = left - 1 < 64 ? left - 1 : 64;

		vm_unmap_ram(mapped[i], now);
		left -= now + 1;
	}
}

/*
 * B5. The same for a slot of a block that is full and on no list of free ones:
 * vm_unmap_aliases() must flush although a flush has just ended.
 * Breaks: collect() that compares with >=; note_cleared() without newest_stamp.
 */
TEST(aliases_of_a_full_block_go_although_a_flush_was_under_way)
{
	struct page **pages;
	char *filler[10];
	unsigned int count;

	race_begin(2);
	pages = pages_alloc(64);
	vm_unmap_aliases();
	victim = vm_map_ram(pages, 1, -1, PAGE_KERNEL);
	CHECK(victim);
	count = fill_block(pages, filler, ARRAY_SIZE(filler));
	race_hold_at(RACE_FLUSH_FENCED, flush);
	touch(victim);
	vm_unmap_ram(victim, 1);
	race_let_go(RACE_FLUSH_FENCED);
	vm_unmap_aliases();
	CHECK(!can_read(victim));
	empty_block(filler, count);
	pages_free(pages, 64);
}

static void unmap_victim(void)
{
	vm_unmap_ram(victim, 1);
}

/* Map a page; if it got the address of the victim it must show that page. */
static void map_where_victim_was(struct page *page)
{
	unsigned long *p = vm_map_ram(&page, 1, -1, PAGE_KERNEL);

	CHECK(p);
	check_shows_its_page(p);
	vm_unmap_ram(p, 1);
}

/*
 * B8 for slots: another hart unmaps between the proof that a block is clean and
 * the picture of what is free in it.
 * Breaks: try_pass() without its second block_is_clean().
 */
TEST(slot_freed_while_its_block_is_pictured_is_not_reused)
{
	struct page **pages;
	char *filler[10];
	unsigned int count;

	race_begin(2);
	pages = pages_alloc(65);
	vm_unmap_aliases();
	victim = vm_map_ram(&pages[64], 1, -1, PAGE_KERNEL);
	CHECK(victim);
	count = fill_block(pages, filler, ARRAY_SIZE(filler));
	touch(victim);
	race_act_at(RACE_PASS_BEGINS, unmap_victim);
	map_where_victim_was(pages[0]);
	race_end_act(RACE_PASS_BEGINS);
	empty_block(filler, count);
	pages_free(pages, 65);
}

/*
 * B8: a slot that looks free also looks dirty.
 * Breaks: end_mapping() before note_cleared().
 */
TEST(slot_is_stamped_before_it_looks_free)
{
	struct page **pages;
	char *filler[10];
	unsigned int count;

	race_begin(2);
	pages = pages_alloc(65);
	vm_unmap_aliases();
	victim = vm_map_ram(&pages[64], 1, -1, PAGE_KERNEL);
	CHECK(victim);
	count = fill_block(pages, filler, ARRAY_SIZE(filler));
	touch(victim);
	race_hold_at(RACE_MAPPING_DONE, unmap_victim);
	map_where_victim_was(pages[0]);
	race_let_go(RACE_MAPPING_DONE);
	empty_block(filler, count);
	pages_free(pages, 65);
}

static bool seen;

/* Hart 1's translation is newer than the flush, if there is one to be had. */
static void flush_and_touch(void)
{
	tlb_flush_all();
	seen = can_read(victim);
}

static void look_again(void *unused)
{
	(void)unused;
	seen = *(volatile unsigned long *)again == 0x5eed;
}

/*
 * B8: the stamp of a freed area is taken when its entries are cleared, not
 * before: a flush between the two would make it clean with an entry still there.
 * Breaks: vfree() with fast_retire() before fast_unpopulate_page().
 */
TEST(area_is_stamped_after_its_entries_are_cleared)
{
	race_begin(2);
	/* Made by the pool, so that it is freed the short way. */
	vfree(vmalloc(PAGE_SIZE));
	tlb_flush_all();
	victim = vmalloc(PAGE_SIZE);
	race.limit_ns = 100 * RACE_SOON_NS;
	race_act_at(RACE_AREA_STAMPED, flush_and_touch);
	vfree(victim);
	race_end_act(RACE_AREA_STAMPED);
	keep_frame();
	again = vmalloc(PAGE_SIZE);
	CHECK(again);
	*(unsigned long *)page_address(vmalloc_to_page(again)) = 0x5eed;
	hart_call_start(1, look_again, NULL);
	hart_call_wait(1);
	CHECK(seen);
	vfree(again);
	__free_page(frame);
}

/* Hart 1 touches the victim and is at work until it is let go. */
static void stay_at_work(void *unused)
{
	(void)unused;
	touch(victim);
	race_set(&race.acted);
	race_wait_until(&race.open, RACE_NEVER_NS);
}

/* In the interrupt that asks hart 1 for a fence, before it fences. */
static void look_before_the_fence(void *unused)
{
	unsigned long word = 0;

	(void)unused;
	if (this_hart->index != 1 || !race_is_first())
		return;
	race_wait_until(&race.open, RACE_NEVER_NS);
	seen = probe_read(again, &word, sizeof(word)) == 0 && word == 0x5eed;
}

/*
 * B8: a flush that nobody waits for is not over before every hart has answered.
 * Breaks: flight_answer() that publishes for any hart.
 */
TEST(hart_that_has_not_answered_a_flush_keeps_addresses_from_use)
{
	race_begin(2);
	victim = vmalloc(PAGE_SIZE);
	CHECK(victim);
	hart_call_start(1, stay_at_work, NULL);
	race_wait_until(&race.acted, RACE_NEVER_NS);
	race_window_open(RACE_FLUSH_TOLD, look_before_the_fence, NULL);
	vfree(victim);
	tlb_flush_start();
	race_wait_for_arrivals(1);
	keep_frame();
	again = vmalloc(PAGE_SIZE);
	*(unsigned long *)page_address(vmalloc_to_page(again)) = 0x5eed;
	race_set(&race.open);
	hart_call_wait(1);
	race_window_close(RACE_FLUSH_TOLD);
	CHECK(race.arrived > 0);
	CHECK(seen);
	vfree(again);
	__free_page(frame);
}

/* --- harts that sleep ---------------------------------------------------- */

static bool victim_seen;

static void touch_victim(void *argument)
{
	(void)argument;
	victim_seen = can_read(victim);
}

static const struct hart *hart_1(void)
{
	return harts[1 % CONFIG_NR_HARTS];
}

static bool hart_1_sleeps(void)
{
	return __atomic_load_n(&hart_1()->idle, __ATOMIC_ACQUIRE);
}

static bool hart_1_has_served(void)
{
	return !__atomic_load_n(&hart_1()->call, __ATOMIC_ACQUIRE);
}

static void let_hart_1_sleep(void)
{
	uint64_t start = timer_now_ns();

	hart_call_wait(1);
	while (!hart_1_sleeps())
		CHECK(timer_now_ns() - start < RACE_NEVER_NS);
}

/*
 * Any interrupt may wake hart 1 before a race that wants it asleep. @attempt says
 * whether the race was one; if not it is set up again.
 */
static bool comes_about(bool (*attempt)(void))
{
	for (unsigned int i = 0; i < 100; i++)
		if (attempt())
			return true;
	return false;
}

/* Hart 1 says that it is awake, waits, and looks. */
static void wake_and_look(void *argument)
{
	race_set(&race.acted);
	race_wait_until(&race.open, RACE_NEVER_NS);
	touch_victim(argument);
}

static void wake_hart_1(void *argument)
{
	(void)argument;
	if (this_hart->index == 0 && hart_1_sleeps() && race_is_first()) {
		hart_call_start(1, wake_and_look, NULL);
		race_wait_until(&race.acted, RACE_NEVER_NS);
	}
}

static void have_victim_in_sleeping_hart_1(void)
{
	victim = vmalloc(PAGE_SIZE);
	CHECK(victim);
	hart_call_start(1, touch_victim, NULL);
	let_hart_1_sleep();
	CHECK(victim_seen);
}

/* False: hart 1 was awake when it was looked at, so nobody woke it. */
static bool wake_hart_1_once_seen_asleep(void)
{
	race_begin(2);
	have_victim_in_sleeping_hart_1();
	race_window_open(RACE_IDLE_SEEN, wake_hart_1, NULL);
	vfree(victim);
	vm_unmap_aliases();
	race_window_close(RACE_IDLE_SEEN);
	race_set(&race.open);
	hart_call_wait(1);
	return race.arrived > 0;
}

/*
 * B8: a hart seen idle wakes before the note is left for it.
 * Breaks: must_reach() returning false without looking at idle again.
 */
TEST(hart_that_wakes_before_its_note_is_written_is_fenced)
{
	CHECK(comes_about(wake_hart_1_once_seen_asleep));
	CHECK(!victim_seen);
}

/* Hart 1 is held as it wakes, its call before it; or was awake, and serves it. */
static void call_sleeping_hart_1(void)
{
	uint64_t start = timer_now_ns();

	hart_call_start(1, touch_victim, NULL);
	while (__atomic_load_n(&race.arrived, __ATOMIC_ACQUIRE) == 0 &&
	       !hart_1_has_served())
		CHECK(timer_now_ns() - start < RACE_NEVER_NS);
}

/* False: hart 1 had looked at the victim before it could be held. */
static bool hold_hart_1_as_it_wakes(void)
{
	bool held;

	race_begin(2);
	have_victim_in_sleeping_hart_1();
	race_window_open(RACE_HART_WAKES, race_hold_hart_1, NULL);
	call_sleeping_hart_1();
	held = !hart_1_has_served();
	vfree(victim);
	vm_unmap_aliases();
	race_let_go(RACE_HART_WAKES);
	return held;
}

/*
 * B8: a hart that wakes says so first and reads its note then.
 * Breaks: hart_idle() reading flush_on_wake before it clears idle.
 */
TEST(hart_that_wakes_reads_its_note_after_it_said_so)
{
	CHECK(comes_about(hold_hart_1_as_it_wakes));
	CHECK(!victim_seen);
}

/* --- one flush for many (B17) --------------------------------------------- */

static void flush_on_hart(void *argument)
{
	(void)argument;
	tlb_flush_all();
}

/* The last to come lets the flush end that hart 1 is held in. */
static void count_askers(void *unused)
{
	static bool asked[CONFIG_NR_HARTS]; /* [H] */

	(void)unused;
	if (asked[this_hart->index])
		return;
	asked[this_hart->index] = true;
	if (__atomic_add_fetch(&race.arrived, 1, __ATOMIC_ACQ_REL) == nr_harts)
		race_set(&race.open);
}

static unsigned long flushes(void)
{
	struct tlb_counters counters;

	tlb_read_counters(&counters);
	return counters.flushes;
}

/*
 * B17: all harts but one come for a flush while that one is at it. One more
 * serves them all. Breaks: flush_shared() that does not ask in each round.
 */
TEST(harts_that_wait_for_a_flush_share_the_next_one)
{
	unsigned long before = flushes();

	race_begin(3);
	race_hold_at(RACE_FLUSH_FENCED, flush);
	race_window_open(RACE_FLUSH_ASKED, count_askers, NULL);
	for (unsigned int i = 2; i < nr_harts; i++)
		hart_call_start(i, flush_on_hart, NULL);
	tlb_flush_all();
	for (unsigned int i = 1; i < nr_harts; i++)
		hart_call_wait(i);
	race_window_close(RACE_FLUSH_ASKED);
	race_window_close(RACE_FLUSH_FENCED);
	CHECK(race_is_set(&race.open));
	CHECK_EQ(flushes() - before, 2);
}

/*
 * B17: a flush that ends when a hart is about to begin its own serves that hart.
 * Breaks: flush_shared() without its second tlb_is_clean().
 */
TEST(hart_about_to_flush_sees_that_it_was_done)
{
	unsigned long before = flushes();

	race_begin(2);
	race_hold_at(RACE_FLUSH_ASKED, flush);
	tlb_flush_all();
	race_let_go(RACE_FLUSH_ASKED);
	CHECK_EQ(flushes() - before, 1);
}
