/* SPDX-License-Identifier: MIT */
/*
 * Slots for the interrupts in use. An interrupt is claimed and its slot marked as
 * running under one lock, so whoever masks it under that lock and then waits for
 * the mark to go knows that its handler is not running and will not.
 *
 * Masking is priority 0: the controller's enable bit stays while an interrupt is
 * being served, because completing one that is not enabled may be ignored, and
 * then it never comes again.
 *
 *      irq_interrupt():  claim, mark -> handler -> complete, unmark
 *      irq_free() ...:   priority 0 -> wait for the mark to go -> enable bits
 */
#include "core/irq.h"

#include <errno.h>
#include <stddef.h>

#include "arch/barrier.h"
#include "arch/csr.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/mutex.h"
#include "core/pause.h"
#include "core/trap.h"

#define PRIORITY_MASKED 0u
#define PRIORITY_NORMAL 1u

struct irq {
	unsigned int number;        /* [L] 0: the slot is free */
	unsigned int hart;          /* [L] */
	irq_handler *handler;       /* [L] */
	void *argument;             /* [L] */
	const char *name;           /* [L] */
	const struct hart *running; /* [A] its handler runs there */
	bool enabled;               /* [L] */
	bool stuck;                 /* [L] */
	bool held;            /* [L] masked until irq_mutex is given back */
	unsigned int untaken; /* in a row; of the hart where it runs */
	unsigned int counts[CONFIG_NR_HARTS]; /* [H] */
};

/* Requests and moves: they may wait. Interrupts and masks take irq_lock. */
static struct mutex irq_mutex = MUTEX_INIT("irq_mutex");
static struct spinlock irq_lock = SPINLOCK_INIT(LOCK_IRQ, "irq_lock");
static struct irq irqs[IRQ_REQUESTS];
static struct irq_controller *controller; /* [I] once looked for */
static bool is_looked_for;
static unsigned long spurious;   /* [A] */
static unsigned long unknown;    /* [A] */
static unsigned int useless_row; /* [A] of the two, since a good one */

static struct irq_controller *find_controller(void)
{
	if (!is_looked_for) {
		is_looked_for = true;
		controller = irq_machine_controller();
	}
	return controller;
}

struct irq_controller *irq_set_controller(struct irq_controller *next)
{
	struct irq_controller *before = find_controller();

	controller = next;
	return before;
}

void irq_init_hart(void)
{
	if (controller)
		csr_set(sie, SIE_SEIE);
}

static void init_hart(void *unused)
{
	(void)unused;
	irq_init_hart();
}

/* Registers are written under it: a lock alone orders memory. */
static void irq_unlock(unsigned long flags) __releases(irq_lock)
{
	io_mb();
	spin_unlock_irqrestore(&irq_lock, flags);
}

static struct irq *irq_find(unsigned int number) __must_hold(irq_lock)
{
	unsigned int i;

	for (i = 0; i < IRQ_REQUESTS; i++) {
		if (irqs[i].number == number)
			return &irqs[i];
	}
	return NULL;
}

static void irq_apply_mask(const struct irq *irq) __must_hold(irq_lock)
{
	bool masked = !irq->enabled || irq->stuck || irq->held;

	controller->set_priority(irq->number,
	                         masked ? PRIORITY_MASKED : PRIORITY_NORMAL);
}

/* It is masked, and no lock is held. */
static void irq_wait_until_served(const struct irq *irq)
{
	const struct hart *running;
	struct pause pause = { 0 };

	while ((running = __atomic_load_n(&irq->running, __ATOMIC_ACQUIRE)) &&
	       running != this_hart)
		pause_before_next_look(&pause);
}

/* The number of the last interrupt; 0: the controller was not started. */
static unsigned int last_number(void)
{
	return __atomic_load_n(&controller->last_number, __ATOMIC_ACQUIRE);
}

static int irq_start(void)
{
	unsigned int hart = 0;
	int last;

	if (!find_controller())
		return -ENODEV;
	if (last_number() != 0)
		return 0;
	last = controller->start();
	if (last < 0)
		return last;
	while (!controller->reaches(hart))
		if (++hart == nr_harts)
			return -ENODEV;
	controller->default_hart = hart;
	__atomic_store_n(&controller->last_number, (unsigned int)last,
	                 __ATOMIC_RELEASE);
	trap_set_interrupt(IRQ_EXTERNAL, irq_interrupt);
	hart_run_everywhere(init_hart, NULL);
	return 0;
}

static int irq_take_slot(unsigned int number, irq_handler *handler,
                         void *argument, const char *name) __must_hold(irq_lock)
{
	struct irq *irq = irq_find(0);

	if (number == 0 || number > last_number() || !handler)
		return -EINVAL;
	if (irq_find(number))
		return -EBUSY;
	if (!irq)
		return -ENOSPC;
	*irq = (struct irq){
		.number = number,
		.hart = controller->default_hart,
		.handler = handler,
		.argument = argument,
		.name = name,
		.enabled = true,
	};
	controller->enable(number, irq->hart);
	irq_apply_mask(irq);
	return 0;
}

int irq_request(unsigned int number, irq_handler *handler, void *argument,
                const char *name)
{
	int err;

	mutex_lock(&irq_mutex);
	err = irq_start();
	if (!err) {
		unsigned long flags = spin_lock_irqsave(&irq_lock);

		err = irq_take_slot(number, handler, argument, name);
		irq_unlock(flags);
	}
	mutex_unlock(&irq_mutex);
	return err;
}

/*
 * Mask by one of the reasons to. NULL: not requested. Else its handler does not
 * run any more, unless it is the caller.
 */
static struct irq *irq_mask(unsigned int number, bool disable, bool hold)
{
	unsigned long flags = spin_lock_irqsave(&irq_lock);
	struct irq *irq = number ? irq_find(number) : NULL;

	if (irq) {
		irq->enabled &= !disable;
		irq->held |= hold;
		irq_apply_mask(irq);
	}
	irq_unlock(flags);
	if (irq)
		irq_wait_until_served(irq);
	return irq;
}

int irq_free(unsigned int number)
{
	struct irq *irq;

	mutex_lock(&irq_mutex);
	irq = irq_mask(number, false, true);
	if (irq) {
		unsigned long flags = spin_lock_irqsave(&irq_lock);

		controller->disable(number, irq->hart);
		irq->number = 0;
		irq_unlock(flags);
	}
	mutex_unlock(&irq_mutex);
	return irq ? 0 : -ENOENT;
}

int irq_disable(unsigned int number)
{
	return irq_mask(number, true, false) ? 0 : -ENOENT;
}

int irq_enable(unsigned int number)
{
	unsigned long flags = spin_lock_irqsave(&irq_lock);
	struct irq *irq = number ? irq_find(number) : NULL;

	if (irq) {
		irq->enabled = true;
		irq->stuck = false;
		irq_apply_mask(irq);
	}
	irq_unlock(flags);
	return irq ? 0 : -ENOENT;
}

int irq_set_hart(unsigned int number, unsigned int index)
{
	struct irq *irq;
	int err = -ENOENT;

	mutex_lock(&irq_mutex);
	irq = irq_mask(number, false, true);
	if (irq) {
		unsigned long flags = spin_lock_irqsave(&irq_lock);

		err = -EINVAL;
		if (index < nr_harts && controller->reaches(index)) {
			controller->disable(number, irq->hart);
			controller->enable(number, index);
			irq->hart = index;
			err = 0;
		}
		irq->held = false;
		irq_apply_mask(irq);
		irq_unlock(flags);
	}
	mutex_unlock(&irq_mutex);
	return err;
}

/* Nothing to serve. A hart that gets only such takes no more interrupts. */
static void irq_useless(unsigned long *count)
{
	__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
	if (__atomic_add_fetch(&useless_row, 1, __ATOMIC_RELAXED) <
	    IRQ_UNTAKEN_MAX)
		return;
	__atomic_store_n(&useless_row, 0, __ATOMIC_RELAXED);
	csr_clear(sie, SIE_SEIE);
	log_error("external interrupts of hart %u that are nobody's: it takes "
	          "no more",
	          this_hart->index);
}

static void irq_serve_unknown(unsigned int number)
{
	unsigned long flags;

	if (__atomic_load_n(&unknown, __ATOMIC_RELAXED) == 0)
		log_error("interrupt %u, which nobody asked for: masked",
		          number);
	irq_useless(&unknown);
	controller->complete(number);
	flags = spin_lock_irqsave(&irq_lock);
	if (number <= last_number())
		controller->disable(number, this_hart->index);
	irq_unlock(flags);
}

static void irq_count_untaken(struct irq *irq)
{
	unsigned long flags;

	if (++irq->untaken < IRQ_UNTAKEN_MAX)
		return;
	irq->untaken = 0;
	flags = spin_lock_irqsave(&irq_lock);
	irq->stuck = true;
	irq_apply_mask(irq);
	irq_unlock(flags);
	log_error("interrupt %u (%s): its handler did not take it %u times: "
	          "masked",
	          irq->number, irq->name, IRQ_UNTAKEN_MAX);
}

static void irq_serve(struct irq *irq)
{
	__atomic_store_n(&useless_row, 0, __ATOMIC_RELAXED);
	irq->counts[this_hart->index]++;
	if (irq->handler(irq->argument))
		irq->untaken = 0;
	else
		irq_count_untaken(irq);
	controller->complete(irq->number);
	__atomic_store_n(&irq->running, NULL, __ATOMIC_RELEASE);
}

void irq_interrupt(void)
{
	unsigned long flags = spin_lock_irqsave(&irq_lock);
	unsigned int number = last_number() ? controller->claim() : 0;
	struct irq *irq = number ? irq_find(number) : NULL;

	if (irq)
		__atomic_store_n(&irq->running, this_hart, __ATOMIC_RELAXED);
	spin_unlock_irqrestore(&irq_lock, flags);

	if (irq)
		irq_serve(irq);
	else if (number)
		irq_serve_unknown(number);
	else
		irq_useless(&spurious);
}

void irq_visit(void (*visit)(const struct irq_info *info, void *context),
               void *context)
{
	unsigned int i;

	for (i = 0; i < IRQ_REQUESTS; i++) {
		unsigned long flags = spin_lock_irqsave(&irq_lock);
		const struct irq *irq = &irqs[i];
		struct irq_info info = {
			.number = irq->number,
			.name = irq->name,
			.hart = irq->hart,
			.enabled = irq->enabled,
			.stuck = irq->stuck,
		};
		unsigned int hart;

		for (hart = 0; hart < CONFIG_NR_HARTS; hart++)
			info.counts[hart] = READ_ONCE(irq->counts[hart]);
		spin_unlock_irqrestore(&irq_lock, flags);
		if (info.number != 0)
			visit(&info, context);
	}
}

void irq_read_totals(struct irq_totals *totals_out)
{
	const struct irq_controller *found = find_controller();

	*totals_out = (struct irq_totals){
		.controller = found ? found->name : NULL,
		.spurious = __atomic_load_n(&spurious, __ATOMIC_RELAXED),
		.unknown = __atomic_load_n(&unknown, __ATOMIC_RELAXED),
	};
}
