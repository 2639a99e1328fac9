/* SPDX-License-Identifier: MIT */
/*
 * The functions that musl expects in assembler on RISC-V and takes from here:
 * names and meanings are musl's (src/thread/pthread_impl.h, pthread_cancel.c).
 */
#ifndef POSIX_GLUE_GLUE_H
#define POSIX_GLUE_GLUE_H

#include <stddef.h>
#include <sys/types.h>

#include "glue_asm.h"

#define GLUE_HIDDEN __attribute__((visibility("hidden")))

/*
 * A system call that is a cancellation point; @cancel is the thread's flag, @call
 * the call's function. Returns the call's result, or what __cancel() returns when
 * the flag is set.
 */
GLUE_HIDDEN long __syscall_cp_asm(const volatile void *cancel, long call,
                                  long a, long b, long c, long d, long e,
                                  long f);

/* Weak: only pthread_cancel.o has it, and it must not be pulled in by us. */
GLUE_HIDDEN __attribute__((weak)) long __cancel(void);

/*
 * The range that musl's signal handler takes for a system call, and where it sends
 * a thread that is in it (cancel.S).
 */
GLUE_HIDDEN extern const char __cp_begin[], __cp_end[], __cp_cancel[];

/*
 * syscall(2) is in syscall.S, and goes through this table; numbers that are not in
 * it, and errors, come back to C (posix/dispatch.c).
 */
typedef long system_call(long a, long b, long c, long d, long e, long f);
extern system_call *const syscall_table[];
GLUE_HIDDEN long syscall_failed(long result);

/* -1 and errno for a @result from -4095 to -1, else @result. */
GLUE_HIDDEN long __syscall_ret(unsigned long result);
GLUE_HIDDEN long syscall_unknown(long n);

/* Make main()'s thread-local variables and its thread pointer; @aux: not used. */
GLUE_HIDDEN void __init_tls(size_t *aux);

/* musl's, of src/internal/libc.h: what comes first of both. */
struct tls_module {
	struct tls_module *next;
	void *image;
	size_t len, size, align, offset;
};

GLUE_HIDDEN extern struct musl_libc {
	char flags[4];
	int threads_minus_1;
	size_t *auxv;
	struct tls_module *tls_head;
	size_t tls_size, tls_align, tls_cnt;
} __libc;

GLUE_HIDDEN extern unsigned int __default_stacksize;

/* musl's: lay a thread out in @memory, and make it the calling one. */
GLUE_HIDDEN void *__copy_tls(unsigned char *memory);
GLUE_HIDDEN int __init_tp(void *thread);

/* What a thread's variables, and what the C library keeps of it, take. */
GLUE_HIDDEN size_t glue_tls_bytes(void);

/*
 * mmap(), mprotect() and munmap() of pthread_create() and pthread_join(): of those
 * for a thread with a guard in front of its stack (stack.c).
 */
GLUE_HIDDEN void *thread_stack_map(void *at, size_t bytes, int prot, int flags,
                                   int fd, off_t offset);
GLUE_HIDDEN int thread_stack_protect(void *at, size_t bytes, int prot);
GLUE_HIDDEN int thread_stack_unmap(void *base, size_t bytes);

/* @function in every thread of the process, where Linux keeps state for each. */
GLUE_HIDDEN void __synccall(void (*function)(void *context), void *context);

/* The system call @number of the setuid() family: 0, or -1 and errno. */
GLUE_HIDDEN int __setxid(int number, int id, int effective, int saved);

/*
 * Start a thread: returns its number, or -ENOMEM; -ENOSYS for what would be a
 * process. Further arguments: where to put the number, the thread pointer, the word
 * to clear and wake at its end.
 */
GLUE_HIDDEN int __clone(int (*function)(void *), void *stack, int flags,
                        void *argument, ...);

/* End the calling, detached thread and unmap its stack. */
GLUE_HIDDEN void __unmapself(void *base, size_t size) __attribute__((noreturn));

/* Where a Linux signal handler returns to; no handler is entered that way. */
GLUE_HIDDEN void __restore(void) __attribute__((noreturn));
GLUE_HIDDEN void __restore_rt(void) __attribute__((noreturn));

#endif /* POSIX_GLUE_GLUE_H */
