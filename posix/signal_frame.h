/* SPDX-License-Identifier: MIT */
/*
 * What stands on the stack while a handler runs. Everything that the thread goes on
 * with is in ->uc, where the handler may change it.
 */
#ifndef POSIX_SIGNAL_FRAME_H
#define POSIX_SIGNAL_FRAME_H

/* ucontext_t of musl: its registers have names under _GNU_SOURCE only. */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct signal_frame {
	siginfo_t info;
	ucontext_t uc;
	unsigned long signal;
	void *handler;
	uintptr_t sp;                /* of the handler */
	unsigned long has_fpu;       /* F registers are kept */
	void *vector;                /* V state, or NULL */
	const volatile void *cancel; /* the task's, comes back */
	unsigned long shown_pc;      /* not the real one: this is in uc, or 0 */
	unsigned long real_pc;
};

/*
 * Handlers of pending signals, as a call: 0, no handler ran; 1; 2, the first that
 * ran said SA_RESTART. @in_cancel_point: what is interrupted is a wait of one.
 */
int signal_call(bool in_cancel_point);

/* Where an interrupted thread goes on: task->interrupted is where it was. */
extern char signal_entry_point[];

/*
 * @frame lies on the stack, with F registers saved. Fills it in for the first
 * handler: the frame to use (on the signal stack, perhaps), or NULL.
 */
struct signal_frame *signal_from_thread(struct signal_frame *frame);
struct signal_frame *signal_from_call(struct signal_frame *frame,
                                      bool in_cancel_point);

/*
 * A handler has returned. True: @frame is filled in for another one. False: go on
 * with what is in @frame; interrupts are off then.
 */
bool signal_return(struct signal_frame *frame);

#endif /* POSIX_SIGNAL_FRAME_H */
