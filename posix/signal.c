/* SPDX-License-Identifier: MIT */
/*
 * With one thread that only signals itself, delivery needs no frame and no
 * trampoline: block what the action blocks, call the handler, restore. A signal
 * that is blocked when sent waits in a bit and is delivered when unblocked.
 */
#include "posix/signal.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/log.h"
#include "core/panic.h"
#include "core/power.h"
#include "posix/process.h"
#include "posix/syscalls.h"
#include "posix/user_memory.h"

#define SIGNALS     64
#define BIT(n)      (1ul << ((n)-1))
#define UNBLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP))
/* Their default is to do nothing; stopping has nobody who would continue. */
#define HARMLESS                                                     \
	(BIT(SIGCHLD) | BIT(SIGURG) | BIT(SIGWINCH) | BIT(SIGCONT) | \
	 BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU))

enum { ACTION_RESTORER, ACTION_MASK, ACTION_WORDS };

/* What musl passes: its internal struct k_sigaction, with the restorer. */
struct action {
	void (*handler)(int);
	unsigned long flags;
	uint64_t words[ACTION_WORDS];
};

static struct action actions[SIGNALS + 1];
static uint64_t blocked;
static uint64_t pending;

static void __dead end_by(int signal)
{
	if (signal == SIGABRT)
		panic("the application called abort()");

	log_error("the application was ended by signal %d", signal);
	power_off(128 + signal);
}

/* The third argument says nothing: there is no interrupted context. */
static void call_handler(const struct action *action, int signal)
{
	siginfo_t info = { .si_signo = signal, .si_code = SI_TKILL };

	if (action->flags & SA_SIGINFO) {
		((void (*)(int, siginfo_t *, void *))(void *)action->handler)(
			signal, &info, NULL);
	} else {
		action->handler(signal);
	}
}

static enum signal_result deliver(int signal)
{
	const struct action action = actions[signal];
	const uint64_t blocked_before = blocked;

	if (action.handler == SIG_IGN)
		return SIGNAL_IGNORED;
	if (action.handler == SIG_DFL) {
		if (HARMLESS & BIT(signal))
			return SIGNAL_IGNORED;
		end_by(signal);
	}

	if (action.flags & SA_RESETHAND)
		actions[signal].handler = SIG_DFL;
	blocked |= action.words[ACTION_MASK];
	if (!(action.flags & SA_NODEFER))
		blocked |= BIT(signal);
	call_handler(&action, signal);
	blocked = blocked_before;

	return (action.flags & SA_RESTART) ? SIGNAL_RESTART : SIGNAL_HANDLED;
}

static void deliver_pending(void)
{
	while (pending & ~blocked) {
		const int signal = __builtin_ctzl(pending & ~blocked) + 1;

		pending &= ~BIT(signal);
		deliver(signal);
	}
}

enum signal_result signal_send(int signal)
{
	enum signal_result result;

	if (blocked & BIT(signal)) {
		pending |= BIT(signal);
		return SIGNAL_IGNORED;
	}

	result = deliver(signal);
	deliver_pending();
	return result;
}

static long send_checked(int signal)
{
	if (signal < 0 || signal > SIGNALS)
		return -EINVAL;
	if (signal != 0)
		signal_send(signal);
	return 0;
}

/* 0 and -1 mean the own process group and every process: both are us. */
SYSCALL(kill, (pid_t pid, int signal), a, b)
{
	if (pid > 0 && pid != PROCESS_ID)
		return -ESRCH;
	return send_checked(signal);
}

SYSCALL(tkill, (pid_t tid, int signal), a, b)
{
	if (tid <= 0)
		return -EINVAL;
	if (tid != PROCESS_ID)
		return -ESRCH;
	return send_checked(signal);
}

SYSCALL(tgkill, (pid_t pid, pid_t tid, int signal), a, b, c)
{
	if (pid <= 0 || tid <= 0)
		return -EINVAL;
	if (pid != PROCESS_ID || tid != PROCESS_ID)
		return -ESRCH;
	return send_checked(signal);
}

SYSCALL(rt_sigaction,
        (int signal, const struct action *new, struct action *old, size_t size),
        a, (void *)b, (void *)c, d)
{
	if (size != sizeof(uint64_t) || signal < 1 || signal > SIGNALS)
		return -EINVAL;
	if (new &&UNBLOCKABLE & BIT(signal))
		return -EINVAL;
	if (new && !user_can_read(new, sizeof(*new)))
		return -EFAULT;
	if (old && !user_can_write(old, sizeof(*old)))
		return -EFAULT;

	if (old)
		*old = actions[signal];
	if (new)
		actions[signal] = *new;
	return 0;
}

/* Set the mask and let what is free now come. */
static long change_mask(int how, uint64_t set)
{
	switch (how) {
	case SIG_BLOCK:
		blocked |= set;
		break;
	case SIG_UNBLOCK:
		blocked &= ~set;
		break;
	case SIG_SETMASK:
		blocked = set;
		break;
	default:
		return -EINVAL;
	}

	blocked &= ~UNBLOCKABLE;
	deliver_pending();
	return 0;
}

SYSCALL(rt_sigprocmask, (int how, const void *set, void *old, size_t size), a,
        (void *)b, (void *)c, d)
{
	const uint64_t blocked_before = blocked;
	uint64_t bits;
	long err = 0;

	if (size != sizeof(bits))
		return -EINVAL;
	if (set && !user_can_read(set, size))
		return -EFAULT;
	if (old && !user_can_write(old, size))
		return -EFAULT;

	if (set) {
		memcpy(&bits, set, size);
		err = change_mask(how, bits);
	}
	if (old && !err)
		memcpy(old, &blocked_before, size);
	return err;
}

SYSCALL(rt_sigpending, (void *set, size_t size), (void *)a, b)
{
	if (size > sizeof(pending))
		return -EINVAL;
	if (!user_can_write(set, size))
		return -EFAULT;

	memcpy(set, &pending, size);
	return 0;
}
