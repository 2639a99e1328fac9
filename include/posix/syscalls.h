/* SPDX-License-Identifier: MIT */
/*
 * The Linux system calls as functions. musl calls sys_<name>() directly where it
 * knows the number at compile time (vireo_no_syscall() where there is no such
 * function); syscall(2) goes through a table.
 *
 * Every call returns a value >= 0, or -errno as Linux's riscv64 kernel does. A
 * pointer that is not mapped is -EFAULT, never a panic.
 * Context: threads of the application, interrupts on, no lock held.
 */
#ifndef POSIX_SYSCALLS_H
#define POSIX_SYSCALLS_H

#include <stdbool.h>
#include <syscall_names.h>

#include "core/compiler.h"
#include "core/thread.h"

#define SYSCALL_PROTOTYPE(name) \
	long sys_##name(long a, long b, long c, long d, long e, long f);
SYSCALL_NAMES(SYSCALL_PROTOTYPE)
#undef SYSCALL_PROTOTYPE

/* Returns -ENOSYS; each number is counted, and logged when it comes first. */
long vireo_no_syscall(long n);

/* How often call @n was refused; one count for all numbers that Linux has not. */
unsigned int syscalls_refused(long n);

/* Calls @visit for each that was. */
void syscalls_visit_refused(void (*visit)(const char *name, unsigned int count,
                                          void *context),
                            void *context);

/*
 * Defines sys_<name>() as a function with typed parameters:
 *
 *     SYSCALL(fsync, (int fd), a)
 *     {
 *             return file_sync(fd);
 *     }
 *
 * a .. f are the arguments as they come; pointers need a cast.
 *
 * While it runs no signal handler does: those of signals that came run when it has
 * returned, with no lock held. A call that was interrupted (-EINTR) then begins
 * again if no handler ran, or all asked for that (SA_RESTART). One that found no
 * memory has changed nothing, and begins again when malloc() had some to give back.
 * cost: 9 instructions
 */
#define SYSCALL(name, parameters, ...) \
	SYSCALL_THAT(sys_##name, call_##name, true, parameters, __VA_ARGS__)

/* It never begins again after a handler: sleep, poll, sigsuspend and their kin. */
#define SYSCALL_ONCE(name, parameters, ...) \
	SYSCALL_THAT(sys_##name, call_##name, false, parameters, __VA_ARGS__)

/* It waits for nothing and takes no lock that a handler could want. */
#define SYSCALL_QUICK(name, parameters, ...)                            \
	static __always_inline long call_##name parameters;             \
	long sys_##name(long a, long b, long c, long d, long e, long f) \
	{                                                               \
		(void)a, (void)b, (void)c, (void)d, (void)e, (void)f;   \
		return call_##name(__VA_ARGS__);                        \
	}                                                               \
	static __always_inline long call_##name parameters

/* Names come pasted: macros of the C library must not change them. */
#define SYSCALL_THAT(call, body, may_begin_again, parameters, ...)            \
	static __always_inline long body parameters;                          \
	long call(long a, long b, long c, long d, long e, long f)             \
	{                                                                     \
		long result;                                                  \
                                                                              \
		(void)a, (void)b, (void)c, (void)d, (void)e, (void)f;         \
		for (;;) {                                                    \
			long in_register;                                     \
                                                                              \
			syscall_begin();                                      \
			in_register = body(__VA_ARGS__);                      \
			if (likely(!syscall_has_failed(in_register)) &&       \
			    likely(!syscall_end()))                           \
				return in_register;                           \
			result = in_register;                                 \
			if (!syscall_interrupted(&result, may_begin_again) && \
			    !syscall_finds_memory(result))                    \
				return result;                                \
		}                                                             \
	}                                                                     \
	static __always_inline long body parameters

/*
 * What calls end with that have failed, or during which signals came. Set by the
 * first signal that is sent. A call that has failed has not ended yet: until it is
 * known whether it begins again nobody else may take the signal.
 */
extern bool (*syscall_interrupted)(long *result, bool may_begin_again);

/* Addresses are below 0 too. */
static __always_inline bool syscall_has_failed(long result)
{
	return (unsigned long)result > -4096ul;
}

/* After a call that failed: it was for memory, and now there is some. */
bool syscall_finds_memory(long result);

static __always_inline void syscall_begin(void)
{
	current_thread()->in_call++;
	__asm__ volatile("" : : : "memory");
}

/* True: there are signals to look at. */
static __always_inline bool syscall_end(void)
{
	struct thread *self = current_thread();

	__asm__ volatile("" : : : "memory");
	self->in_call--;
	__asm__ volatile("" : : : "memory");
	return READ_ONCE(self->interrupted);
}

#endif /* POSIX_SYSCALLS_H */
