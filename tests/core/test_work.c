/* SPDX-License-Identifier: MIT */
/* Work for the worker: once, in order, from anywhere. */
#include "core/hart.h"
#include "core/mutex.h"
#include "core/thread.h"
#include "core/timer.h"
#include "core/work.h"
#include "crew.h"
#include "pages.h"
#include "test.h"

#define JOBS 6u

static struct job {
	struct work work;
	unsigned int runs, rank, again;
	struct thread *thread;
} jobs[JOBS];

static unsigned int done; /* by the worker alone */

static void run_job(struct work *work)
{
	struct job *job = container_of(work, struct job, work);

	job->runs++;
	job->rank = done++;
	job->thread = current_thread();
	if (job->again > 0) {
		job->again--;
		work_queue(work);
	}
}

static void begin(void)
{
	CHECK(work_has_worker());
	work_flush();
	done = 0;
	for (unsigned int i = 0; i < JOBS; i++)
		jobs[i] = (struct job){ .work.function = run_job };
}

TEST(work_runs_in_order_in_the_worker)
{
	begin();
	preempt_disable();
	for (unsigned int i = 0; i < JOBS; i++)
		work_queue(&jobs[JOBS - 1 - i].work);
	preempt_enable();
	work_flush();
	for (unsigned int i = 0; i < JOBS; i++) {
		CHECK_EQ(jobs[i].runs, 1);
		CHECK_EQ(jobs[i].rank, JOBS - 1 - i);
		CHECK(jobs[i].thread && jobs[i].thread != current_thread());
		CHECK_EQ(jobs[i].thread, jobs[0].thread);
	}
}

static struct semaphore gate = SEMAPHORE_INIT("gate", 0);

static void wait_at_gate(struct work *unused)
{
	(void)unused;
	(void)down(&gate, UINT64_MAX, THREAD_UNINTERRUPTIBLE);
}

TEST(work_that_is_queued_twice_runs_once)
{
	struct work wall = { .function = wait_at_gate };

	begin();
	work_queue(&wall);
	for (unsigned int i = 0; i < 5; i++)
		work_queue(&jobs[0].work);
	up(&gate);
	work_flush();
	CHECK_EQ(jobs[0].runs, 1);
	work_queue(&jobs[0].work);
	work_flush();
	CHECK_EQ(jobs[0].runs, 2);
}

TEST(work_may_queue_itself_again)
{
	begin();
	jobs[0].again = 3;
	work_queue(&jobs[0].work);
	for (unsigned int i = 0; i < 5; i++)
		work_flush();
	CHECK_EQ(jobs[0].runs, 4);
}

static void queue_all(void *unused)
{
	(void)unused;
	for (unsigned int i = 0; i < JOBS; i++)
		work_queue(&jobs[i].work);
}

TEST(work_is_queued_in_interrupts_and_on_every_hart)
{
	begin();
	in_timer_interrupt(queue_all, NULL);
	work_flush();
	for (unsigned int i = 0; i < JOBS; i++)
		CHECK_EQ(jobs[i].runs, 1);
	hart_run_everywhere(queue_all, NULL);
	for (unsigned int i = 0; i < 4; i++)
		crew_add(queue_all, NULL, THREAD_PRIORITY_NORMAL, ~0ull);
	crew_wait();
	for (unsigned int i = 0; i < JOBS; i++)
		CHECK(jobs[i].runs >= 2);
}
