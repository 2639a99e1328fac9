/* SPDX-License-Identifier: MIT */
/* The scheduler as core/ uses it; everybody else: core/thread.h. */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include <stdbool.h>

struct hart;
struct thread;
struct trap_frame;

/* An interrupt of thread code ends, and queue.should_switch is set. */
void sched_end_of_interrupt(struct trap_frame *frame);

/* The same, and the thread is marked as interrupted; comes first. */
void sched_divert(struct trap_frame *frame);

/* For core/watchdog.c: does the hart run a thread, not idle? */
bool sched_is_busy(const struct hart *hart);

/* The thread that is next on @hart if it is as urgent as the running one. */
const struct thread *sched_first_waiter(const struct hart *hart);

/* Should this hart switch? In an interrupt from another; sets should_switch. */
void sched_look(void);

/*
 * @function is called whenever a hart has nothing to do, before it sleeps: what was
 * put off goes on there. Context: its idle thread, interrupts on; may not wait.
 */
void sched_on_idle(void (*function)(void));

/* The list of all threads (core/thread.c). */
void threads_remember(struct thread *thread);

/* It has ended and left its stack: off the list, and its bury() is called. */
void thread_bury(struct thread *thread);

#endif /* CORE_SCHED_H */
