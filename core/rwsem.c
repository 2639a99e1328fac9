/* SPDX-License-Identifier: MIT */
/*
 * A reader counts itself in and looks whether it may be there; if not, it counts
 * itself out and waits. Whoever finds that it has to wait sets WAITING in the same
 * step; whoever lets go and sees that clears it and wakes all, who look again.
 * A writer that waits is also counted, and readers that come meanwhile wait, too.
 */
#include "core/rwsem.h"

#include <stdint.h>

#include "core/lock.h"
#include "core/thread.h"

void rwsem_init(struct rwsem *sem, const char *name)
{
	sem->word = 0;
	sem->writers = 0;
	wait_queue_init(&sem->queue, name);
}

void rwsem_wake(struct rwsem *sem)
{
	__atomic_fetch_and(&sem->word, ~RWSEM_WAITING, __ATOMIC_RELAXED);
	wait_queue_wake_all(&sem->queue);
}

/*
 * Take it if nothing of @hinders is in the word, else leave a mark that somebody
 * waits. @yields: not before writers that wait. The word is read first (acquire):
 * who finds it released by a writer does not find that one waiting.
 */
static bool take_or_mark(struct rwsem *sem, unsigned long hinders,
                         unsigned long taken, bool yields)
{
	unsigned long word = __atomic_load_n(&sem->word, __ATOMIC_ACQUIRE);
	unsigned long wanted;
	bool free;

	do {
		free = !(word & hinders) &&
		       !(yields &&
		         __atomic_load_n(&sem->writers, __ATOMIC_RELAXED) > 0);
		wanted = free ? word + taken : word | RWSEM_WAITING;
	} while (!__atomic_compare_exchange_n(&sem->word, &word, wanted, false,
	                                      __ATOMIC_ACQUIRE,
	                                      __ATOMIC_ACQUIRE));
	return free;
}

void rwsem_read_slow(struct rwsem *sem)
{
	assert_no_lock_held("waiting for a rwsem");
	up_read(sem);
	wait_for(&sem->queue,
	         take_or_mark(sem, RWSEM_WRITER, RWSEM_READER, true),
	         UINT64_MAX, THREAD_UNINTERRUPTIBLE);
}

void rwsem_write_slow(struct rwsem *sem)
{
	assert_no_lock_held("waiting for a rwsem");
	__atomic_fetch_add(&sem->writers, 1, __ATOMIC_RELAXED);
	wait_for(&sem->queue,
	         take_or_mark(sem, ~RWSEM_WAITING, RWSEM_WRITER, false),
	         UINT64_MAX, THREAD_UNINTERRUPTIBLE);
	__atomic_fetch_sub(&sem->writers, 1, __ATOMIC_RELAXED);
}
