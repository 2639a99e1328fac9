/* SPDX-License-Identifier: MIT */
/*
 * Delivery. A thread that has a signal to take is in one of three places:
 *
 *   in a system call: the signal waits, and ends its wait. Handlers run when the
 *   call has returned with no lock held (end_of_call);
 *
 *   in its own code, running or ready on some hart: the registers with which it
 *   would go on are put aside, and it goes on at signal_entry_point, where it
 *   makes itself a frame on its own stack (divert). In an interrupt nobody could:
 *   the stack may need memory first;
 *
 *   on an instruction that faulted: the same, with the fault as the signal.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "arch/csr.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/switch.h"
#include "core/trap.h"
#include "glue/glue.h"
#include "mm/types.h"
#include "posix/syscalls.h"
#include "signal_frame.h"
#include "signal_frame_asm.h"
#include "signal_internal.h"

static_assert(offsetof(struct signal_frame, uc) == SIGNAL_FRAME_UC, "");
static_assert(offsetof(struct signal_frame, uc.uc_mcontext.__gregs) ==
                      SIGNAL_FRAME_GREGS,
              "");
static_assert(offsetof(struct signal_frame, uc.uc_mcontext.__fpregs) ==
                      SIGNAL_FRAME_FPREGS,
              "");
static_assert(offsetof(struct signal_frame,
                       uc.uc_mcontext.__fpregs.__d.__fcsr) == SIGNAL_FRAME_FCSR,
              "");
static_assert(offsetof(struct signal_frame, signal) == SIGNAL_FRAME_SIGNAL, "");
static_assert(offsetof(struct signal_frame, handler) == SIGNAL_FRAME_HANDLER,
              "");
static_assert(offsetof(struct signal_frame, sp) == SIGNAL_FRAME_SP, "");
static_assert(offsetof(struct signal_frame, has_fpu) == SIGNAL_FRAME_HAS_FPU,
              "");
static_assert(offsetof(struct signal_frame, vector) == SIGNAL_FRAME_VECTOR, "");
static_assert(sizeof(struct signal_frame) == SIGNAL_FRAME_BYTES, "");

void signal_enter(struct task *self, int signal,
                  struct signal_action *action_out, uint64_t *before_out)
{
	struct signal_action *action = &signal_actions[signal];

	*action_out = *action;
	*before_out =
		self->restore_blocked ? self->blocked_before : self->blocked;
	self->restore_blocked = false;
	if (action->flags & SA_RESETHAND)
		action->handler = SIG_DFL;
	self->blocked |= action_out->mask;
	if (!(action_out->flags & SA_NODEFER))
		self->blocked |= SIGNAL_BIT(signal);
	self->blocked &= ~SIGNAL_UNBLOCKABLE;
	self->handlers++;
	self->entered++;
	if (!(action_out->flags & SA_RESTART))
		self->entered_to_end++;
}

static bool has_handler(int signal)
{
	const struct signal_action *action = &signal_actions[signal];

	return action->handler != SIG_DFL && action->handler != SIG_IGN;
}

int signal_accept(struct task *self, siginfo_t *info_out,
                  struct signal_action *action_out, uint64_t *before_out)
{
	bool handled;
	int signal;

	do {
		struct signal_entry *entry = NULL;
		unsigned long flags = spin_lock_irqsave(&tasks_lock);
		bool deadly;

		signal = signal_dequeue(self, ~self->blocked, info_out, &entry);
		handled = signal && has_handler(signal);
		deadly = signal && !handled && !signal_is_ignored(signal);
		if (handled)
			signal_enter(self, signal, action_out, before_out);
		signal_look(self);
		spin_unlock_irqrestore(&tasks_lock, flags);
		if (deadly)
			signal_end_image(signal);
		if (signal)
			signal_accepted(info_out, entry);
	} while (signal && !handled);
	return signal;
}

static bool is_on(const stack_t *stack, uintptr_t sp)
{
	return sp - (uintptr_t)stack->ss_sp - 1 < stack->ss_size;
}

/* The same frame on the signal stack, if that is where the handler shall run. */
static struct signal_frame *choose_stack(const struct task *self,
                                         struct signal_frame *frame,
                                         unsigned long flags)
{
	const stack_t *stack = &self->altstack;
	struct signal_frame *there;

	frame->uc.uc_stack = *stack;
	if (stack->ss_size == 0)
		frame->uc.uc_stack.ss_flags = SS_DISABLE;
	if (is_on(stack, frame->uc.uc_mcontext.__gregs[REG_SP]))
		frame->uc.uc_stack.ss_flags = SS_ONSTACK;
	if (!(flags & SA_ONSTACK) || stack->ss_size == 0 ||
	    is_on(stack, (uintptr_t)frame))
		return frame;
	there = (void *)(ALIGN_DOWN((uintptr_t)stack->ss_sp + stack->ss_size,
	                            16ul) -
	                 sizeof(*frame));
	memcpy(there, frame, sizeof(*frame));
	return there;
}

static struct signal_frame *fill_in(struct task *self,
                                    struct signal_frame *frame, int signal,
                                    const struct signal_action *action,
                                    uint64_t before)
{
	frame->uc.uc_flags = 0;
	frame->uc.uc_link = NULL;
	memset(&frame->uc.uc_sigmask, 0, sizeof(frame->uc.uc_sigmask));
	memcpy(&frame->uc.uc_sigmask, &before, sizeof(before));
	frame->signal = (unsigned long)signal;
	frame->handler = (void *)action->handler;
	frame = choose_stack(self, frame, action->flags);
	frame->sp = (uintptr_t)frame;
	return frame;
}

/* Whoever interrupts a call that waits for its thread takes the flag as well. */
static void begin_frame(struct task *self, struct signal_frame *frame)
{
	frame->cancel = self->cancel;
	self->cancel = NULL;
	frame->vector = NULL;
	frame->shown_pc = 0;
	frame->sp = (uintptr_t)frame;
}

static void keep_vector(const struct task *self, struct signal_frame *frame)
{
	const size_t bytes = ALIGN_UP(thread_vector_bytes(), 16);

	if (!self->thread.vector ||
	    (self->interrupted.sstatus & SSTATUS_VS) <= SSTATUS_VS_INITIAL)
		return;
	frame->sp = (uintptr_t)frame - bytes;
	frame->vector = (void *)frame->sp;
	vector_save(frame->vector);
}

static void copy_interrupted(const struct task *self,
                             struct signal_frame *frame)
{
	unsigned long *registers = frame->uc.uc_mcontext.__gregs;

	memcpy(registers, self->interrupted.x, sizeof(self->interrupted.x));
	registers[REG_PC] = self->interrupted.sepc;
}

/* A fault is no pending signal: it comes first, whatever else is there. */
static int accept_fault(struct task *self, siginfo_t *info_out,
                        struct signal_action *action_out, uint64_t *before_out)
{
	const struct task_fault fault = self->fault;
	unsigned long flags;

	self->fault.signal = 0;
	*info_out = (siginfo_t){
		.si_signo = fault.signal,
		.si_code = fault.code,
		.si_addr = (void *)fault.address,
	};
	flags = spin_lock_irqsave(&tasks_lock);
	signal_enter(self, fault.signal, action_out, before_out);
	spin_unlock_irqrestore(&tasks_lock, flags);
	return fault.signal;
}

struct signal_frame *signal_from_thread(struct signal_frame *frame)
{
	struct task *self = current_task();
	struct signal_action action;
	uint64_t before;
	int signal;

	copy_interrupted(self, frame);
	begin_frame(self, frame);
	if (self->fault.signal)
		signal = accept_fault(self, &frame->info, &action, &before);
	else
		signal = signal_accept(self, &frame->info, &action, &before);
	if (signal) {
		frame = fill_in(self, frame, signal, &action, before);
		keep_vector(self, frame);
	} else {
		memcpy(&frame->uc.uc_sigmask, &self->blocked,
		       sizeof(self->blocked));
		self->handlers++; /* none, but signal_return() comes */
		keep_vector(self, frame);
		frame = NULL;
	}
	self->thread.in_call--;
	return frame;
}

struct signal_frame *signal_from_call(struct signal_frame *frame,
                                      bool in_cancel_point)
{
	struct task *self = current_task();
	unsigned long *registers = frame->uc.uc_mcontext.__gregs;
	struct signal_action action;
	uint64_t before;
	int signal;

	signal = signal_accept(self, &frame->info, &action, &before);
	if (!signal)
		return NULL;
	begin_frame(self, frame);
	registers[REG_A0] = action.flags & SA_RESTART ? 2 : 1;
	if (in_cancel_point) {
		frame->real_pc = registers[REG_PC];
		frame->shown_pc = (uintptr_t)__cp_begin;
		registers[REG_PC] = frame->shown_pc;
	}
	return fill_in(self, frame, signal, &action, before);
}

/* The real program counter, whatever the handler made of the one it saw. */
static void hide_shown_pc(struct signal_frame *frame)
{
	if (frame->shown_pc)
		frame->uc.uc_mcontext.__gregs[REG_PC] = frame->real_pc;
}

bool signal_return(struct signal_frame *frame)
{
	struct task *self = current_task();
	struct signal_action action;
	uint64_t mask, before;

	self->thread.in_call++;
	self->handlers--;
	memcpy(&mask, &frame->uc.uc_sigmask, sizeof(mask));
	signal_set_mask(self, mask);
	for (;;) {
		int signal =
			signal_accept(self, &frame->info, &action, &before);

		if (signal) {
			frame->signal = (unsigned long)signal;
			frame->handler = (void *)action.handler;
			memcpy(&frame->uc.uc_sigmask, &before, sizeof(before));
			self->thread.in_call--;
			return true;
		}
		irq_save();
		if (!READ_ONCE(self->thread.interrupted))
			break;
		csr_set(sstatus, SSTATUS_SIE);
	}
	hide_shown_pc(frame);
	self->cancel = frame->cancel;
	self->thread.in_call--;
	return false;
}

void signals_take(void)
{
	(void)signal_call(false);
}

/*
 * @result is -EINTR when the call's wait was ended. In a cancellation point musl
 * makes what it needs of that, so it does not begin again. From where the thread
 * is in no call any more an interrupt may divert it: the signal that ended the
 * wait is then taken before signal_call() looks, so handlers are counted.
 */
static bool end_of_call(long *result, bool may_begin_again)
{
	struct task *self = current_task();
	const bool interrupted = *result == -EINTR;
	const unsigned int entered = self ? self->entered : 0;
	const unsigned int to_end = self ? self->entered_to_end : 0;

	if (syscall_has_failed(*result))
		(void)syscall_end();
	if (!self || self->thread.in_call)
		return false;
	if (READ_ONCE(self->thread.interrupted))
		(void)signal_call(interrupted && self->cancel);
	if (self->restore_blocked) {
		self->restore_blocked = false;
		signal_set_mask(self, self->blocked_before);
	}
	if (!interrupted ||
	    (self->cancel && *(const volatile int *)self->cancel))
		return false;
	return self->entered == entered ||
	       (self->entered_to_end == to_end && may_begin_again);
}

/* May @frame be left for a handler? The application's own code, nothing else. */
static bool may_divert(const struct thread *thread,
                       const struct trap_frame *frame)
{
	const struct task *task = thread->owner;

	return task && thread->in_call == 0 && thread->preempt_off == 0 &&
	       !task->cancel && frame->sstatus & SSTATUS_SPIE;
}

static void divert_to_entry(struct thread *thread, struct trap_frame *frame)
{
	struct task *task = thread->owner;

	task->interrupted = *frame;
	thread->in_call = 1;
	frame->sepc = (uintptr_t)signal_entry_point;
}

static void divert(struct thread *thread, struct trap_frame *frame)
{
	if (may_divert(thread, frame))
		divert_to_entry(thread, frame);
}

void signals_begin_delivery(void)
{
	if (syscall_interrupted == end_of_call)
		return;
	thread_set_diverter(divert);
	__atomic_store_n(&syscall_interrupted, end_of_call, __ATOMIC_RELEASE);
}

static void fault_of(const struct trap_frame *frame, struct task_fault *fault)
{
	fault->address = frame->stval;
	fault->signal = SIGSEGV;
	fault->code = SEGV_MAPERR;
	switch (frame->scause) {
	case EXC_LOAD_MISALIGNED:
	case EXC_STORE_MISALIGNED:
	case EXC_INST_MISALIGNED:
		fault->signal = SIGBUS;
		fault->code = BUS_ADRALN;
		break;
	case EXC_LOAD_ACCESS:
	case EXC_STORE_ACCESS:
	case EXC_INST_ACCESS:
		fault->signal = SIGBUS;
		fault->code = BUS_ADRERR;
		break;
	case EXC_ILLEGAL:
		fault->signal = SIGILL;
		fault->code = ILL_ILLOPC;
		fault->address = frame->sepc;
		break;
	case EXC_BREAKPOINT:
		fault->signal = SIGTRAP;
		fault->code = TRAP_BRKPT;
		fault->address = frame->sepc;
		break;
	default:
		break;
	}
}

/*
 * Linux's address-of-the-stack rule is the hardware's here: when the stack itself
 * is what faulted, only a handler on a signal stack can run.
 */
static bool stack_for_fault(const struct task *task, int signal,
                            struct trap_frame *frame)
{
	const stack_t *stack = &task->altstack;
	const uintptr_t sp = frame->x[2];

	if (signal_actions[signal].flags & SA_ONSTACK && stack->ss_size > 0 &&
	    !is_on(stack, sp)) {
		frame->x[2] = ALIGN_DOWN(
			(uintptr_t)stack->ss_sp + stack->ss_size, 16ul);
		return true;
	}
	return frame->stval - (sp - PAGE_SIZE) > 2 * PAGE_SIZE;
}

static bool fault_to_signal(struct trap_frame *frame, int signal,
                            unsigned long address)
{
	struct thread *thread = current_thread();
	struct task_fault fault;
	struct task *task;

	if (!thread || in_interrupt() || !may_divert(thread, frame))
		return false;
	task = thread->owner;
	fault_of(frame, &fault);
	if (signal == SIGBUS && fault.signal == SIGSEGV) {
		/* A page behind the end of a file, or without memory. */
		fault.signal = SIGBUS;
		fault.code = BUS_ADRERR;
		fault.address = address;
	}
	if (!has_handler(fault.signal) ||
	    task->blocked & SIGNAL_BIT(fault.signal))
		return false;
	task->fault = fault;
	divert_to_entry(thread, frame);
	if (stack_for_fault(task, fault.signal, frame))
		return true;
	frame->sepc = task->interrupted.sepc;
	thread->in_call = 0;
	task->fault.signal = 0;
	return false;
}

/* Faults that the hardware tells: from the first handler for one on. */
void signals_take_faults(void)
{
	trap_set_fault_signal(fault_to_signal);
}
