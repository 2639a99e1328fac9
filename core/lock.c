/* SPDX-License-Identifier: MIT */
/*
 * The slow halves of spinlocks. A waiter reads before it tries, and looks ever
 * less often: reading the owner's line constantly would slow it.
 */
#include "core/lock.h"

#include "core/hart.h"
#include "core/panic.h"
#include "core/pause.h"

#define HELD_MAX ARRAY_SIZE(((struct hart *)0)->held)

void spin_wait(struct spinlock *lock)
{
	struct pause pause = { 0 };

	this_hart->contended[lock->rank]++;
	do {
		while (__atomic_load_n(&lock->locked, __ATOMIC_RELAXED))
			pause_before_next_look(&pause);
	} while (!spin_try_once(lock));
}

static void lock_check_order(const struct spinlock *lock,
                             const struct spinlock *held)
{
	if (lock->rank > held->rank ||
	    (lock->rank == held->rank && lock > held))
		return;
	panic("lock order: %s (rank %u) taken while %s (rank %u) is held",
	      lock->name, lock->rank, held->name, held->rank);
}

void lock_debug_acquire(struct spinlock *lock)
{
	const struct hart *hart = this_hart;
	unsigned int i;

	if (!lock->name)
		panic("lock at %p has no name and no rank", (void *)lock);
	if (csr_read(sstatus) & SSTATUS_SIE)
		panic("lock %s taken with interrupts on", lock->name);
	if (lock->owner == hart)
		panic("lock %s taken twice by hart %u", lock->name,
		      hart->index);
	if (hart->locks_held == HELD_MAX)
		panic("lock %s: hart %u holds %u locks already", lock->name,
		      hart->index, hart->locks_held);
	for (i = 0; i < hart->locks_held; i++)
		lock_check_order(lock, hart->held[i]);
}

void lock_debug_acquired(struct spinlock *lock)
{
	struct hart *hart = this_hart;

	lock->owner = hart;
	hart->held[hart->locks_held++] = lock;
}

void lock_debug_release(struct spinlock *lock)
{
	struct hart *hart = this_hart;
	unsigned int i = hart->locks_held;

	if (lock->owner != hart)
		panic("lock %s released by hart %u, which does not hold it",
		      lock->name, hart->index);
	while (hart->held[--i] != lock)
		;
	for (; i + 1 < hart->locks_held; i++)
		hart->held[i] = hart->held[i + 1];
	hart->locks_held--;
	lock->owner = NULL;
}

void lock_debug_none_held(const char *act)
{
	const struct hart *hart = this_hart;
	const struct spinlock *held;

	if (hart->locks_held == 0)
		return;
	held = hart->held[hart->locks_held - 1];
	panic("%s while %s (rank %u) is held", act, held->name, held->rank);
}
