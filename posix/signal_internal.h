/* SPDX-License-Identifier: MIT */
/* What the files of signals share. tasks_lock guards all of it. */
#ifndef POSIX_SIGNAL_INTERNAL_H
#define POSIX_SIGNAL_INTERNAL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"
#include "posix/signal.h"
#include "posix/task.h"

/* Nobody can block or catch these. */
#define SIGNAL_UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

/* What musl passes: its struct k_sigaction, with the restorer, which is ours. */
struct signal_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

struct signal_entry {
	struct signal_entry *next;
	siginfo_t info;
};

extern struct signal_action signal_actions[SIGNAL_MAX + 1];

/* Pending for the process. */
extern struct signal_pending signals_of_process;

/* It has no handler, and is ignored; or it is its default to do nothing. */
bool signal_is_ignored(int signal) __must_hold(tasks_lock);

/* The end of the image by a signal whose default it is. Context: any. */
void signal_end_image(int signal) __dead;

/* Does something wait that @task lets through? Marks it as interrupted or not. */
void signal_look(struct task *task) __must_hold(tasks_lock);

/*
 * Take a signal out of @set, first the thread's own, lowest numbers first. The
 * caller frees *@entry_out, which may be NULL. 0: there is none.
 */
int signal_dequeue(struct task *task, uint64_t set, siginfo_t *info_out,
                   struct signal_entry **entry_out) __must_hold(tasks_lock);

/* What was dequeued, with no lock held: whoever sent it may want to know. */
void signal_accepted(siginfo_t *info, struct signal_entry *entry);

/*
 * The next signal of the caller's that has a handler: its number, the action,
 * what it says; the mask is the handler's from now on and *@before_out the one to
 * come back. 0: there is none.
 */
int signal_accept(struct task *self, siginfo_t *info_out,
                  struct signal_action *action_out, uint64_t *before_out);

/* The action of @signal as its handler is about to run: SA_RESETHAND, mask. */
void signal_enter(struct task *self, int signal,
                  struct signal_action *action_out, uint64_t *before_out)
	__must_hold(tasks_lock);

/* What interrupted calls and threads go to. */
void signals_begin_delivery(void);

/* Faults become signals, from the first handler on. */
void signals_take_faults(void);

void signal_set_mask(struct task *self, uint64_t mask);

#endif /* POSIX_SIGNAL_INTERNAL_H */
