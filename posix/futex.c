/* SPDX-License-Identifier: MIT */
/*
 * The system call futex(): which operation, and until when. Private and shared
 * ones are the same, as there is one address space. Those that lend the waiter's
 * priority to the owner (PI) do not exist: musl then refuses
 * PTHREAD_PRIO_INHERIT with ENOSYS.
 */
#include "posix/futex.h"

#include <errno.h>
#include <stdbool.h>
#include <time.h>

#include "core/thread.h"
#include "core/timer.h"
#include "core/user_access.h"
#include "posix/clock.h"
#include "posix/futex_internal.h"
#include "posix/syscalls.h"

/* Operations and flags as Linux numbers them. */
#define FUTEX_WAIT           0
#define FUTEX_WAKE           1
#define FUTEX_REQUEUE        3
#define FUTEX_CMP_REQUEUE    4
#define FUTEX_WAKE_OP        5
#define FUTEX_WAIT_BITSET    9
#define FUTEX_WAKE_BITSET    10
#define FUTEX_CLOCK_REALTIME 0x100
#define FUTEX_COMMAND_MASK   0x7f /* without PRIVATE and CLOCK_REALTIME */

/* WAIT takes a duration, WAIT_BITSET a moment. */
static int end_of_wait(int operation, const struct timespec *timeout,
                       uint64_t *end_out)
{
	const int clock = operation & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME
	                                                   : CLOCK_MONOTONIC;
	struct timespec time;

	*end_out = UINT64_MAX;
	if (!timeout)
		return 0;
	if (copy_from_user(&time, timeout, sizeof(time)) != 0)
		return -EFAULT;
	if (!timespec_is_sane(&time))
		return -EINVAL;
	if ((operation & FUTEX_COMMAND_MASK) == FUTEX_WAIT_BITSET)
		return clock_absolute_ns(clock, &time, end_out);
	if (__builtin_add_overflow(timer_now_ns(), timespec_ns(&time), end_out))
		*end_out = UINT64_MAX;
	return 0;
}

static long requeue(const uint32_t *word, int count, const uint32_t *other,
                    int move, const uint32_t *compare)
{
	uint32_t touched;

	if (count < 0 || move < 0)
		return -EINVAL;
	if (compare && copy_from_user(&touched, word, sizeof(touched)) != 0)
		return -EFAULT;
	return futex_requeue(word, (unsigned int)count, other,
	                     (unsigned int)move, compare);
}

/* What WAKE_OP does to the second word, packed into its last argument. */
#define OP_OF(op)        ((op) >> 28 & 7)
#define OP_IS_SHIFT(op)  ((op) >> 31)
#define OP_COMPARE(op)   ((op) >> 24 & 0xf)
#define OP_OPERAND(op)   ((int32_t)((op) << 8) >> 20)
#define OP_COMPARAND(op) ((int32_t)((op) << 20) >> 20)

#define USER_AMO(instruction, old, value, pointer, error)                 \
	__asm__ volatile(FAULT_MARKED(instruction ".w.aqrl %1, %2, (%3)") \
	                 : "+r"(error), "=&r"(old)                        \
	                 : "r"(value), "r"(pointer)                       \
	                 : "memory")

/* *@word = *@word op operand, in one instruction; the value before. */
static int modify_word(uint32_t *word, uint32_t op, int32_t *old_out)
{
	register long error __asm__("t6") = 0;
	int32_t operand = OP_OPERAND(op);
	long old;

	if (OP_IS_SHIFT(op))
		operand = (int32_t)(1u << (operand & 31));
	switch (OP_OF(op)) {
	case 0:
		USER_AMO("amoswap", old, operand, word, error);
		break;
	case 1:
		USER_AMO("amoadd", old, operand, word, error);
		break;
	case 2:
		USER_AMO("amoor", old, operand, word, error);
		break;
	case 3:
		USER_AMO("amoand", old, ~operand, word, error);
		break;
	case 4:
		USER_AMO("amoxor", old, operand, word, error);
		break;
	default:
		return -ENOSYS;
	}
	*old_out = (int32_t)old;
	return (int)error;
}

static int compare(int32_t old, uint32_t op)
{
	const int32_t with = OP_COMPARAND(op);

	switch (OP_COMPARE(op)) {
	case 0:
		return old == with;
	case 1:
		return old != with;
	case 2:
		return old < with;
	case 3:
		return old <= with;
	case 4:
		return old > with;
	case 5:
		return old >= with;
	default:
		return -ENOSYS;
	}
}

static long wake_op(const uint32_t *word, unsigned int count, uint32_t *other,
                    unsigned int other_count, uint32_t op)
{
	int32_t old;
	int err = compare(0, op);
	long woken;

	if (err >= 0)
		err = modify_word(other, op, &old);
	if (err < 0)
		return err;
	woken = futex_wake(word, count);
	if (compare(old, op))
		woken += futex_wake(other, other_count);
	return woken;
}

static bool is_aligned(const void *word)
{
	return (uintptr_t)word % sizeof(uint32_t) == 0;
}

/* Linux wakes one also when asked for none. */
static unsigned int at_least_one(uint32_t count)
{
	return (int32_t)count > 0 ? count : 1;
}

static int wait_once(const uint32_t *word, int operation, uint32_t value,
                     const struct timespec *timeout, uint32_t bitset)
{
	uint64_t end_ns = UINT64_MAX;
	int err = 0;

	if (timeout)
		err = end_of_wait(operation, timeout, &end_ns);
	return err ? err : futex_wait(word, value, bitset, end_ns);
}

/*
 * The only operations in whose middle no handler may run. As on Linux, a wait with
 * a timeout does not begin again after one.
 */
static __noinline long wait(const uint32_t *word, int operation, uint32_t value,
                            const struct timespec *timeout, uint32_t bitset)
{
	long result;

	if (!bitset)
		return -EINVAL;
	do {
		syscall_begin();
		result = wait_once(word, operation, value, timeout, bitset);
	} while ((syscall_has_failed(result) || unlikely(syscall_end())) &&
	         syscall_interrupted(&result, !timeout));
	return result;
}

static __noinline long two_words(uint32_t *word, int operation, uint32_t value,
                                 int count, uint32_t *other, uint32_t value3)
{
	if (!is_aligned(other))
		return -EINVAL;
	switch (operation & FUTEX_COMMAND_MASK) {
	case FUTEX_REQUEUE:
		return requeue(word, (int)value, other, count, NULL);
	case FUTEX_CMP_REQUEUE:
		return requeue(word, (int)value, other, count, &value3);
	case FUTEX_WAKE_OP:
		return wake_op(word, at_least_one(value), other,
		               at_least_one((uint32_t)count), value3);
	default:
		return -ENOSYS;
	}
}

SYSCALL_QUICK(futex,
              (uint32_t * word, int operation, uint32_t value, long timeout,
               uint32_t *other, uint32_t value3),
              (void *)a, b, c, d, (void *)e, f)
{
	if (!is_aligned(word))
		return -EINVAL;
	switch (operation & FUTEX_COMMAND_MASK) {
	case FUTEX_WAKE:
		value3 = FUTEX_BITSET_MATCH_ANY;
		/* fall through */
	case FUTEX_WAKE_BITSET:
		if (!value3)
			return -EINVAL;
		return futex_wake_bitset(word, at_least_one(value), value3);
	case FUTEX_WAIT:
		value3 = FUTEX_BITSET_MATCH_ANY;
		/* fall through */
	case FUTEX_WAIT_BITSET:
		return wait(word, operation, value, (void *)timeout, value3);
	default:
		return two_words(word, operation, value, (int)timeout, other,
		                 value3);
	}
}
