/* SPDX-License-Identifier: MIT */
/*
 * Cancellation points. On Linux musl's signal handler compares the interrupted
 * program counter with the range of the system call to tell whether the thread
 * was in one. Here the thread says so itself: while it is in such a call its task
 * holds the address of its flag. A signal that arrives then only ends the call's
 * wait (posix/signal_deliver.c), the call returns -EINTR, and musl looks at the
 * flag again.
 */
#include "core/compiler.h"
#include "core/thread.h"
#include "glue.h"
#include "posix/signal.h"
#include "posix/task.h"
#include "syscall_arch.h"

long vireo_call(long call, long a, long b, long c, long d, long e, long f)
{
	return ((system_call *)call)(a, b, c, d, e, f);
}

/* In an image without pthread_cancel(); musl's own is not weak. */
__weak long __syscall_cp_c(long call, long a, long b, long c, long d, long e,
                           long f)
{
	return ((system_call *)call)(a, b, c, d, e, f);
}

/*
 * The flag is looked at after the address is there: whoever sets it later sends a
 * signal that finds the address.
 */
long __syscall_cp_asm(const volatile void *cancel, long call, long a, long b,
                      long c, long d, long e, long f)
{
	struct task *self = current_task();
	long result;

	WRITE_ONCE(self->cancel, cancel);
	if (*(const volatile int *)cancel) {
		WRITE_ONCE(self->cancel, NULL);
		return __cancel();
	}
	result = ((system_call *)call)(a, b, c, d, e, f);
	WRITE_ONCE(self->cancel, NULL);
	if (unlikely(READ_ONCE(self->thread.interrupted)))
		signals_take();
	return result;
}
