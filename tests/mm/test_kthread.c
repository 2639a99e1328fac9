/* SPDX-License-Identifier: MIT */
/* Kernel threads: what they take, and what is left when there is not enough. */
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "core/timer.h"
#include "core/work.h"
#include "crew.h"
#include "mm/fault_inject.h"
#include "mm/kthread.h"
#include "mm/vm_area.h"
#include "test.h"

struct facts {
	bool done; /* [A] */
	bool guarded, vector_is_there;
	unsigned int priority;
	uint64_t allowed_harts;
	char name[THREAD_NAME_BYTES];
};

static void look(void *argument)
{
	const struct thread *self = current_thread();
	const char *bottom = (const char *)self->stack_bottom;
	struct facts *facts = argument;
	char byte;

	facts->guarded = probe_read(bottom - 1, &byte, 1) != 0 &&
	                 probe_read(bottom + self->stack_bytes, &byte, 1) != 0;
	facts->vector_is_there =
		(self->vector != NULL) == (thread_vector_bytes() != 0);
	facts->priority = self->priority;
	facts->allowed_harts = self->allowed_harts;
	memcpy(facts->name, self->name, sizeof(facts->name));
	flag_set(&facts->done);
}

static unsigned int count(void)
{
	return threads_visit(NULL, NULL);
}

static bool run_one(struct facts *facts)
{
	const unsigned int before = count();

	if (!kthread_run(look, facts, "a name that is too long", 2, 1))
		return false;
	CHECK(sleep_until_set(&facts->done));
	while (count() > before)
		(void)thread_sleep_until(timer_now_ns() + 100000,
		                         THREAD_UNINTERRUPTIBLE);
	threads_wait_for_burials();
	work_flush();
	return true;
}

TEST(kthread_has_what_was_asked_for)
{
	static struct facts facts;

	memset(&facts, 0, sizeof(facts));
	CHECK(run_one(&facts));
	CHECK(facts.guarded && facts.vector_is_there);
	CHECK_EQ(facts.priority, 2);
	CHECK_EQ(facts.allowed_harts, 1);
	CHECK(strcmp(facts.name, "a name that is ") == 0);
	CHECK_EQ(kthread_work_init(), 0);
}

/* Fails until the n-th request is none of it any more; the runner counts. */
static void fail_each(enum fault_kind kind)
{
	static struct facts facts;
	bool made = false;

	for (unsigned long n = 1; !made; n++) {
		CHECK(n < 100);
		memset(&facts, 0, sizeof(facts));
		fault_inject_set(kind, n);
		made = run_one(&facts);
		fault_inject_set(kind, 0);
		CHECK_EQ(facts.done, made);
	}
	CHECK(run_one(&facts));
}

TEST(kthread_without_a_page_is_none)
{
	fail_each(FAULT_PAGE);
}

TEST(kthread_without_an_object_is_none)
{
	fail_each(FAULT_SLAB);
}

TEST(kthread_without_addresses_is_none)
{
	fail_each(FAULT_VSPACE);
}
