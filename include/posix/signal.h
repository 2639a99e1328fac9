/* SPDX-License-Identifier: MIT */
/*
 * Signals within the process. A signal is pending for one thread or for the process
 * until a thread that does not block it takes it. Handlers run on the application's
 * stack, where Linux runs them:
 *
 *   at the end of a system call, which then returns -EINTR or begins again;
 *   between two instructions of a thread that computes, when it is interrupted;
 *   in place of an instruction that faulted.
 *
 * What a call that waits has to do: wait THREAD_INTERRUPTIBLE, and when that says
 * -EINTR, undo what is half done and return -EINTR (or a count, if something was
 * done). SYSCALL() has the handlers run, and begins the call again where
 * SA_RESTART asks for it; SYSCALL_ONCE() never does.
 */
#ifndef POSIX_SIGNAL_H
#define POSIX_SIGNAL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/compiler.h"
#include "core/wait.h"

#define SIGNAL_MAX         64
#define SIGNAL_BIT(signal) (1ul << ((signal)-1))

struct task;

/*
 * Make @signal pending for the process. @info says more; NULL: SI_KERNEL. Ends the
 * image, with exit status 128 + @signal, where Linux ends the process.
 *
 * Context: any, also interrupts and the worker; no lock of rank LOCK_TASKS or
 * above held. 0; -EINVAL: no such signal; -EAGAIN: no memory for a real-time
 * signal's info.
 */
int signal_send_process(int signal, const siginfo_t *info);

/* The same for the thread @tid. -ESRCH: there is none. */
int signal_send_thread(pid_t tid, int signal, const siginfo_t *info);

/*
 * The same for the running thread, from inside a system call: SIGPIPE, SIGXFSZ.
 * SIGNAL_HANDLED: a handler runs when the call ends.
 */
enum signal_result { SIGNAL_IGNORED, SIGNAL_HANDLED };
enum signal_result signal_send(int signal);

/*
 * For the rest of a call that waits the thread's mask is @mask (ppoll, pselect,
 * sigsuspend). True: a signal that it lets through is pending already. At the end
 * of the call signal_mask_restore(*before_out, result) returns @result; when that
 * is -EINTR, handlers run before the old mask comes back.
 */
bool signal_mask_swap(uint64_t mask, uint64_t *before_out);
long signal_mask_restore(uint64_t before, long result);

/* Signals that are pending for this thread or the process, blocked or not. */
uint64_t signal_pending_set(void);

/*
 * Take a pending signal of @set: its number, and what it says; 0: there is none.
 * For sigtimedwait() and signalfd.
 */
int signal_take(uint64_t set, siginfo_t *info_out);

/* Woken when a signal becomes pending; look at signal_pending_set() then. */
extern struct wait_queue signal_queue;

/* Was a handler ever set? */
extern bool signals_have_handler;

/* Handlers of what is pending run now. Context: thread, no lock held. */
void signals_take(void);

#endif /* POSIX_SIGNAL_H */
