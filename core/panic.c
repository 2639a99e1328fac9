/* SPDX-License-Identifier: MIT */
/*
 * The first hart that panics speaks, others stop. Every part of the report may
 * itself fail: the message comes first, then registers and backtrace, then what
 * needs more of a sound system. A panic inside a panic prints its message and
 * ends at once. Nothing here takes a lock or allocates; the buffers are static
 * because the stack may be short.
 */
#include "core/panic.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "arch/csr.h"
#include "arch/memmap.h"
#include "arch/sbi.h"
#include "core/backtrace.h"
#include "core/console.h"
#include "core/hart.h"
#include "core/log.h"
#include "core/power.h"
#include "core/thread.h"
#include "core/trap.h"
#include "lib/printf.h"

#define PANIC_LINE_BYTES 512u
#define PANIC_FRAMES     24u
#define PANIC_LOG_LINES  12u
#define STOP_TIMEOUT_NS  500000000u
#define GUARD_REACH      4096ul /* below a stack: its guard page */

static const char *const register_names[32] = {
	"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
	"a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
	"s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"
};

static address_describer *describer;
static struct hart *panicking; /* [A] the hart that speaks */
static char line[PANIC_LINE_BYTES];
static uintptr_t frames[PANIC_FRAMES];

void panic_set_address_describer(address_describer *describe)
{
	describer = describe;
}

static void say(const char *format, ...) __printf_like(1, 2);
static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	kvsnprintf(line, sizeof(line), format, args);
	va_end(args);
	console_write_unlocked(line, strlen(line));
}

/* What stands in line[] ends the line on the console. */
static void end_line(void)
{
	console_write_unlocked(line, strlen(line));
	console_write_unlocked("\n", 1);
}

static void say_message(const char *format, va_list args)
{
	say("\nPANIC on hart %u: ", this_hart->index);
	kvsnprintf(line, sizeof(line), format, args);
	end_line();
}

/* Idle threads have no name that says more than that. */
static void say_thread(void)
{
	const struct thread *thread = this_hart->thread;

	if (thread)
		say("thread %u (%s)%s\n", thread->id, thread->name,
		    in_interrupt() ? ", in an interrupt" : "");
}

static void say_registers(const struct trap_frame *frame)
{
	unsigned int i;

	say("  scause %#lx (%s)  stval %#lx\n", frame->scause,
	    trap_name(frame->scause), frame->stval);
	say("  sepc %016lx  sstatus %016lx\n", frame->sepc, frame->sstatus);
	for (i = 1; i < 32; i++) {
		say("  %-3s %016lx%s", register_names[i],
		    i == 3 ? (unsigned long)this_hart : frame->x[i],
		    i % 4 == 0 || i == 31 ? "\n" : "");
	}
}

static void say_backtrace(unsigned int count)
{
	unsigned int i;

	say("backtrace:\n");
	for (i = 0; i < count; i++) {
		say("  %016lx  ", frames[i]);
		/* A return address belongs to the call before it. */
		symbol_format(frames[i] - (i > 0), line, sizeof(line));
		end_line();
	}
}

static void say_address(const char *what, unsigned long address)
{
	if (!describer)
		return;
	say("%s %#lx is ", what, address);
	line[0] = '\0';
	describer(address, line, sizeof(line));
	end_line();
}

/* In the guard page, or as far away as one large frame reaches. */
static bool is_below_stack(unsigned long address)
{
	const struct thread *thread = this_hart->thread;

	return thread && thread->stack_bytes > 0 &&
	       thread->stack_bottom - 1 - address < GUARD_REACH;
}

static void say_faulting_addresses(const struct trap_frame *frame)
{
	uintptr_t start;

	if (frame->scause & SCAUSE_INTERRUPT ||
	    frame->scause == EXC_BREAKPOINT || frame->scause == EXC_ILLEGAL)
		return;
	say_address("address", frame->stval);
	if (is_below_stack(frame->stval)) {
		say("the stack of thread %u (%s) has overflowed its %zu "
		    "bytes\n",
		    this_hart->thread->id, this_hart->thread->name,
		    this_hart->thread->stack_bytes);
	} else if (frame->stval - frame->x[2] + PAGE_SIZE < 2 * PAGE_SIZE) {
		say("sp points there: the stack has overflowed\n");
	}
	if (frame->sepc != frame->stval && !symbol_lookup(frame->sepc, &start))
		say_address("code", frame->sepc);
}

static void say_log_line(const char *text, void *context)
{
	(void)context;
	say("  %s\n", text);
}

static void say_log(void)
{
	say("log:\n");
	log_tail(PANIC_LOG_LINES, say_log_line, NULL);
}

/* Returns on the first panic only; a second one ends the machine. */
static void panic_begin(const char *format, va_list args)
{
	struct hart *nobody = NULL;
	unsigned int deaf;

	irq_save();
	if (!__atomic_compare_exchange_n(&panicking, &nobody, this_hart, false,
	                                 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		if (nobody != this_hart)
			hart_stop_this();
		say_message(format, args);
		say("a panic inside a panic: no more can be said\n");
		power_off(PANIC_EXIT_STATUS);
	}
	deaf = hart_stop_others(STOP_TIMEOUT_NS);
	say_message(format, args);
	say_thread();
	if (deaf > 0)
		say("%u other harts do not stop\n", deaf);
}

void panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	panic_begin(format, args);
	va_end(args);
	say_backtrace(backtrace_here(frames, PANIC_FRAMES));
	say_log();
	power_off(PANIC_EXIT_STATUS);
}

void panic_trap(const struct trap_frame *frame, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	panic_begin(format, args);
	va_end(args);
	say_faulting_addresses(frame);
	say_registers(frame);
	say_backtrace(backtrace_trap(frame, frames, PANIC_FRAMES, NULL));
	say_log();
	power_off(PANIC_EXIT_STATUS);
}

static void raw_puts(const char *text)
{
	while (*text)
		sbi_putchar(*text++);
}

static void raw_put_hex(unsigned long value)
{
	int shift;

	for (shift = 60; shift >= 0; shift -= 4)
		sbi_putchar("0123456789abcdef"[value >> shift & 15]);
}

void panic_last_line(const char *why, unsigned long scause, unsigned long sepc,
                     unsigned long stval)
{
	raw_puts("\r\nPANIC: ");
	raw_puts(why);
	raw_puts(": scause ");
	raw_put_hex(scause);
	raw_puts(" sepc ");
	raw_put_hex(sepc);
	raw_puts(" stval ");
	raw_put_hex(stval);
	raw_puts("\r\n");
	power_off(PANIC_EXIT_STATUS);
}
