/* SPDX-License-Identifier: MIT */
/*
 * Commands that show threads, timers and locks. A picture is taken with the list
 * of threads locked and laid out afterwards; what changes while it is taken shows
 * as it was at some moment.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vireo/harts.h>
#include <vireo/threads.h>

#include "command.h"

#define ROWS_MOST     128u
#define TOP_ROWS      20u
#define NS_PER_MS     1000000ul
#define TOP_MS        1000l
#define TOP_MOST_MS   60000l
#define CLEAR_SCREEN  "\033[H\033[J"
#define NOBODY_WAITED "nobody had to wait for "

struct row {
	unsigned int id, hart, priority, state;
	char name[THREAD_NAME_BYTES];
	unsigned long run_ns, switches, preemptions;
	size_t stack_used, stack_bytes;
	const char *waits_in;
	unsigned long share_ns; /* of top's interval */
};

struct picture {
	unsigned int count;
	struct row rows[ROWS_MOST];
};

/* How deep the stack was when the thread lost its hart; 0: it runs. */
static size_t stack_used(const struct thread *thread, unsigned int state)
{
	const size_t used =
		thread->stack_bottom + thread->stack_bytes - thread->frame.x[2];

	return state == THREAD_RUNNING || used > thread->stack_bytes ? 0 : used;
}

static void take_row(struct thread *thread, void *context)
{
	struct picture *picture = context;
	const struct hart *hart = thread->hart;
	struct row *row;

	if (picture->count == ROWS_MOST)
		return;
	row = &picture->rows[picture->count++];
	row->id = thread->id;
	row->hart = hart ? hart->index : 0;
	row->priority = thread->priority;
	row->state = thread->state;
	memcpy(row->name, thread->name, sizeof(row->name));
	row->run_ns = thread_run_ns(thread);
	row->switches = thread->switches;
	row->preemptions = thread->preemptions;
	row->stack_used = stack_used(thread, row->state);
	row->stack_bytes = thread->stack_bytes;
	row->waits_in = thread->waits_for ? thread->waits_in : NULL;
}

static struct picture *take_picture(unsigned int *count_out)
{
	struct picture *picture = calloc(1, sizeof(*picture));

	if (!picture) {
		puts("no memory");
		return NULL;
	}
	*count_out = threads_visit(take_row, picture);
	return picture;
}

static int by_id(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	return a->id < b->id ? -1 : a->id > b->id;
}

static void print_thread(const struct row *row)
{
	char stack[24];

	if (row->stack_used > 0) {
		snprintf(stack, sizeof(stack), "%zu/%zu", row->stack_used,
		         row->stack_bytes);
	} else {
		snprintf(stack, sizeof(stack), "-/%zu", row->stack_bytes);
	}
	printf("%4u %-15s %-8s %4u %4u %10.1f %9lu %9lu %14s %s\n", row->id,
	       row->name, thread_state_name(row->state), row->hart,
	       row->priority, (double)row->run_ns / NS_PER_MS, row->switches,
	       row->preemptions, stack, row->waits_in ? row->waits_in : "");
}

int show_threads(int argc, char **argv)
{
	unsigned int count, i;
	struct picture *picture = take_picture(&count);

	(void)argc, (void)argv;
	if (!picture)
		return 1;
	qsort(picture->rows, picture->count, sizeof(struct row), by_id);
	printf("%4s %-15s %-8s %4s %4s %10s %9s %9s %14s %s\n", "id", "name",
	       "state", "hart", "prio", "CPU ms", "switches", "preempted",
	       "stack", "waits for");
	for (i = 0; i < picture->count; i++)
		print_thread(&picture->rows[i]);
	if (count > picture->count)
		printf("and %u more\n", count - picture->count);
	free(picture);
	return 0;
}

/* --- top -------------------------------------------------------------------- */

static int by_share(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	if (a->share_ns != b->share_ns)
		return a->share_ns > b->share_ns ? -1 : 1;
	return by_id(left, right);
}

/* A number that a new thread has taken over in between has run less. */
static void find_shares(struct picture *now, const struct picture *before)
{
	unsigned int i, n;

	for (i = 0; i < now->count; i++) {
		struct row *row = &now->rows[i];

		row->share_ns = row->run_ns;
		for (n = 0; n < before->count; n++) {
			if (before->rows[n].id == row->id &&
			    before->rows[n].run_ns <= row->run_ns)
				row->share_ns -= before->rows[n].run_ns;
		}
	}
	qsort(now->rows, now->count, sizeof(struct row), by_share);
}

static void print_shares(const struct picture *now, unsigned long ns)
{
	unsigned int i;

	printf("%u threads on %u harts, %lu ms\n", now->count, nr_harts,
	       ns / NS_PER_MS);
	printf("%4s %-15s %-8s %4s %4s %6s\n", "id", "name", "state", "hart",
	       "prio", "CPU %");
	for (i = 0; i < now->count && i < TOP_ROWS; i++) {
		const struct row *row = &now->rows[i];

		printf("%4u %-15s %-8s %4u %4u %6.1f\n", row->id, row->name,
		       thread_state_name(row->state), row->hart, row->priority,
		       100.0 * (double)row->share_ns / (double)ns);
	}
}

/* True: a key was pressed meanwhile; it is taken. */
static bool wait_for_key(long ms, bool keys)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char key;

	if (!keys) {
		usleep((unsigned int)ms * 1000);
		return true;
	}
	return poll(&input, 1, (int)ms) > 0 && read(STDIN_FILENO, &key, 1) >= 0;
}

static bool show_one_top(long ms, bool keys)
{
	const unsigned long start = timer_now_ns();
	struct picture *before, *now;
	unsigned int count;
	bool ends = true;

	before = take_picture(&count);
	if (!before)
		return true;
	ends = wait_for_key(ms, keys);
	now = take_picture(&count);
	if (now) {
		find_shares(now, before);
		if (keys)
			fputs(CLEAR_SCREEN, stdout);
		print_shares(now, timer_now_ns() - start);
	}
	free(now);
	free(before);
	return ends || !now;
}

int show_top(int argc, char **argv)
{
	/* With an interval it is asked for that one. */
	const bool keys =
		argc == 1 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	long ms = TOP_MS;

	if (argc == 2)
		ms = strtol(argv[1], NULL, 10);
	if (ms < 1 || ms > TOP_MOST_MS) {
		printf("top: 1 to %ld ms\n", TOP_MOST_MS);
		return 2;
	}
	while (!show_one_top(ms, keys))
		fflush(stdout);
	return 0;
}

/* --- timers ------------------------------------------------------------------ */

static void print_time_left(uint64_t at_ns)
{
	const uint64_t now_ns = timer_now_ns();

	if (at_ns == UINT64_MAX) {
		printf(" %12s", "-");
	} else {
		printf(" %12.3f",
		       at_ns < now_ns ? 0.0
		                      : (double)(at_ns - now_ns) / NS_PER_MS);
	}
}

int show_timers(int argc, char **argv)
{
	unsigned int i;

	(void)argc, (void)argv;
	printf("%4s %8s %12s %12s %10s\n", "hart", "timers", "next in ms",
	       "slice ms", "interrupts");
	for (i = 0; i < nr_harts; i++) {
		const struct hart_timer *timer = &harts[i]->timer;

		printf("%4u %8u", i, timer->pending);
		print_time_left(timer->soonest_ns);
		print_time_left(timer->slice_ns);
		printf(" %10lu\n", harts[i]->timer_ticks);
	}
	return 0;
}

/* --- locks ------------------------------------------------------------------- */

static bool print_ranks(void)
{
	unsigned int rank, i;
	bool any = false;

	for (rank = 0; rank < LOCK_RANKS; rank++) {
		unsigned long sum = 0;

		for (i = 0; i < nr_harts; i++)
			sum += harts[i]->contended[rank];
		if (sum > 0)
			printf("%-9s %-20s %10lu\n", "spinlock",
			       lock_rank_name(rank), sum);
		any |= sum > 0;
	}
	return any;
}

static bool print_mutexes(void)
{
	unsigned int i;
	bool any = false;

	for (i = 0; i <= MUTEX_NAMES; i++) {
		const struct mutex_contention *one = &mutex_contention[i];

		if (one->waits == 0)
			continue;
		printf("%-9s %-20s %10lu\n", "mutex",
		       one->name ? one->name : "(others)", one->waits);
		any = true;
	}
	return any;
}

int show_locks(int argc, char **argv)
{
	(void)argc, (void)argv;
	printf("%-9s %-20s %10s\n", "kind", "rank or name", "waits");
	if (!print_ranks())
		puts(NOBODY_WAITED "a spinlock");
	if (!print_mutexes())
		puts(NOBODY_WAITED "a mutex");
	return 0;
}
