/* SPDX-License-Identifier: MIT */
/*
 * The functions that musl expects in assembler on RISC-V and takes from here:
 * names and meanings are musl's (src/thread/pthread_impl.h, pthread_cancel.c).
 */
#ifndef POSIX_GLUE_GLUE_H
#define POSIX_GLUE_GLUE_H

#include <stddef.h>

#define GLUE_HIDDEN __attribute__((visibility("hidden")))

/*
 * A system call that is a cancellation point; @cancel is the thread's flag.
 * Returns the call's result, or what __cancel() returns when the flag is set.
 */
GLUE_HIDDEN long __syscall_cp_asm(const volatile void *cancel, long n, long a,
                                  long b, long c, long d, long e, long f);

/* Weak: only pthread_cancel.o has it, and it must not be pulled in by us. */
GLUE_HIDDEN __attribute__((weak)) long __cancel(void);

/* Where musl's signal handler looks for a program counter: nowhere here. */
GLUE_HIDDEN extern const char __cp_begin[1], __cp_end[1], __cp_cancel[1];

/* Start a thread. Returns -ENOSYS: pthread_create() then fails with EAGAIN. */
GLUE_HIDDEN int __clone(int (*function)(void *), void *stack, int flags,
                        void *argument, ...);

/* End a detached thread and unmap its stack; none can exist. */
GLUE_HIDDEN void __unmapself(void *base, size_t size) __attribute__((noreturn));

/* Where a Linux signal handler returns to; no handler is entered that way. */
GLUE_HIDDEN void __restore(void) __attribute__((noreturn));
GLUE_HIDDEN void __restore_rt(void) __attribute__((noreturn));

#endif /* POSIX_GLUE_GLUE_H */
