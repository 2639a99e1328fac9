/* SPDX-License-Identifier: MIT */
/*
 * Who runs when and where. main() is pinned to hart 0 here (tests/image/main.c)
 * and has the normal priority, so a thread of HART_0 runs beside it.
 */
#include <errno.h>
#include <string.h>

#include "arch/csr.h"
#include "core/hart.h"
#include "core/mutex.h"
#include "core/timer.h"
#include "crew.h"
#include "race.h"
#include "test.h"

#define LOW    THREAD_PRIORITY_LOW
#define NORMAL THREAD_PRIORITY_NORMAL
#define HIGH   THREAD_PRIORITY_HIGH

static void sleep_ms(unsigned int ms)
{
	(void)thread_sleep_until(timer_now_ns() + ms * MS,
	                         THREAD_UNINTERRUPTIBLE);
}

/* --- threads that only compute --------------------------------------------- */

struct spinner {
	bool stop;            /* [A] */
	bool runs;            /* [A] */
	unsigned int hart;    /* [A] where it was last seen */
	unsigned long rounds; /* [A] */
	unsigned long preemptions;
};

/* Not on the stack: a check that fails leaves them running. */
static struct spinner *new_spinners(void)
{
	static struct spinner spinners[CONFIG_NR_HARTS + 4];

	memset(spinners, 0, sizeof(spinners));
	return spinners;
}

static void spin(void *argument)
{
	struct spinner *spinner = argument;

	flag_set(&spinner->runs);
	while (!flag_is_set(&spinner->stop)) {
		WRITE_ONCE(spinner->rounds, spinner->rounds + 1);
		WRITE_ONCE(spinner->hart, this_hart->index);
	}
	spinner->preemptions = current_thread()->preemptions;
}

static void stop_all(struct spinner *spinners, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		flag_set(&spinners[i].stop);
	crew_wait();
}

/* Breaks: a slice that ends without a switch. */
TEST(thread_that_never_yields_is_preempted)
{
	struct spinner *spinner = new_spinners();
	uint64_t start = timer_now_ns();

	crew_add(spin, spinner, NORMAL, HART_0);
	CHECK(sleep_until_set(&spinner->runs));
	stop_all(spinner, 1);
	CHECK(spinner->preemptions > 0);
	CHECK(timer_now_ns() - start < 2000 * MS);
}

static void find_turns(struct thread *const *threads,
                       const unsigned long *before, unsigned long *least_out,
                       unsigned long *most_out)
{
	*least_out = ~0ul;
	*most_out = 0;
	for (unsigned int i = 0; i < 4; i++) {
		unsigned long turns =
			READ_ONCE(threads[i]->switches) - before[i];

		if (turns < *least_out)
			*least_out = turns;
		if (turns > *most_out)
			*most_out = turns;
	}
}

/* By turns, not by time: a host that is busy gives that unevenly. */
TEST(threads_of_equal_priority_share_a_hart)
{
	struct spinner *spinners = new_spinners();
	struct thread *threads[4];
	unsigned long before[4];
	unsigned long least = 0, most = 0;

	for (unsigned int i = 0; i < 4; i++)
		threads[i] = crew_add(spin, &spinners[i], LOW, LAST_HART);
	for (unsigned int i = 0; i < 4; i++)
		CHECK(sleep_until_set(&spinners[i].runs));
	/* main() may have come back to one of them each time it looked. */
	for (unsigned int i = 0; i < 4; i++)
		before[i] = READ_ONCE(threads[i]->switches);
	/* On a busy host they get few turns. */
	for (unsigned int i = 0; i < 50 && least < 3; i++) {
		sleep_ms(200);
		find_turns(threads, before, &least, &most);
	}
	stop_all(spinners, 4);
	CHECK(least >= 3);
	CHECK(most <= least + 5);
}

/* Both run in a while in which nobody else does; on a busy host not in any. */
static bool take_turns_unwatched(const struct spinner *spinners)
{
	unsigned long before[2];

	spin_ns(12 * MS);
	before[0] = READ_ONCE(spinners[0].rounds);
	before[1] = READ_ONCE(spinners[1].rounds);
	sleep_ms(100);
	return READ_ONCE(spinners[0].rounds) != before[0] &&
	       READ_ONCE(spinners[1].rounds) != before[1];
}

/*
 * The slice ends while a thread of higher priority runs, and nobody comes back
 * into the scheduler to time the next one: both were preempted.
 */
TEST(slice_is_timed_for_threads_that_were_preempted)
{
	struct spinner *spinners = new_spinners();
	bool took_turns = false;

	crew_add(spin, &spinners[0], LOW, HART_0);
	crew_add(spin, &spinners[1], LOW, HART_0);
	CHECK(sleep_until_set(&spinners[0].runs));
	CHECK(sleep_until_set(&spinners[1].runs));
	for (unsigned int i = 0; i < 10 && !took_turns; i++)
		took_turns = take_turns_unwatched(spinners);
	stop_all(spinners, 2);
	CHECK(took_turns);
}

/*
 * Each slice ends while main() runs, so a thread that has the hart in between
 * loses it only when its turns are added up.
 */
TEST(turn_that_is_interrupted_again_and_again_ends)
{
	struct spinner *spinners = new_spinners();
	bool both_ran = false;

	crew_add(spin, &spinners[0], LOW, HART_0);
	crew_add(spin, &spinners[1], LOW, HART_0);
	for (unsigned int i = 0; i < 8 && !both_ran; i++) {
		sleep_ms(1);
		spin_ns(5 * MS);
		both_ran = flag_is_set(&spinners[0].runs) &&
		           flag_is_set(&spinners[1].runs);
	}
	stop_all(spinners, 2);
	CHECK(both_ran);
}

TEST(lower_priority_waits_for_its_turn)
{
	struct spinner *spinner = new_spinners();

	crew_add(spin, spinner, LOW, HART_0);
	spin_ns(15 * MS);
	thread_yield();
	CHECK(!flag_is_set(&spinner->runs));
	CHECK(sleep_until_set(&spinner->runs));
	stop_all(spinner, 1);
}

TEST(yield_gives_each_its_turn)
{
	struct spinner *spinners = new_spinners();

	crew_add(spin, &spinners[0], NORMAL, HART_0);
	crew_add(spin, &spinners[1], NORMAL, HART_0);
	for (unsigned int i = 0; i < 3; i++)
		thread_yield();
	CHECK(flag_is_set(&spinners[0].runs));
	CHECK(flag_is_set(&spinners[1].runs));
	stop_all(spinners, 2);
}

/* --- who is woken by whom -------------------------------------------------- */

static struct semaphore go = SEMAPHORE_INIT("go", 0);
static unsigned long woken; /* [A] */
static bool end_them;       /* [A] */

static void count_wakes(void *unused)
{
	(void)unused;
	while (!flag_is_set(&end_them)) {
		(void)down(&go, UINT64_MAX, THREAD_UNINTERRUPTIBLE);
		__atomic_fetch_add(&woken, 1, __ATOMIC_RELEASE);
	}
}

static unsigned long wakes(void)
{
	return __atomic_load_n(&woken, __ATOMIC_ACQUIRE);
}

static struct thread *begin_waker(unsigned int priority, uint64_t allowed)
{
	struct thread *thread;

	woken = 0;
	end_them = false;
	thread = crew_add(count_wakes, NULL, priority, allowed);
	while (READ_ONCE(thread->state) != THREAD_WAITING)
		sleep_ms(1);
	return thread;
}

static void end_waker(void)
{
	flag_set(&end_them);
	up(&go);
	crew_wait();
}

/* Breaks: waiting for the next interrupt, which may not come. */
TEST(woken_thread_of_higher_priority_runs_at_once)
{
	begin_waker(HIGH, HART_0);
	for (unsigned long i = 1; i <= 20; i++) {
		up(&go);
		CHECK_EQ(wakes(), i);
	}
	end_waker();
}

TEST(preemption_that_was_off_is_made_up_for)
{
	unsigned long seen;

	begin_waker(HIGH, HART_0);
	preempt_disable();
	preempt_disable();
	up(&go);
	spin_ns(10 * MS);
	preempt_enable();
	seen = wakes();
	preempt_enable();
	CHECK_EQ(seen, 0);
	CHECK_EQ(wakes(), 1);
	end_waker();
}

TEST(slice_that_ends_while_preemption_is_off_is_made_up_for)
{
	struct spinner *spinner = new_spinners();
	unsigned long turns_before, turns_after;
	struct thread *thread;

	preempt_disable();
	thread = crew_add(spin, spinner, NORMAL, HART_0);
	spin_ns(15 * MS);
	turns_before = READ_ONCE(thread->switches);
	preempt_enable();
	turns_after = READ_ONCE(thread->switches);
	stop_all(spinner, 1);
	CHECK_EQ(turns_before, 0);
	CHECK(turns_after > 0);
}

/* Hart 1 wakes; this hart cannot take the interrupt for long. */
static void up_from_there(void *may_begin)
{
	while (!flag_is_set(may_begin))
		;
	up(&go);
}

TEST(wake_is_not_lost_while_interrupts_are_off)
{
	static bool may_begin;
	unsigned long flags, seen;

	if (nr_harts < 2)
		test_skip("needs two harts");
	may_begin = false;
	begin_waker(HIGH, HART_0);
	crew_add(up_from_there, &may_begin, NORMAL, LAST_HART);
	flags = irq_save();
	flag_set(&may_begin);
	spin_ns(30 * MS);
	seen = wakes();
	irq_restore(flags);
	CHECK_EQ(seen, 0);
	CHECK(sleep_until_count(&woken, 1));
	end_waker();
}

TEST(thread_that_lowers_itself_lets_others_go_first)
{
	struct spinner *spinner = new_spinners();
	bool ran;

	thread_set_priority(current_thread(), HIGH);
	crew_add(spin, spinner, NORMAL, HART_0);
	spin_ns(10 * MS);
	ran = flag_is_set(&spinner->runs);
	flag_set(&spinner->stop);
	thread_set_priority(current_thread(), LOW);
	CHECK(!ran);
	CHECK(flag_is_set(&spinner->runs));
	thread_set_priority(current_thread(), NORMAL);
	crew_wait();
}

TEST(priority_of_a_ready_thread_is_raised)
{
	struct spinner *spinner = new_spinners();
	struct thread *thread;

	spinner->stop = true;
	preempt_disable();
	thread = crew_add(spin, spinner, LOW, HART_0);
	thread_set_priority(thread, HIGH);
	preempt_enable();
	CHECK(flag_is_set(&spinner->runs));
	crew_wait();
}

/* --- where ------------------------------------------------------------------ */

TEST(thread_goes_to_the_harts_that_it_may_use)
{
	struct thread *self = current_thread();

	CHECK_EQ(thread_set_allowed_harts(self, 0), -EINVAL);
	CHECK_EQ(thread_set_allowed_harts(self, ~0ull << nr_harts), -EINVAL);
	for (unsigned int i = 0; i < 4 * nr_harts; i++) {
		unsigned int hart = i % nr_harts;

		CHECK_EQ(thread_set_allowed_harts(self, 1ull << hart), 0);
		CHECK_EQ(this_hart->index, hart);
		CHECK_EQ(self->hart, harts[hart]);
	}
	CHECK_EQ(thread_set_allowed_harts(self, HART_0), 0);
	CHECK_EQ(this_hart->index, 0);
}

TEST(running_thread_is_sent_to_another_hart)
{
	struct spinner *spinner = new_spinners();
	struct thread *thread;

	if (nr_harts < 2)
		test_skip("needs two harts");
	thread = crew_add(spin, spinner, NORMAL, LAST_HART);
	CHECK(sleep_until_set(&spinner->runs));
	for (unsigned int i = 0; i < 10; i++) {
		unsigned int hart = i % nr_harts;
		uint64_t start = timer_now_ns();

		CHECK_EQ(thread_set_allowed_harts(thread, 1ull << hart), 0);
		while (READ_ONCE(spinner->hart) != hart &&
		       timer_now_ns() - start < 2000 * MS)
			sleep_ms(1);
		CHECK_EQ(READ_ONCE(spinner->hart), hart);
	}
	stop_all(spinner, 1);
}

TEST(waiting_thread_wakes_where_it_may)
{
	struct thread *thread;

	if (nr_harts < 2)
		test_skip("needs two harts");
	thread = begin_waker(NORMAL, LAST_HART);
	CHECK_EQ(thread_set_allowed_harts(thread, HART_0), 0);
	up(&go);
	CHECK(sleep_until_count(&woken, 1));
	CHECK_EQ(thread->hart, harts[0]);
	end_waker();
}

/* It yields before the interrupt that tells it comes. */
TEST(thread_that_yields_leaves_a_hart_that_it_lost)
{
	struct spinner *spinner = new_spinners();
	struct thread *self = current_thread();

	if (nr_harts < 2)
		test_skip("needs two harts");
	crew_add(spin, spinner, NORMAL, HART_0);
	preempt_disable();
	CHECK_EQ(thread_set_allowed_harts(self, LAST_HART), 0);
	CHECK_EQ(this_hart->index, 0);
	self->preempt_off--;
	thread_yield();
	CHECK_EQ(this_hart->index, nr_harts - 1);
	CHECK_EQ(thread_set_allowed_harts(self, HART_0), 0);
	stop_all(spinner, 1);
}

/* As many as there are harts, all begun on this one: each gets one. */
TEST(idle_harts_take_what_waits_elsewhere)
{
	struct spinner *spinners = new_spinners();
	uint64_t used = 0;

	thread_set_priority(current_thread(), HIGH);
	for (unsigned int i = 0; i < nr_harts; i++)
		crew_add(spin, &spinners[i], NORMAL, ~0ull);
	for (unsigned int n = 0; n < 500; n++) {
		used = 0;
		sleep_ms(2);
		for (unsigned int i = 0; i < nr_harts; i++)
			used |= 1ull << READ_ONCE(spinners[i].hart);
		if (used == ~0ull >> (64 - nr_harts))
			break;
	}
	thread_set_priority(current_thread(), NORMAL);
	stop_all(spinners, nr_harts);
	CHECK_EQ(used, ~0ull >> (64 - nr_harts));
}

/* Both must stay on hart 0 until one may leave; then the idle hart takes it. */
TEST(preempted_thread_is_offered_to_idle_harts)
{
	struct spinner *spinners = new_spinners();
	struct thread *second;
	uint64_t start;

	if (nr_harts < 2)
		test_skip("needs two harts");
	crew_add(spin, &spinners[0], LOW, HART_0);
	second = crew_add(spin, &spinners[1], LOW, HART_0);
	CHECK(sleep_until_set(&spinners[0].runs));
	CHECK(sleep_until_set(&spinners[1].runs));
	CHECK_EQ(thread_set_allowed_harts(second, ~0ull), 0);
	start = timer_now_ns();
	while (READ_ONCE(spinners[1].hart) == 0 &&
	       timer_now_ns() - start < 2000 * MS)
		sleep_ms(2);
	CHECK(READ_ONCE(spinners[1].hart) != 0);
	stop_all(spinners, 2);
}

/* --- storms ------------------------------------------------------------------ */

#define RING   8u
#define LAPS   300ul
#define MOVERS 3u

static struct semaphore ring[RING];

static void pass_on(void *argument)
{
	struct semaphore *mine = argument;
	struct semaphore *next = &ring[(mine - ring + 1) % RING];

	for (unsigned long i = 0; i < LAPS; i++) {
		(void)down(mine, UINT64_MAX, THREAD_UNINTERRUPTIBLE);
		__atomic_fetch_add(&woken, 1, __ATOMIC_RELEASE);
		up(next);
	}
}

/* Each thread that runs was woken by the one before it. */
TEST(wakes_go_round_and_none_is_lost)
{
	woken = 0;
	for (unsigned int i = 0; i < RING; i++) {
		semaphore_init(&ring[i], "ring", 0);
		crew_add(pass_on, &ring[i], NORMAL, ~0ull);
	}
	for (unsigned int i = 0; i < 3; i++)
		up(&ring[3 * i % RING]);
	crew_wait();
	CHECK_EQ(wakes(), RING * LAPS);
}

static struct thread *moved[MOVERS];
static unsigned long movers_ended; /* [A] */

static void move_them(void *unused)
{
	static const unsigned int priorities[] = { LOW, NORMAL, HIGH };
	unsigned long random = (unsigned long)unused | 1;

	while (!flag_is_set(&end_them)) {
		struct thread *thread;

		random = random * 6364136223846793005ul + 1442695040888963407ul;
		thread = moved[(random >> 33) % MOVERS];
		if (random >> 60 & 1) {
			thread_set_priority(thread,
			                    priorities[(random >> 40) % 3]);
		} else {
			(void)thread_set_allowed_harts(thread, random >> 50);
		}
	}
	__atomic_fetch_add(&movers_ended, 1, __ATOMIC_RELEASE);
}

/* Waking, stealing, preempting, and all that may be changed, at once. */
TEST(threads_survive_being_moved_at_any_moment)
{
	struct spinner *spinner = new_spinners();

	woken = 0;
	movers_ended = 0;
	end_them = false;
	for (unsigned int i = 0; i < RING; i++) {
		struct thread *thread;

		semaphore_init(&ring[i], "ring", 0);
		thread = crew_add(pass_on, &ring[i], NORMAL, ~0ull);
		if (i < MOVERS)
			moved[i] = thread;
	}
	crew_add(spin, spinner, LOW, ~0ull);
	crew_add(move_them, (void *)12345, NORMAL, ~0ull);
	/* It never waits, so main() needs a hart beside it. */
	crew_add(move_them, (void *)777, nr_harts > 1 ? HIGH : NORMAL,
	         LAST_HART);
	sleep_ms(20);
	/* While they wait for the first token nobody of them can end. */
	for (unsigned int i = 0; i < 100; i++) {
		__atomic_fetch_add(&ring[i % RING].count, 0, __ATOMIC_RELAXED);
		thread_wake(moved[i % MOVERS]);
		thread_yield();
	}
	flag_set(&end_them);
	CHECK(sleep_until_count(&movers_ended, 2));
	for (unsigned int i = 0; i < 3; i++)
		up(&ring[3 * i % RING]);
	stop_all(spinner, 1);
	CHECK_EQ(wakes(), RING * LAPS);
}

/* --- races ------------------------------------------------------------------- */

static struct thread *victim;

static void raise_victim(void)
{
	thread_set_priority(victim, HIGH);
}

static void forbid_victim(void)
{
	(void)thread_set_allowed_harts(victim, HART_0);
}

/* This hart is between two queues with the thread that it wakes. */
static void race_with_a_move(race_act *act)
{
	race_begin(3);
	victim = begin_waker(NORMAL, 2);
	CHECK_EQ(thread_set_allowed_harts(victim, 4), 0);
	race_act_at(RACE_THREAD_MOVES, act);
	up(&go);
	race_end_act(RACE_THREAD_MOVES);
	CHECK(sleep_until_count(&woken, 1));
}

/* The list of the level that it had must not hold it at the one that it has. */
TEST(priority_that_changes_between_two_queues_is_the_new_one)
{
	race_with_a_move(raise_victim);
	CHECK_EQ(victim->priority, HIGH);
	up(&go);
	CHECK(sleep_until_count(&woken, 2));
	end_waker();
}

TEST(harts_that_change_between_two_queues_are_obeyed)
{
	race_with_a_move(forbid_victim);
	CHECK_EQ(victim->hart, harts[0]);
	end_waker();
}

static void wake_victim(void)
{
	up(&go);
}

static void hold_the_first(void *unused)
{
	(void)unused;
	if (current_thread() == victim && race_is_first())
		race_wait_until(&race.open, race.limit_ns);
}

/* It has looked, and found nothing; now it is woken; then it waits. */
TEST(wake_between_look_and_wait_is_not_lost)
{
	race_begin(2);
	victim = begin_waker(NORMAL, LAST_HART);
	race_window_open(RACE_THREAD_WAITS, hold_the_first, NULL);
	up(&go);
	race_wait_for_arrivals(1);
	wake_victim();
	race_set(&race.open);
	CHECK(sleep_until_count(&woken, 2));
	race_window_close(RACE_THREAD_WAITS);
	end_waker();
}
