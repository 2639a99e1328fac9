/* SPDX-License-Identifier: MIT */
/*
 * Each hart that runs threads has a timer that comes every limit. A tick that is
 * late by more than the limit tells that interrupts were off for so long, and
 * what turned them on shows in the frame that it broke into. A tick also looks at
 * the other harts: one that runs threads and takes no interrupt, not even one
 * that is sent to it, is stuck; and at the queue of its own: who waits there
 * ahead of what runs, and does not get the hart.
 *
 * A hart that is stuck looks at nobody, so there are always two that tick while
 * any runs threads: the first that begins asks an idle one to watch. When all
 * idle the ticks end. A tick costs some hundred instructions, a thread nothing.
 */
#include "core/watchdog.h"

#include <string.h>

#include "arch/sbi.h"
#include "core/backtrace.h"
#include "core/cmdline.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/sched.h"
#include "core/thread.h"
#include "core/timer.h"

#define LIMIT_S       2ul
#define STARVED_TICKS 5u
#define FRAMES        12u
#define MS_NS         1000000u

/* What is known of a hart. */
static struct watch {
	struct timer timer;       /* [H] */
	unsigned long interrupts; /* [L] taken when it was looked at last */
	uint64_t pinged_ns;       /* [L] 0: it was not */
	const struct thread
		*waiter;        /* [H] first in its queue at the last tick */
	unsigned long switches; /* [H] the waiter's then */
	unsigned int ticks;     /* [H] for which it has been */
	bool told;              /* [L] that it is stuck */
} watches[CONFIG_NR_HARTS];

static struct spinlock watch_lock = SPINLOCK_INIT(LOCK_HART_CALL, "watchdog");
static uint64_t watching; /* [A] harts whose timer is pending */
uint64_t watchdog_asked;

static uint64_t limit_ns(void)
{
	static uint64_t limit = UINT64_MAX; /* [I] after the first hart began */

	if (limit == UINT64_MAX)
		limit = cmdline_number("watchdog", LIMIT_S) * 1000 * MS_NS;
	return limit;
}

static uint64_t bit_of(const struct hart *hart)
{
	return 1ull << hart->index;
}

/* NULL: it idles. */
static void say_backtrace(const struct trap_frame *frame)
{
	uintptr_t pcs[FRAMES];
	unsigned int count = 0;
	char name[64];
	unsigned int i;

	if (frame)
		count = backtrace_trap(frame, pcs, FRAMES, NULL);
	for (i = 0; i < count; i++) {
		symbol_format(pcs[i] - (i > 0), name, sizeof(name));
		log_error("  %s", name);
	}
}

static void check_own(const struct hart *hart, uint64_t now_ns)
{
	uint64_t late_ns = now_ns - watches[hart->index].timer.at_ns;

	if (late_ns <= limit_ns())
		return;
	log_error("watchdog: hart %u had interrupts off for %lu ms, thread %u "
	          "(%s):",
	          hart->index, late_ns / MS_NS, hart->thread->id,
	          hart->thread->name);
	say_backtrace(hart->interrupted);
}

/* Somebody else must have run before the first of a queue is the same again. */
static void check_queue(struct hart *hart)
{
	struct watch *watch = &watches[hart->index];
	const struct thread *waiter;
	char name[THREAD_NAME_BYTES];
	unsigned long switches = 0;
	unsigned int id = 0;

	spin_lock(&hart->queue.lock);
	waiter = sched_first_waiter(hart);
	if (waiter) {
		switches = waiter->switches;
		id = waiter->id;
		memcpy(name, waiter->name, sizeof(name));
	}
	spin_unlock(&hart->queue.lock);
	if (!waiter || waiter != watch->waiter || switches != watch->switches)
		watch->ticks = 0;
	watch->waiter = waiter;
	watch->switches = switches;
	if (!waiter || ++watch->ticks != STARVED_TICKS + 1)
		return;
	log_error("watchdog: thread %u (%s) is ready and has not got hart %u "
	          "for %lu ms; thread %u (%s) runs:",
	          id, name, hart->index, STARVED_TICKS * limit_ns() / MS_NS,
	          hart->thread->id, hart->thread->name);
	say_backtrace(hart->interrupted);
}

static void say_stuck(const struct hart *hart, uint64_t now_ns,
                      uint64_t since_ns)
{
	const struct thread *thread = READ_ONCE(hart->thread);

	log_error(
		"watchdog: hart %u has taken no interrupt for %lu ms: it runs "
		"thread %u (%s) since %lu ms, its switch %lu",
		hart->index, (now_ns - since_ns) / MS_NS, thread->id,
		thread->name,
		(now_ns - timer_ticks_to_ns(thread->since_ticks)) / MS_NS,
		hart->queue.switches);
}

/* Does it take interrupts? One that is not known to is sent one. */
static bool is_stuck(struct hart *hart, uint64_t now_ns, uint64_t *since_ns)
{
	struct watch *watch = &watches[hart->index];
	unsigned long interrupts =
		READ_ONCE(hart->ipis) + READ_ONCE(hart->timer_ticks);

	if (interrupts != watch->interrupts || !sched_is_busy(hart)) {
		watch->interrupts = interrupts;
		watch->pinged_ns = 0;
		watch->told = false;
	} else if (watch->pinged_ns == 0) {
		watch->pinged_ns = now_ns;
		sbi_send_ipi(1, hart->id);
	} else if (!watch->told && now_ns - watch->pinged_ns >= limit_ns()) {
		*since_ns = watch->pinged_ns;
		watch->told = true;
		return true;
	}
	return false;
}

static void check_others(const struct hart *self, uint64_t now_ns)
{
	unsigned int i;

	for (i = 0; i < nr_harts; i++) {
		struct hart *hart = harts[i];
		uint64_t since_ns;
		bool stuck;

		if (hart == self)
			continue;
		spin_lock(&watch_lock);
		stuck = is_stuck(hart, now_ns, &since_ns);
		spin_unlock(&watch_lock);
		if (stuck)
			say_stuck(hart, now_ns, since_ns);
	}
}

static void begin_to_watch(struct hart *hart);

static void tick(struct timer *timer)
{
	struct hart *hart = this_hart;
	uint64_t now_ns = timer_now_ns();
	unsigned int i;
	bool busy = false;

	(void)timer;
	hart->watches = false;
	__atomic_fetch_and(&watching, ~bit_of(hart), __ATOMIC_RELAXED);
	check_own(hart, now_ns);
	check_queue(hart);
	check_others(hart, now_ns);
	for (i = 0; i < nr_harts; i++)
		busy |= sched_is_busy(harts[i]);
	if (busy)
		begin_to_watch(hart);
}

static void begin_to_watch(struct hart *hart)
{
	struct timer *timer = &watches[hart->index].timer;

	hart->watches = true;
	if (limit_ns() == 0)
		return;
	timer->function = tick;
	__atomic_fetch_or(&watching, bit_of(hart), __ATOMIC_RELAXED);
	timer_start(timer, timer_now_ns() + limit_ns());
}

void watchdog_begin(void)
{
	struct hart *hart = this_hart;

	begin_to_watch(hart);
	if (limit_ns() == 0 || nr_harts == 1 ||
	    __atomic_load_n(&watching, __ATOMIC_RELAXED) & ~bit_of(hart))
		return;
	hart = harts[(hart->index + 1) % nr_harts];
	__atomic_fetch_or(&watchdog_asked, bit_of(hart), __ATOMIC_RELAXED);
	sbi_send_ipi(1, hart->id);
}

void watchdog_join(void)
{
	struct hart *hart = this_hart;

	__atomic_fetch_and(&watchdog_asked, ~bit_of(hart), __ATOMIC_RELAXED);
	if (!hart->watches)
		begin_to_watch(hart);
}
