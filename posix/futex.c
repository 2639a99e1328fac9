/* SPDX-License-Identifier: MIT */
/*
 * Futexes of a process with one thread. Nobody else can wake it, so a wait ends
 * at its timeout only, and a wait without one would last for ever: that is a
 * deadlock of the application, and it is told instead of hanging.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/panic.h"
#include "core/timer.h"
#include "posix/clock.h"
#include "posix/syscalls.h"
#include "posix/user_memory.h"

/* Operations and flags as Linux numbers them. */
#define FUTEX_WAIT           0
#define FUTEX_WAKE           1
#define FUTEX_REQUEUE        3
#define FUTEX_CMP_REQUEUE    4
#define FUTEX_WAIT_BITSET    9
#define FUTEX_WAKE_BITSET    10
#define FUTEX_PRIVATE_FLAG   0x80
#define FUTEX_CLOCK_REALTIME 0x100
#define FUTEX_COMMAND_MASK   0x7f

/* WAIT takes a duration, WAIT_BITSET a moment. */
static int wait_end_ns(int operation, const struct timespec *timeout,
                       uint64_t *end_out)
{
	const int clock = (operation & FUTEX_CLOCK_REALTIME) ? CLOCK_REALTIME
	                                                     : CLOCK_MONOTONIC;
	const uint64_t now_ns = timer_now_ns();

	if (!user_can_read(timeout, sizeof(*timeout)))
		return -EFAULT;
	if (!timespec_is_sane(timeout))
		return -EINVAL;
	if ((operation & FUTEX_COMMAND_MASK) == FUTEX_WAIT_BITSET)
		return clock_absolute_ns(clock, timeout, end_out);

	if (__builtin_add_overflow(now_ns, timespec_ns(timeout), end_out))
		*end_out = UINT64_MAX;
	return 0;
}

static long futex_wait(const uint32_t *word, int operation, uint32_t expected,
                       const struct timespec *timeout)
{
	uint64_t end_ns = UINT64_MAX;
	int err = 0;

	if (timeout)
		err = wait_end_ns(operation, timeout, &end_ns);
	if (err)
		return err;
	if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != expected)
		return -EAGAIN;
	if (!timeout) {
		panic("deadlock: the only thread waits for itself at %p "
		      "(a mutex taken twice, or a condition nobody signals)",
		      (const void *)word);
	}

	clock_wait_until(end_ns);
	return -ETIMEDOUT;
}

SYSCALL(futex,
        (const uint32_t *word, int operation, uint32_t value,
         const struct timespec *timeout, uint32_t value3),
        (void *)a, b, c, (void *)d, f)
{
	if (!user_can_read(word, sizeof(*word)))
		return -EFAULT;
	if ((uintptr_t)word % sizeof(*word) != 0)
		return -EINVAL;

	switch (operation & FUTEX_COMMAND_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		return futex_wait(word, operation, value, timeout);
	case FUTEX_CMP_REQUEUE:
		return *word == value3 ? 0 : -EAGAIN;
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
	case FUTEX_REQUEUE:
		return 0;
	default:
		return -ENOSYS;
	}
}
