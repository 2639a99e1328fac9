/* SPDX-License-Identifier: MIT */
/*
 * External interrupts, by number. A driver asks for one and names the function
 * that serves it; the interrupt controller is a driver too, which the first request
 * finds and starts: an image where nobody asks for an interrupt has none.
 *
 * Each interrupt goes to one hart, the boot hart at first. One that nobody takes
 * IRQ_UNTAKEN_MAX times in a row is masked, with one line in the log.
 *
 * Context: threads, no spinlock held, where nothing else is said.
 */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include <stdbool.h>

#include "core/compiler.h"

/* Interrupts that may be in use at once, and times that one may not be taken. */
#define IRQ_REQUESTS    16u
#define IRQ_UNTAKEN_MAX 1000u

/*
 * Serves the interrupt of one device; false: it was not this device's. Context:
 * interrupt, on one hart at a time.
 */
typedef bool irq_handler(void *argument);

/*
 * Send interrupt @number of the controller to @handler, at once. @name stays
 * valid. -ENODEV: no controller, or it does not work; -EINVAL: it has no such
 * interrupt; -EBUSY: somebody has it; -ENOSPC: IRQ_REQUESTS are in use; what
 * starting the controller returns, when this is the first request (-ENOMEM).
 */
int irq_request(unsigned int number, irq_handler *handler, void *argument,
                const char *name) __must_check;

/* Its handler does not run any more after this. -ENOENT: not requested. */
int irq_free(unsigned int number);

/*
 * Mask and unmask; not counted, what comes while it is masked comes later.
 * Unmasking forgives an interrupt that nobody took. -ENOENT: not requested.
 * Context: any, no lock held that the handler takes; after irq_disable() the
 * handler does not run any more (unless it is the caller).
 */
int irq_enable(unsigned int number);
int irq_disable(unsigned int number);

/*
 * From now on it goes to hart @index. -ENOENT: not requested; -EINVAL: no such
 * hart, or the controller does not reach it.
 */
int irq_set_hart(unsigned int number, unsigned int index);

struct irq_info {
	unsigned int number;
	const char *name;
	unsigned int hart; /* logical number of where it goes */
	bool enabled;
	bool stuck; /* masked because nobody took it */
	unsigned int counts[CONFIG_NR_HARTS]; /* of each hart, wraps */
};

/* All that are requested, in no order. @visit may wait. */
void irq_visit(void (*visit)(const struct irq_info *info, void *context),
               void *context);

struct irq_totals {
	const char *controller; /* NULL: none */
	unsigned long spurious; /* the controller had none when asked */
	unsigned long unknown;  /* nobody had requested it */
};

/* Context: any. */
void irq_read_totals(struct irq_totals *totals_out);

/*
 * The table of /proc/interrupts: external interrupts, timer and calls between
 * harts, a column for each hart. @emit gets it in pieces, newlines among them.
 */
void irq_show(void (*emit)(const char *text, void *context), void *context);

/*
 * What a controller can do. Numbers are 1 to what start() returned; harts are
 * logical numbers. All but start() are called with interrupts off and do not
 * nest, but claim() and complete() run on several harts.
 */
struct irq_controller {
	const char *name;
	/*
	 * Before all others, once unless it fails, in a thread: the largest
	 * number, or -errno. Leaves everything masked.
	 */
	int (*start)(void);
	/* Can interrupts get to this hart? */
	bool (*reaches)(unsigned int hart);
	/* Whether @hart gets @number; by default none does. */
	void (*enable)(unsigned int number, unsigned int hart);
	void (*disable)(unsigned int number, unsigned int hart);
	/* 0: masked, for every hart. */
	void (*set_priority)(unsigned int number, unsigned int priority);
	/* What is pending for this hart, which is its now; 0: nothing. */
	unsigned int (*claim)(void);
	/* It has been served: may come again. */
	void (*complete)(unsigned int number);

	/* core/irq.c's own: what start() said, 0 before; where requests go. */
	unsigned int last_number;
	unsigned int default_hart;
};

/*
 * Instead of the machine's. Context: a test, which puts the one back that this
 * returns. Requests made with the one are not known to the other, but stay in their
 * slots.
 */
struct irq_controller *irq_set_controller(struct irq_controller *next);

/* The machine's, or NULL; the driver of the controller defines it. */
struct irq_controller *irq_machine_controller(void);

/* This hart takes external interrupts, when there is a controller. */
void irq_init_hart(void);

/* What trap calls, on the hart that was interrupted. Context: interrupt. */
void irq_interrupt(void);

#endif /* CORE_IRQ_H */
