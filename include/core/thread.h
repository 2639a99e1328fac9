/* SPDX-License-Identifier: MIT */
/*
 * Threads: what runs on the harts. A thread has a stack and registers; whoever
 * makes one gives it both, so that core/ need not know where memory comes from
 * (kernel threads: mm/kthread.h; an application's: posix/task.h).
 *
 * Each hart has a queue of threads that are ready, by priority; a thread runs
 * until it waits, ends, yields, or its slice is over and another of the same
 * priority is ready. Idle harts take ready threads of others. Nothing is preempted
 * while interrupts are off.
 *
 *         thread_prepare(): INIT --start--> READY <--pick/preempt--> RUNNING
 *                                             ^                       |   |
 *                                             +--wake-- WAITING <-----+   v
 *                                                                       DEAD
 *
 * Waiting goes by three steps, so that no wake between them is lost:
 *
 *         thread_will_wait(THREAD_INTERRUPTIBLE);
 *         if (!condition)
 *                 err = thread_wait_until(deadline_ns);
 *         thread_will_not_wait();
 *
 * which core/wait.h has as wait_for().
 */
#ifndef CORE_THREAD_H
#define CORE_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/compiler.h"
#include "core/hart.h"
#include "core/run_queue.h"
#include "core/timer.h"
#include "core/trap.h"

/* Below THREAD_PRIORITIES. Larger runs first; same priority: in turn. */
#define THREAD_PRIORITY_LOW    1u
#define THREAD_PRIORITY_NORMAL 3u
#define THREAD_PRIORITY_HIGH   5u
#define THREAD_NAME_BYTES      16u
#define MAIN_THREAD_ID         1u

enum thread_state {
	THREAD_INIT,
	THREAD_READY,   /* in a queue, or about to be */
	THREAD_RUNNING, /* on thread->hart */
	THREAD_WAITING, /* for thread_wake() */
	THREAD_DEAD,
};

enum thread_wait_kind {
	THREAD_UNINTERRUPTIBLE,
	THREAD_INTERRUPTIBLE, /* thread_interrupt() ends the wait with -EINTR */
};

struct fpu_state {
	uint64_t f[32];
	uint64_t fcsr;
};

struct thread {
	/* Offsets of these are known to core/switch.S. */
	struct trap_frame frame; /* [L] registers while it does not run; all of
	                            them when preempted, else the callee-saved */
	unsigned long preempted; /* [L] 1: frame is whole */
	struct fpu_state fpu;    /* [L] */
	unsigned long fpu_is_saved; /* [L] 0: it has used no F register */
	void *vector;               /* [I] room for V state; NULL: no V */

	struct thread *next, *previous; /* [L] in the ready queue */
	struct hart *hart;              /* [L] runs there, or did last */
	unsigned int state;             /* [A] enum thread_state */
	unsigned char priority;         /* [A] < THREAD_PRIORITIES */
	unsigned char wait_kind;        /* [L] enum thread_wait_kind */
	bool queued;                    /* [L] in a ready queue */
	bool keeps_turn;                /* [L] a higher priority came between */
	bool timed_out;                 /* [L] */
	unsigned int interrupted;       /* [A] until thread_take_interrupt() */
	uint64_t allowed_harts;         /* [A] a bit for each logical number */
	unsigned int preempt_off;       /* [H] > 0: keeps its hart */
	unsigned int in_call;           /* [H] > 0: runs a system call */
	struct timer timer;             /* of thread_wait_until() */

	unsigned int id;              /* [I] unique, > 0; reused */
	char name[THREAD_NAME_BYTES]; /* [A] */
	uintptr_t stack_bottom;       /* [I] */
	size_t stack_bytes;           /* [I] */
	const void *waits_for;        /* [A] the wait queue, for `threads` */
	const char *waits_in;         /* [A] its name */
	uint64_t run_ticks;           /* [L] ticks of the timer that it ran */
	uint64_t since_ticks;         /* [L] runs since */
	uint64_t turn_ticks;          /* [L] run_ticks when its turn began */
	unsigned long switches;       /* [L] times that it got a hart */
	unsigned long preemptions;    /* [L] times that it lost it */

	void *owner; /* [I] a struct task (posix/task.h); NULL: kernel thread */
	void (*bury)(struct thread *thread);    /* [I] */
	struct thread *all_next, *all_previous; /* [L] */
};

struct thread_setup {
	const char *name;
	void (*function)(void *argument); /* its return ends the thread */
	void *argument;
	uintptr_t stack_bottom;
	size_t stack_bytes;
	unsigned int priority;
	uint64_t allowed_harts; /* 0: all */
	/*
	 * The thread has ended and its stack is not used any more. Called once, on
	 * the idle thread of the hart where it ended, interrupts on; may wake
	 * others and free the stack and the thread, may not wait.
	 */
	void (*bury)(struct thread *thread);
	/* thread_vector_bytes() bytes, 16 aligned, when that is not 0. */
	void *vector;
	unsigned int id; /* 0: the next one */
	void *owner;     /* a struct task (posix/task.h); NULL: kernel thread */
};

/* The thread that runs. NULL before threads_init(). */
#define current_thread() (this_hart->thread)

/* The running thread gives its hart up soon if another should have it. */
void thread_preempt(void);

/*
 * Between these the running thread keeps its hart: it is not preempted, and may
 * not wait. They nest. 3 and 5 instructions
 */
static inline void preempt_disable(void)
{
	current_thread()->preempt_off++;
	__asm__ volatile("" : : : "memory");
}

static inline void preempt_enable(void)
{
	__asm__ volatile("" : : : "memory");
	if (--current_thread()->preempt_off == 0 &&
	    unlikely(READ_ONCE(this_hart->queue.should_switch)))
		thread_preempt();
}

/* May this code give its hart to another thread now? */
bool thread_may_switch(void);

/*
 * What the calling thread's F registers hold means nothing any more: none is saved
 * or loaded until it uses them. Flags or a rounding mode in fcsr stay, and with them
 * the rest. Context: a thread, where the ABI leaves nothing in them.
 */
void thread_forget_fpu(void);

/* What V state of a thread takes; 0 without V. */
size_t thread_vector_bytes(void);

/* @thread is zeroed memory. Sees to everything but starting. */
void thread_prepare(struct thread *thread, const struct thread_setup *setup);

/* Once, after thread_prepare(). Context: any. */
void thread_start(struct thread *thread);

/* Ends the running thread. Context: thread, no lock held. */
void thread_exit(void) __dead;

/* Others of the same priority first. 0. Context: thread. <= 150 instructions */
int thread_yield(void);

/*
 * The three steps of waiting. thread_wait_until() returns when somebody has
 * called thread_wake() since thread_will_wait(): 0; -ETIMEDOUT at @deadline_ns
 * (timer_now_ns(); UINT64_MAX: never); -EINTR when interruptible and
 * interrupted. May return 0 early. Context: thread, no lock held.
 */
void thread_will_wait(enum thread_wait_kind kind);
int thread_wait_until(uint64_t deadline_ns);
void thread_will_not_wait(void);

/* Not before @deadline_ns. 0 or -EINTR. Context: thread */
int thread_sleep_until(uint64_t deadline_ns, enum thread_wait_kind kind);

/* End its wait, if it waits. False: it did not. Context: any. */
bool thread_wake(struct thread *thread);

/*
 * Ends its interruptible wait with -EINTR, this one or the next, until
 * thread_take_interrupt() forgets it. Context: any.
 */
void thread_interrupt(struct thread *thread);

/*
 * For signals. The diverter sees the registers with which an interrupted thread
 * would go on, and may change them. It is called for a thread that loses its hart
 * or goes on after an interrupt while ->interrupted is set. Context: interrupts
 * off, on the trap stack or with the lock of a run queue held.
 */
typedef void thread_diverter(struct thread *thread, struct trap_frame *frame);
void thread_set_diverter(thread_diverter *new_diverter);

/*
 * Have the diverter see @thread, which thread_interrupt() has marked, soon: a
 * running one is interrupted. Nothing happens to one that is in a call of the
 * kernel's. Context: any.
 */
void thread_divert(struct thread *thread);

/* Was this thread interrupted? Forgets it. */
bool thread_take_interrupt(void);

void thread_set_priority(struct thread *thread, unsigned int priority);

/* -EINVAL: no such hart among them. Moves the thread when it has to. */
int thread_set_allowed_harts(struct thread *thread, uint64_t allowed_harts);

/* Nanoseconds that it ran so far. */
uint64_t thread_run_ns(const struct thread *thread);

/*
 * Walk all threads: @visit(thread, context) with the list locked, so that none
 * goes away; it may not wait. Returns how many there are; @visit may be NULL.
 */
unsigned int threads_visit(void (*visit)(struct thread *thread, void *context),
                           void *context);

/*
 * Every thread that is off the list by now is buried when this returns; what its
 * bury() left to the worker is done after a work_flush(). Context: thread
 */
void threads_wait_for_burials(void);

/* NULL: none has this id. Valid as long as the caller keeps it from ending. */
struct thread *thread_find(unsigned int id);

/* A word for `threads`: "running", "ready", ... */
const char *thread_state_name(unsigned int state);

/*
 * Hart @hart gets @idle, which runs there when no other thread is ready. Before
 * the hart runs threads. Buried threads are buried on this stack.
 */
void thread_prepare_idle(struct thread *idle, struct hart *hart,
                         uintptr_t stack_bottom, size_t stack_bytes);

/* The caller's stack is left for the idle thread of this hart. */
void threads_run(void) __dead;

#endif /* CORE_THREAD_H */
