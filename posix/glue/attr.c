/* SPDX-License-Identifier: MIT */
/*
 * The least stack of a thread. System calls run on it, and the C library's
 * PTHREAD_STACK_MIN counts on a kernel that has stacks of its own: whoever asks for
 * less than what calls and a signal's frame need gets that much.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>

#define STACK_LEAST 8192u

int pthread_attr_setstacksize(pthread_attr_t *attr, size_t size)
{
	if (size < PTHREAD_STACK_MIN || size > SIZE_MAX / 4)
		return EINVAL;
	/* The first word is the size, as musl has it. */
	attr->__u.__s[0] = size < STACK_LEAST ? STACK_LEAST : size;
	return 0;
}
