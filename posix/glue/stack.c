/* SPDX-License-Identifier: MIT */
/*
 * What pthread_create() and pthread_join() call for the memory of a thread, instead
 * of mmap(), mprotect() and munmap() (tools/musl.sh): a kept stack, or those.
 */
#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>

#include "core/compiler.h"
#include "glue.h"
#include "posix/thread_stack.h"

#define KEYS_BYTES (PTHREAD_KEYS_MAX * sizeof(void *))

/* Between the two calls that make a stack: it is there already, with this guard. */
static _Thread_local struct {
	char *base;
	size_t bytes;
	size_t guard;
} taken;

void *thread_stack_map(void *at, size_t bytes, int prot, int flags, int fd,
                       off_t offset)
{
	taken.base = NULL;
	if (likely(prot == PROT_NONE))
		taken.base = thread_stack_take(
			bytes, glue_tls_bytes() + KEYS_BYTES, &taken.guard);
	taken.bytes = bytes;
	if (taken.base)
		return taken.base;
	return mmap(at, bytes, prot, flags, fd, offset);
}

int thread_stack_protect(void *at, size_t bytes, int prot)
{
	if (likely(taken.base && at == taken.base + taken.guard))
		return 0;
	if (taken.base && mprotect(taken.base, taken.bytes, PROT_NONE) != 0)
		return -1;
	return mprotect(at, bytes, prot);
}

int thread_stack_unmap(void *base, size_t bytes)
{
	const long result = thread_stack_put(base, bytes);

	return result == 0 ? 0 : (int)syscall_failed(result);
}
