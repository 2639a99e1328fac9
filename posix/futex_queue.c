/* SPDX-License-Identifier: MIT */
/*
 * Futexes: threads wait for a word of the application's memory. The kernel knows a
 * word by its address alone; who waits for it stands in a queue of the bucket to
 * which the address hashes, in the order in which they came.
 *
 * A waiter first joins the queue, then reads the word, with no lock held as the
 * memory may be anything. Whoever changes the word wakes after that, so either
 * the waiter sees the new value or the waker sees the waiter.
 *
 * A waiter stands on its thread's stack. The bucket's lock is held while it is
 * woken, and it takes that lock before it goes.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/lock.h"
#include "core/panic.h"
#include "core/thread.h"
#include "core/user_access.h"
#include "posix/futex.h"
#include "posix/futex_internal.h"
#include "posix/signal.h"
#include "posix/task.h"

#define BUCKETS 64u

struct waiter_of_word {
	struct waiter_of_word *next, *previous; /* [L] of the bucket */
	struct bucket *bucket;                  /* [A] changes with its lock */
	struct thread *thread;                  /* [I] */
	const uint32_t *word;                   /* [L] */
	uint32_t bitset;                        /* [I] */
	bool woken;                             /* [L] and out of the queue */
};

struct bucket {
	struct spinlock lock;
	struct waiter_of_word *first, *last; /* [L] */
};

static struct bucket buckets[BUCKETS];
static bool buckets_are_ready; /* [A] */

/* By every thread that comes before it is done: all write the same. */
static __noinline void make_buckets(void)
{
	static struct spinlock making =
		SPINLOCK_INIT(LOCK_TASKS, "futex buckets");
	unsigned long flags = spin_lock_irqsave(&making);
	unsigned int i;

	for (i = 0; i < BUCKETS && !buckets_are_ready; i++)
		buckets[i].lock =
			(struct spinlock)SPINLOCK_INIT(LOCK_WAIT, "futex");
	__atomic_store_n(&buckets_are_ready, true, __ATOMIC_RELEASE);
	spin_unlock_irqrestore(&making, flags);
}

static struct bucket *bucket_of(const uint32_t *word)
{
	const uintptr_t key = (uintptr_t)word >> 2;

	return &buckets[(key ^ key >> 6 ^ key >> 12) % BUCKETS];
}

static void join(struct bucket *bucket, struct waiter_of_word *waiter)
	__must_hold(bucket->lock)
{
	waiter->next = NULL;
	waiter->previous = bucket->last;
	if (bucket->last)
		bucket->last->next = waiter;
	else
		WRITE_ONCE(bucket->first, waiter);
	bucket->last = waiter;
}

static void leave(struct bucket *bucket, struct waiter_of_word *waiter)
	__must_hold(bucket->lock)
{
	if (waiter->previous)
		waiter->previous->next = waiter->next;
	else
		WRITE_ONCE(bucket->first, waiter->next);
	if (waiter->next)
		waiter->next->previous = waiter->previous;
	else
		bucket->last = waiter->previous;
}

static void join_queue(struct waiter_of_word *waiter)
{
	struct bucket *bucket = bucket_of(waiter->word);
	unsigned long flags;

	if (unlikely(!__atomic_load_n(&buckets_are_ready, __ATOMIC_ACQUIRE)))
		make_buckets();
	waiter->bucket = bucket;
	flags = spin_lock_irqsave(&bucket->lock);
	join(bucket, waiter);
	spin_unlock_irqrestore(&bucket->lock, flags);
}

/* True: somebody has woken it. It may have been moved to another bucket. */
static bool leave_queue(struct waiter_of_word *waiter)
{
	const unsigned long flags = irq_save();
	struct bucket *bucket;
	bool woken;

	for (;;) {
		bucket = READ_ONCE(waiter->bucket);
		spin_lock(&bucket->lock);
		if (likely(bucket == waiter->bucket))
			break;
		spin_unlock(&bucket->lock);
	}
	woken = waiter->woken;
	if (!woken)
		leave(bucket, waiter);
	spin_unlock_irqrestore(&bucket->lock, flags);
	return woken;
}

static unsigned int wake_in(struct bucket *bucket, const uint32_t *word,
                            unsigned int count, uint32_t bitset)
	__must_hold(bucket->lock)
{
	struct waiter_of_word *waiter = bucket->first, *next;
	unsigned int woken = 0;

	for (; waiter && woken < count; waiter = next) {
		next = waiter->next;
		if (waiter->word != word || !(waiter->bitset & bitset))
			continue;
		leave(bucket, waiter);
		WRITE_ONCE(waiter->woken, true);
		thread_wake(waiter->thread);
		woken++;
	}
	return woken;
}

unsigned int futex_wake_bitset(const uint32_t *word, unsigned int count,
                               uint32_t bitset)
{
	struct bucket *bucket = bucket_of(word);
	unsigned long flags;
	unsigned int woken;

	/* Partner: a waiter joins before it reads the word. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!READ_ONCE(bucket->first))
		return 0;
	flags = spin_lock_irqsave(&bucket->lock);
	woken = wake_in(bucket, word, count, bitset);
	spin_unlock_irqrestore(&bucket->lock, flags);
	return woken;
}

unsigned int futex_wake(const uint32_t *word, unsigned int count)
{
	return futex_wake_bitset(word, count, FUTEX_BITSET_MATCH_ANY);
}

/* Until woken, the deadline, or an interruption; in the queue already. */
static int sleep_until(const struct waiter_of_word *waiter, uint64_t end_ns)
{
	int err = 0;

	while (!READ_ONCE(waiter->woken) && !err) {
		thread_will_wait(THREAD_INTERRUPTIBLE);
		if (!READ_ONCE(waiter->woken))
			err = thread_wait_until(end_ns);
		thread_will_not_wait();
	}
	return err;
}

/*
 * Nobody is left who could change the word: a deadlock of the application, and
 * it is told instead of hanging. A handler could, or a timer's thread; and who has
 * ended may have done so before, so that is looked at last.
 */
static void check_for_deadlock(const struct waiter_of_word *waiter,
                               const uint32_t *word, uint64_t end_ns)
{
	if (end_ns == UINT64_MAX && task_is_alone() && !signals_have_handler &&
	    !__atomic_load_n(&waiter->woken, __ATOMIC_ACQUIRE)) {
		panic("deadlock: the only thread waits for itself at %p (a "
		      "mutex taken twice, or a condition nobody signals)",
		      (const void *)word);
	}
}

int futex_wait(const uint32_t *word, uint32_t expected, uint32_t bitset,
               uint64_t end_ns)
{
	struct thread *self = current_thread();
	struct waiter_of_word waiter = {
		.thread = self,
		.word = word,
		.bitset = bitset,
	};
	uint32_t value;
	int err;

	join_queue(&waiter);
	__atomic_thread_fence(
		__ATOMIC_SEQ_CST); /* partner: futex_wake_bitset() */
	err = get_user(value, word);
	if (!err && value != expected)
		err = -EAGAIN;
	if (err) {
		/* The wake that came meanwhile was for somebody who waits. */
		if (leave_queue(&waiter))
			futex_wake_bitset(word, 1, bitset);
		return err;
	}
	check_for_deadlock(&waiter, word, end_ns);
	self->waits_for = word;
	self->waits_in = "futex";
	err = sleep_until(&waiter, end_ns);
	self->waits_for = NULL;
	return leave_queue(&waiter) ? 0 : err;
}

static unsigned int move_to(struct bucket *to, const uint32_t *other,
                            struct bucket *from, const uint32_t *word,
                            unsigned int count)
	__must_hold(from->lock, to->lock)
{
	struct waiter_of_word *waiter = from->first, *next;
	unsigned int moved = 0;

	if (word == other)
		return 0;
	for (; waiter && moved < count; waiter = next) {
		next = waiter->next;
		if (waiter->word != word)
			continue;
		leave(from, waiter);
		waiter->word = other;
		WRITE_ONCE(waiter->bucket, to);
		join(to, waiter);
		moved++;
	}
	return moved;
}

/* Does it hold *@compare? It was read before, so it is there unless unmapped. */
static int compare_word(const uint32_t *word, const uint32_t *compare)
{
	uint32_t value;

	if (!compare)
		return 0;
	if (get_user(value, word) != 0)
		return -EFAULT;
	return value == *compare ? 0 : -EAGAIN;
}

long futex_requeue(const uint32_t *word, unsigned int count,
                   const uint32_t *other, unsigned int move,
                   const uint32_t *compare) __no_lock_analysis
{
	struct bucket *from = bucket_of(word), *to = bucket_of(other);
	struct bucket *low = from < to ? from : to;
	struct bucket *high = from < to ? to : from;
	unsigned long flags;
	long result;

	if (unlikely(!__atomic_load_n(&buckets_are_ready, __ATOMIC_ACQUIRE)))
		make_buckets();
	flags = spin_lock_irqsave(&low->lock);
	if (low != high)
		spin_lock(&high->lock);
	result = compare_word(word, compare);
	if (!result) {
		result = wake_in(from, word, count, FUTEX_BITSET_MATCH_ANY);
		result += move_to(to, other, from, word, move);
	}
	if (low != high)
		spin_unlock(&high->lock);
	spin_unlock_irqrestore(&low->lock, flags);
	return result;
}
