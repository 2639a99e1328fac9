/* SPDX-License-Identifier: MIT */
/*
 * The Linux system calls as functions. musl calls sys_<name>() directly where it
 * knows the number at compile time (vireo_no_syscall() where there is no such
 * function), and vireo_syscall() where it does not. The list of names is
 * posix/syscalls.list.
 *
 * Every call returns a value >= 0, or -errno as Linux's riscv64 kernel does. A
 * pointer that is not mapped is -EFAULT, never a panic.
 * Context: the thread of main(), interrupts on, no lock held.
 */
#ifndef POSIX_SYSCALLS_H
#define POSIX_SYSCALLS_H

#include <syscall_list.h>

#include "core/compiler.h"

#define SYSCALL_PROTOTYPE(name) \
	long sys_##name(long a, long b, long c, long d, long e, long f);
SYSCALL_LIST(SYSCALL_PROTOTYPE)
#undef SYSCALL_PROTOTYPE

/* The call with number @n, vireo_no_syscall() if it is not in the list. */
long vireo_syscall(long n, long a, long b, long c, long d, long e, long f);

/* Returns -ENOSYS; each number is counted, and logged when it comes first. */
long vireo_no_syscall(long n);

/* How often calls that do not exist were asked for. */
unsigned long syscalls_refused(void);

/*
 * Defines sys_<name>() as a function with typed parameters:
 *
 *     SYSCALL(kill, (pid_t pid, int signal), a, b)
 *     {
 *             return signal_send(signal);
 *     }
 *
 * a .. f are the arguments as they come; pointers need a cast. CALLER() in the
 * body is who called sys_<name>().
 */
#define SYSCALL(name, parameters, ...)                                  \
	static __always_inline long call_##name parameters;             \
	long sys_##name(long a, long b, long c, long d, long e, long f) \
	{                                                               \
		(void)a, (void)b, (void)c, (void)d, (void)e, (void)f;   \
		return call_##name(__VA_ARGS__);                        \
	}                                                               \
	static __always_inline long call_##name parameters

#endif /* POSIX_SYSCALLS_H */
