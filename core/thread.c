/* SPDX-License-Identifier: MIT */
/* What a thread is before it runs and to those that look at it: names, lists. */
#include "core/thread.h"

#include <string.h>

#include "arch/csr.h"
#include "core/assert.h"
#include "core/lock.h"
#include "core/machine.h"
#include "core/pause.h"
#include "core/race_window.h"
#include "core/sched.h"
#include "core/switch.h"

static struct spinlock threads_lock =
	SPINLOCK_INIT(LOCK_THREADS, "threads_lock");
static struct thread *all __guarded_by(threads_lock);
static unsigned int nr_threads __guarded_by(threads_lock);
static unsigned int last_id = 1; /* [A] 1 is main() */
static unsigned int burials;     /* [A] threads on no list, not buried yet */

static const char *const state_names[] = {
	[THREAD_INIT] = "new",        [THREAD_READY] = "ready",
	[THREAD_RUNNING] = "running", [THREAD_WAITING] = "waiting",
	[THREAD_DEAD] = "dead",
};

const char *thread_state_name(unsigned int state)
{
	return state < ARRAY_SIZE(state_names) ? state_names[state] : "?";
}

static void begin_at(struct thread *thread, const struct thread_setup *setup)
{
	struct trap_frame *frame = &thread->frame;

	frame->x[1] = (uintptr_t)thread_entry;
	frame->x[2] = ALIGN_DOWN(setup->stack_bottom + setup->stack_bytes, 16);
	frame->x[8] = (uintptr_t)setup->function;
	frame->x[9] = (uintptr_t)setup->argument;
}

void thread_prepare(struct thread *thread, const struct thread_setup *setup)
{
	ASSERT(setup->priority < THREAD_PRIORITIES);
	begin_at(thread, setup);
	strncpy(thread->name, setup->name, sizeof(thread->name) - 1);
	thread->id =
		setup->id ? setup->id
			  : __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
	thread->priority = setup->priority;
	thread->allowed_harts =
		setup->allowed_harts ? setup->allowed_harts : ~0ull;
	thread->stack_bottom = setup->stack_bottom;
	thread->stack_bytes = setup->stack_bytes;
	thread->vector = setup->vector;
	thread->owner = setup->owner;
	thread->bury = setup->bury;
	threads_remember(thread);
}

void threads_remember(struct thread *thread)
{
	unsigned long flags = spin_lock_irqsave(&threads_lock);

	thread->all_previous = NULL;
	thread->all_next = all;
	if (all)
		all->all_previous = thread;
	all = thread;
	nr_threads++;
	spin_unlock_irqrestore(&threads_lock, flags);
}

static void threads_forget(struct thread *thread)
{
	unsigned long flags = spin_lock_irqsave(&threads_lock);

	if (thread->all_previous)
		thread->all_previous->all_next = thread->all_next;
	else
		all = thread->all_next;
	if (thread->all_next)
		thread->all_next->all_previous = thread->all_previous;
	nr_threads--;
	__atomic_fetch_add(&burials, 1, __ATOMIC_RELAXED);
	spin_unlock_irqrestore(&threads_lock, flags);
}

/* Off the list first: who finds a thread there may rely on its memory. */
void thread_bury(struct thread *thread)
{
	threads_forget(thread);
	race_window(RACE_THREAD_OFF_LIST);
	thread->bury(thread);
	/* Partner: threads_wait_for_burials(). */
	__atomic_fetch_sub(&burials, 1, __ATOMIC_RELEASE);
}

void threads_wait_for_burials(void)
{
	struct pause pause = { 0 };

	while (__atomic_load_n(&burials, __ATOMIC_ACQUIRE))
		pause_before_next_look(&pause);
}

unsigned int threads_visit(void (*visit)(struct thread *thread, void *context),
                           void *context)
{
	unsigned long flags = spin_lock_irqsave(&threads_lock);
	struct thread *thread;
	unsigned int count = nr_threads;

	for (thread = visit ? all : NULL; thread; thread = thread->all_next)
		visit(thread, context);
	spin_unlock_irqrestore(&threads_lock, flags);
	return count;
}

struct thread *thread_find(unsigned int id)
{
	unsigned long flags = spin_lock_irqsave(&threads_lock);
	struct thread *thread = all;

	while (thread && thread->id != id)
		thread = thread->all_next;
	spin_unlock_irqrestore(&threads_lock, flags);
	return thread;
}

uint64_t thread_run_ns(const struct thread *thread)
{
	uint64_t ticks = READ_ONCE(thread->run_ticks);

	if (__atomic_load_n(&thread->state, __ATOMIC_RELAXED) == THREAD_RUNNING)
		ticks += read_time() - READ_ONCE(thread->since_ticks);
	return timer_ticks_to_ns(ticks);
}
