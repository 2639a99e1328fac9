/* SPDX-License-Identifier: MIT */
/*
 * What a trap means. Interrupts go to the handler of their number. Page faults
 * may be a stale translation, which the registered handler repairs; firmware
 * redirects bad physical accesses to us as access faults, which nobody repairs.
 * A fault of a probing access becomes its -EFAULT. All else is the end.
 */
#include "core/trap.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/asm_offsets.h"
#include "arch/csr.h"
#include "arch/fault_mark.h"
#include "arch/sections.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/panic.h"
#include "core/sched.h"
#include "core/thread.h"
#include "core/trap_asm.h"

#define INTERRUPTS 16u

static_assert(offsetof(struct hart, trap_stack_top) == HART_TRAP_STACK_TOP, "");
static_assert(offsetof(struct hart, trap_stack_bottom) ==
                      HART_TRAP_STACK_BOTTOM,
              "");
static_assert(offsetof(struct hart, emergency_top) == HART_EMERGENCY_TOP, "");
static_assert(offsetof(struct hart, trap_scratch) == HART_TRAP_SCRATCH, "");
static_assert(offsetof(struct trap_frame, sepc) == FRAME_SEPC, "");
static_assert(offsetof(struct trap_frame, sstatus) == FRAME_SSTATUS, "");
static_assert(offsetof(struct trap_frame, scause) == FRAME_SCAUSE, "");
static_assert(offsetof(struct trap_frame, stval) == FRAME_STVAL, "");
static_assert(sizeof(struct trap_frame) == FRAME_BYTES, "");
static_assert(FRAME_BYTES % 16 == 0, "stack alignment of the ABI");
static_assert(EFAULT == 14, "probe_failed in core/trap.S");

static const char *const exception_names[] = {
	[EXC_INST_MISALIGNED] = "misaligned instruction",
	[EXC_INST_ACCESS] = "instruction access fault",
	[EXC_ILLEGAL] = "illegal instruction",
	[EXC_BREAKPOINT] = "breakpoint",
	[EXC_LOAD_MISALIGNED] = "misaligned load",
	[EXC_LOAD_ACCESS] = "load access fault",
	[EXC_STORE_MISALIGNED] = "misaligned store",
	[EXC_STORE_ACCESS] = "store access fault",
	[EXC_ECALL_U] = "system call instruction",
	[EXC_INST_PAGE] = "instruction page fault",
	[EXC_LOAD_PAGE] = "load page fault",
	[EXC_STORE_PAGE] = "store page fault",
};

static fault_handler *page_fault_handler;
static fault_signal_handler *fault_signal;
static interrupt_handler *interrupt_handlers[INTERRUPTS];

void trap_set_page_fault_handler(fault_handler *handler)
{
	page_fault_handler = handler;
}

void trap_set_fault_signal(fault_signal_handler *handler)
{
	fault_signal = handler;
}

void trap_set_interrupt(unsigned int number, interrupt_handler *handler)
{
	interrupt_handlers[number] = handler;
}

void trap_init_hart(void)
{
	csr_write(sie, 0);
	csr_write(stvec, trap_entry);
	csr_write(sscratch, this_hart->trap_stack_top);
}

const char *trap_name(unsigned long scause)
{
	if (scause & SCAUSE_INTERRUPT)
		return "interrupt";
	if (scause < ARRAY_SIZE(exception_names) && exception_names[scause])
		return exception_names[scause];
	return "unknown exception";
}

static void serve(struct hart *hart, unsigned long number,
                  const struct trap_frame *frame)
{
	assert_no_lock_held("an interrupt");
	hart->irq_depth++;
	WRITE_ONCE(hart->interrupted, frame);
	interrupt_handlers[number]();
	WRITE_ONCE(hart->interrupted, NULL);
	hart->irq_depth--;
}

void trap_serve_pending(void)
{
	const unsigned long pending = csr_read(sip) & csr_read(sie);

	if (pending & SIE_SEIE)
		serve(this_hart, IRQ_EXTERNAL, NULL);
	else if (pending & SIE_STIE)
		serve(this_hart, IRQ_TIMER, NULL);
}

static void trap_interrupt(struct trap_frame *frame)
{
	unsigned long number = frame->scause & ~SCAUSE_INTERRUPT;
	struct hart *hart = this_hart;

	if (number >= INTERRUPTS || !interrupt_handlers[number])
		panic_trap(frame, "interrupt %lu has no handler", number);
	serve(hart, number, frame);
	if (hart->thread && READ_ONCE(hart->thread->interrupted))
		sched_divert(frame);
	if (READ_ONCE(hart->queue.should_switch))
		sched_end_of_interrupt(frame);
}

static bool is_page_fault(unsigned long scause)
{
	return scause == EXC_LOAD_PAGE || scause == EXC_STORE_PAGE ||
	       scause == EXC_INST_PAGE;
}

static bool is_probe(const struct trap_frame *frame)
{
	return frame->sepc - (uintptr_t)probe_start <
	       (uintptr_t)(probe_end - probe_start);
}

static bool is_marked(unsigned long at)
{
	const uint16_t *word = (const uint16_t *)at;

	return at - (uintptr_t)__text_start <
	               (uintptr_t)(__text_end - __text_start) &&
	       (word[0] | (unsigned int)word[1] << 16) == FAULT_MARK_WORD;
}

/* Is it an access that the code expects to trap? Then it goes on behind it. */
static bool skip_marked(struct trap_frame *frame)
{
	const unsigned long in_string = frame->sepc - (uintptr_t)__string_start;

	if (in_string < (uintptr_t)(__string_end - __string_start)) {
		if (!is_marked(frame->x[1]))
			return false;
		frame->sepc = frame->x[1] + 8;
		frame->x[10] = -EFAULT;
		return true;
	}
	if (!is_marked(frame->sepc + 4))
		return false;
	frame->sepc += 4;
	frame->x[31] = -EFAULT;
	return true;
}

static bool is_data_fault(unsigned long scause)
{
	return scause == EXC_LOAD_PAGE || scause == EXC_STORE_PAGE ||
	       scause == EXC_LOAD_ACCESS || scause == EXC_STORE_ACCESS ||
	       scause == EXC_LOAD_MISALIGNED || scause == EXC_STORE_MISALIGNED;
}

/* Of an exception other than a page fault. */
static int signal_of(unsigned long scause)
{
	switch (scause) {
	case EXC_ILLEGAL:
		return SIGILL;
	case EXC_BREAKPOINT:
		return SIGTRAP;
	default:
		return SIGBUS;
	}
}

void trap_dispatch(struct trap_frame *frame)
{
	int signal;

	if (frame->scause & SCAUSE_INTERRUPT) {
		trap_interrupt(frame);
		return;
	}
	signal = signal_of(frame->scause);
	if (is_page_fault(frame->scause) && page_fault_handler) {
		signal = page_fault_handler(frame);
		if (signal == 0)
			return;
	}
	if (is_probe(frame)) {
		frame->sepc = (uintptr_t)probe_failed;
		return;
	}
	if (is_data_fault(frame->scause) && skip_marked(frame))
		return;
	if (fault_signal && fault_signal(frame, signal, frame->stval))
		return;
	panic_trap(frame, "%s at %#lx", trap_name(frame->scause), frame->stval);
}

void trap_stack_exhausted(struct trap_frame *frame)
{
	panic_trap(frame,
	           "trap stack exhausted or corrupted: %s at %#lx inside a "
	           "trap, sp %#lx",
	           trap_name(frame->scause), frame->stval, frame->x[2]);
}

void trap_hopeless(unsigned long scause, unsigned long sepc,
                   unsigned long stval)
{
	panic_last_line("emergency stack exhausted", scause, sepc, stval);
}

static bool probe_width(unsigned int bytes, uintptr_t address)
{
	return (bytes == 2 || bytes == 4 || bytes == 8) &&
	       IS_ALIGNED(address, bytes);
}

static int probe_copy(const void *from, void *to, unsigned int bytes,
                      uintptr_t probed)
{
	const char *source = from;
	char *target = to;
	unsigned int i;

	if (probe_width(bytes, probed))
		return probe_load(from, to, bytes);
	for (i = 0; i < bytes; i++) {
		int err = probe_load(source + i, target + i, 1);

		if (err)
			return err;
	}
	return 0;
}

int probe_read(const void *address, void *to, unsigned int bytes)
{
	return probe_copy(address, to, bytes, (uintptr_t)address);
}

int probe_write(void *address, const void *from, unsigned int bytes)
{
	return probe_copy(from, address, bytes, (uintptr_t)address);
}
