/* SPDX-License-Identifier: MIT */
/*
 * The list is in the application's memory and may be broken: it is followed for
 * a while at most, and what cannot be read ends the walk. A word is changed by
 * single atomic instructions that may trap: nobody but its owner, which is the
 * thread that ends, changes more of it than the bit for waiters.
 */
#include "posix/robust.h"

#include <errno.h>
#include <stdint.h>

#include "core/lock.h"
#include "core/user_access.h"
#include "posix/futex.h"
#include "posix/syscalls.h"
#include "posix/task.h"

/* Bits of a robust futex's word, as Linux defines them. */
#define FUTEX_WAITERS    0x80000000u
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_TID_MASK   0x3fffffffu

#define ENTRIES_MAX 2048u

#define USER_AMO(instruction, value, pointer, error)                 \
	__asm__ volatile(FAULT_MARKED(instruction " zero, %1, (%2)") \
	                 : "+r"(error)                               \
	                 : "r"(value), "r"(pointer)                  \
	                 : "memory")

static void owner_died(const uint32_t *word)
{
	const uint32_t keep = ~FUTEX_TID_MASK;
	register long error __asm__("t6") = 0;
	uint32_t value;

	if ((uintptr_t)word % sizeof(*word) != 0 || get_user(value, word) != 0)
		return;
	if ((value & FUTEX_TID_MASK) != current_task()->thread.id)
		return;
	USER_AMO("amoor.w.aqrl", FUTEX_OWNER_DIED, word, error);
	USER_AMO("amoand.w.aqrl", keep, word, error);
	if (error || get_user(value, word) != 0)
		return;
	if (value & FUTEX_WAITERS)
		futex_wake(word, 1);
}

static const uint32_t *word_of(const struct robust_list *entry, long offset)
{
	return (const uint32_t *)((const char *)entry + offset);
}

/* Bit 0 of a pointer is for priority-inheriting ones, which do not exist here. */
static struct robust_list *without_flag(struct robust_list *entry)
{
	return (struct robust_list *)((uintptr_t)entry & ~1ul);
}

void robust_list_leave(struct robust_list_head *head)
{
	struct robust_list *entry, *next, *pending;
	unsigned int i;
	long offset;

	if (get_user(entry, &head->list.next) != 0 ||
	    get_user(offset, &head->futex_offset) != 0 ||
	    get_user(pending, &head->list_op_pending) != 0)
		return;
	pending = without_flag(pending);
	for (i = 0; i < ENTRIES_MAX; i++) {
		entry = without_flag(entry);
		if (entry == &head->list)
			break;
		/* The word may be unmapped by whoever wakes. */
		if (get_user(next, &entry->next) != 0)
			break;
		if (entry != pending)
			owner_died(word_of(entry, offset));
		entry = next;
	}
	if (pending)
		owner_died(word_of(pending, offset));
}

SYSCALL(set_robust_list, (struct robust_list_head * head, size_t size),
        (void *)a, b)
{
	if (size != sizeof(*head))
		return -EINVAL;
	current_task()->robust_list = head;
	return 0;
}

/* Of the caller or another thread. */
SYSCALL(get_robust_list,
        (int tid, struct robust_list_head **head_out, size_t *size_out), a,
        (void *)b, (void *)c)
{
	struct robust_list_head *head = NULL;
	struct task *task;
	unsigned long flags;

	flags = spin_lock_irqsave(&tasks_lock);
	task = tid ? task_find((unsigned int)tid) : current_task();
	if (task)
		head = task->robust_list;
	spin_unlock_irqrestore(&tasks_lock, flags);
	if (!task)
		return -ESRCH;
	if (put_user(sizeof(*head), size_out) != 0 ||
	    put_user(head, head_out) != 0)
		return -EFAULT;
	return 0;
}
