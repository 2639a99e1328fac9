/* SPDX-License-Identifier: MIT */
/* What the application wants done with signals: actions and signal stacks. */
#include <errno.h>
#include <string.h>

#include "core/lock.h"
#include "core/user_access.h"
#include "posix/syscalls.h"
#include "signal_internal.h"

bool signals_have_handler;

/* A signal that is ignored from now on is not pending any more. */
static void forget_pending(int signal)
{
	siginfo_t info;

	while (signal_take(SIGNAL_BIT(signal), &info))
		;
}

SYSCALL(rt_sigaction,
        (int signal, const struct signal_action *new, struct signal_action *old,
         size_t size),
        a, (void *)b, (void *)c, d)
{
	struct signal_action action, before;
	unsigned long flags;
	bool ignored;

	if (size != sizeof(action.mask) || signal < 1 || signal > SIGNAL_MAX)
		return -EINVAL;
	if (new &&SIGNAL_UNBLOCKABLE & SIGNAL_BIT(signal))
		return -EINVAL;
	if (new &&copy_from_user(&action, new, sizeof(action)) != 0)
		return -EFAULT;

	flags = spin_lock_irqsave(&tasks_lock);
	before = signal_actions[signal];
	if (new)
		signal_actions[signal] = action;
	ignored = new &&signal_is_ignored(signal);
	spin_unlock_irqrestore(&tasks_lock, flags);

	if (ignored)
		forget_pending(signal);
	if (new && (uintptr_t)action.handler > (uintptr_t)SIG_IGN) {
		signals_have_handler = true;
		signals_take_faults();
	}
	if (old && copy_to_user(old, &before, sizeof(before)) != 0)
		return -EFAULT;
	return 0;
}

static bool is_on_stack(const stack_t *stack)
{
	return (uintptr_t)__builtin_frame_address(0) - (uintptr_t)stack->ss_sp <
	       stack->ss_size;
}

SYSCALL(sigaltstack, (const stack_t *new, stack_t *old), (void *)a, (void *)b)
{
	struct task *self = current_task();
	stack_t before = self->altstack;
	stack_t stack;

	if (before.ss_size == 0)
		before.ss_flags = SS_DISABLE;
	else if (is_on_stack(&before))
		before.ss_flags = SS_ONSTACK;
	if (new) {
		if (copy_from_user(&stack, new, sizeof(stack)) != 0)
			return -EFAULT;
		if (before.ss_flags == SS_ONSTACK)
			return -EPERM;
		if (stack.ss_flags & ~(SS_DISABLE | SS_ONSTACK))
			return -EINVAL;
		if (stack.ss_flags & SS_DISABLE)
			memset(&stack, 0, sizeof(stack));
		else if (stack.ss_size < MINSIGSTKSZ)
			return -ENOMEM;
		stack.ss_flags = 0;
		self->altstack = stack;
	}
	if (old && copy_to_user(old, &before, sizeof(before)) != 0)
		return -EFAULT;
	return 0;
}
