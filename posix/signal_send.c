/* SPDX-License-Identifier: MIT */
/*
 * From a sender to a thread that takes the signal. Pending signals are bits; what
 * they say stands in a list of entries, one for a standard signal, as many as were
 * sent for a real-time one. A signal that would end the process does so at once.
 */
#include <errno.h>
#include <linux/slab.h>
#include <stddef.h>
#include <string.h>

#include "core/hart.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/panic.h"
#include "core/power.h"
#include "posix/process.h"
#include "posix/timer_signal.h"
#include "signal_internal.h"

/* Their default is to do nothing; stopping has nobody who would continue. */
#define HARMLESS                                                           \
	(SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH) | \
	 SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | \
	 SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))

#define FIRST_REAL_TIME 32

struct signal_action signal_actions[SIGNAL_MAX + 1];
struct signal_pending signals_of_process;
struct wait_queue signal_queue = WAIT_QUEUE_INIT("signals");
void (*timer_signal_accepted)(siginfo_t *info);

bool signal_is_ignored(int signal)
{
	const struct signal_action *action = &signal_actions[signal];

	return action->handler == SIG_IGN ||
	       (action->handler == SIG_DFL && SIGNAL_BIT(signal) & HARMLESS);
}

void signal_end_image(int signal)
{
	if (signal == SIGABRT)
		panic("the application called abort()");
	log_error("the application was ended by signal %d", signal);
	power_off(128 + signal);
}

static bool lets_through(const struct task *task, int signal)
{
	return !(task->blocked & SIGNAL_BIT(signal));
}

void signal_look(struct task *task)
{
	const uint64_t waiting =
		(task->pending.set | signals_of_process.set) & ~task->blocked;

	if (!waiting) {
		__atomic_store_n(&task->thread.interrupted, false,
		                 __ATOMIC_RELAXED);
		return;
	}
	signals_begin_delivery();
	thread_interrupt(&task->thread);
	if (&task->thread != current_thread() || in_interrupt())
		thread_divert(&task->thread);
}

static bool visit_if_open(struct task *task, void *signal)
{
	return lets_through(task, *(const int *)signal);
}

/* Who takes a signal of the process: the caller, main(), anybody; or NULL. */
static struct task *choose_task(int signal) __must_hold(tasks_lock)
{
	struct task *self = in_interrupt() ? NULL : current_task();

	if (self && lets_through(self, signal))
		return self;
	if (task_find(PROCESS_ID) && lets_through(&main_task, signal))
		return &main_task;
	return tasks_visit(visit_if_open, &signal);
}

static void add_pending(struct signal_pending *pending, int signal,
                        struct signal_entry *entry) __must_hold(tasks_lock)
{
	pending->set |= SIGNAL_BIT(signal);
	if (!entry)
		return;
	entry->next = NULL;
	if (pending->first)
		pending->last->next = entry;
	else
		pending->first = entry;
	pending->last = entry;
}

enum sent {
	SENT,
	DROPPED, /* ignored, or pending already */
	DEADLY,
};

/* To @task, or NULL for the process. Uses *@entry up, or not. */
static enum sent post_locked(struct task *task, int signal,
                             struct signal_entry **entry)
	__must_hold(tasks_lock)
{
	struct signal_pending *pending =
		task ? &task->pending : &signals_of_process;

	if (task && !lets_through(task, signal))
		task = NULL;
	else if (!task)
		task = choose_task(signal);
	if (task && signal_is_ignored(signal))
		return DROPPED;
	if (signal == SIGKILL ||
	    (task && signal_actions[signal].handler == SIG_DFL))
		return DEADLY;
	if (signal < FIRST_REAL_TIME && pending->set & SIGNAL_BIT(signal))
		return DROPPED;
	add_pending(pending, signal, *entry);
	*entry = NULL;
	if (task)
		signal_look(task);
	return SENT;
}

static struct signal_entry *new_entry(int signal, const siginfo_t *info)
{
	struct signal_entry *entry =
		kmalloc(sizeof(*entry), GFP_ATOMIC | __GFP_NOWARN);

	if (!entry)
		return NULL;
	if (info)
		entry->info = *info;
	else
		entry->info = (siginfo_t){ .si_code = SI_KERNEL };
	entry->info.si_signo = signal;
	return entry;
}

/* @tid 0: the process. -ESRCH, -EINVAL, -EAGAIN, or an enum sent. */
static int post(pid_t tid, int signal, const siginfo_t *info)
{
	struct signal_entry *entry;
	struct task *task = NULL;
	unsigned long flags;
	int sent = -ESRCH;

	if (signal < 1 || signal > SIGNAL_MAX)
		return -EINVAL;
	entry = new_entry(signal, info);
	if (!entry && signal >= FIRST_REAL_TIME)
		return -EAGAIN;
	flags = spin_lock_irqsave(&tasks_lock);
	if (tid)
		task = task_find((unsigned int)tid);
	if (task || !tid)
		sent = (int)post_locked(task, signal, &entry);
	spin_unlock_irqrestore(&tasks_lock, flags);
	kfree(entry);
	if (sent == DEADLY)
		signal_end_image(signal);
	if (sent == SENT)
		wait_queue_wake_all(&signal_queue);
	return sent;
}

int signal_send_process(int signal, const siginfo_t *info)
{
	const int sent = post(0, signal, info);

	return sent < 0 ? sent : 0;
}

int signal_send_thread(pid_t tid, int signal, const siginfo_t *info)
{
	const int sent = post(tid, signal, info);

	return sent < 0 ? sent : 0;
}

bool signal_post(pid_t tid, const siginfo_t *info)
{
	return post(tid, info->si_signo, info) == SENT;
}

enum signal_result signal_send(int signal)
{
	(void)post((pid_t)current_thread()->id, signal, NULL);
	return READ_ONCE(current_thread()->interrupted) ? SIGNAL_HANDLED
	                                                : SIGNAL_IGNORED;
}

/* The first entry of @signal leaves the list; is there another one? */
static struct signal_entry *remove_entry(struct signal_pending *pending,
                                         int signal, bool *more_out)
	__must_hold(tasks_lock)
{
	struct signal_entry *entry, *before = NULL, *found = NULL;
	struct signal_entry *before_found = NULL;

	*more_out = false;
	for (entry = pending->first; entry; entry = entry->next) {
		if (entry->info.si_signo == signal && found) {
			*more_out = true;
		} else if (entry->info.si_signo == signal) {
			found = entry;
			before_found = before;
		}
		before = entry;
	}
	if (!found)
		return NULL;
	if (before_found)
		before_found->next = found->next;
	else
		pending->first = found->next;
	if (pending->last == found)
		pending->last = before_found;
	return found;
}

int signal_dequeue(struct task *task, uint64_t set, siginfo_t *info_out,
                   struct signal_entry **entry_out)
{
	struct signal_pending *pending = &task->pending;
	bool more;
	int signal;

	if (!(pending->set & set))
		pending = &signals_of_process;
	if (!(pending->set & set))
		return 0;
	signal = __builtin_ctzl(pending->set & set) + 1;
	*entry_out = remove_entry(pending, signal, &more);
	if (!more)
		pending->set &= ~SIGNAL_BIT(signal);
	*info_out = *entry_out ? (*entry_out)->info
	                       : (siginfo_t){ .si_signo = signal };
	return signal;
}

void signal_accepted(siginfo_t *info, struct signal_entry *entry)
{
	kfree(entry);
	if (timer_signal_accepted &&
	    (info->si_code == SI_TIMER ||
	     (info->si_signo == SIGALRM && info->si_code == SI_KERNEL)))
		timer_signal_accepted(info);
}

int signal_take(uint64_t set, siginfo_t *info_out)
{
	struct task *self = current_task();
	struct signal_entry *entry = NULL;
	unsigned long flags = spin_lock_irqsave(&tasks_lock);
	const int signal = signal_dequeue(self, set, info_out, &entry);

	if (signal)
		signal_look(self);
	spin_unlock_irqrestore(&tasks_lock, flags);
	if (signal)
		signal_accepted(info_out, entry);
	return signal;
}

uint64_t signal_pending_set(void)
{
	const struct task *self = current_task();
	unsigned long flags = spin_lock_irqsave(&tasks_lock);
	const uint64_t set = self->pending.set | signals_of_process.set;

	spin_unlock_irqrestore(&tasks_lock, flags);
	return set;
}

/*
 * A thread ends: what was sent to it alone is forgotten, and what the process has
 * pending may need somebody else who takes it.
 */
void signals_leave(struct task *task)
{
	struct signal_entry *entry, *next;
	unsigned long flags = spin_lock_irqsave(&tasks_lock);
	uint64_t left = signals_of_process.set & ~task->blocked;

	entry = task->pending.first;
	task->pending = (struct signal_pending){ 0 };
	task->blocked = ~0ul;
	for (; left; left &= left - 1) {
		struct task *other = choose_task(__builtin_ctzl(left) + 1);

		if (other)
			signal_look(other);
	}
	spin_unlock_irqrestore(&tasks_lock, flags);
	for (; entry; entry = next) {
		next = entry->next;
		kfree(entry);
	}
}
