/* SPDX-License-Identifier: MIT */
/*
 * pselect6(): three sets of bits to watches and back. A descriptor that is in
 * several sets has one watch; which sets it was in says ->events.
 */
#include <errno.h>
#include <limits.h>
#include <linux/vmalloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/user_access.h"
#include "mm/kmem.h"
#include "poll_internal.h"
#include "posix/poll.h"
#include "posix/syscalls.h"

#define WORD_BITS 64u
#define SETS      3u

/* What each set asks for, and the bit of it that the other two have not. */
static const struct {
	unsigned short events;
	unsigned short own;
} kinds[SETS] = {
	{ POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR, POLLIN },
	{ POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR, POLLOUT },
	{ POLLPRI, POLLPRI },
};

struct sets {
	uint64_t *words[SETS]; /* the application's, or NULL */
	unsigned int bits;
};

/* Word @number of each set, without what lies beyond the last bit. */
static int read_words(const struct sets *sets, unsigned int number,
                      uint64_t words[SETS])
{
	const unsigned int left = sets->bits - number * WORD_BITS;
	const uint64_t mask = left < WORD_BITS ? (1ul << left) - 1 : ~0ul;
	unsigned int i;
	int err = 0;

	for (i = 0; i < SETS && !err; i++) {
		words[i] = 0;
		if (sets->words[i])
			err = copy_from_user(&words[i], &sets->words[i][number],
			                     sizeof(words[i]));
		words[i] &= mask;
	}
	return err;
}

static unsigned int nr_words(const struct sets *sets)
{
	return (sets->bits + WORD_BITS - 1) / WORD_BITS;
}

/* How many descriptors are in one set at least, or -EFAULT. */
static long count_members(const struct sets *sets)
{
	uint64_t words[SETS];
	unsigned int number;
	long count = 0;

	for (number = 0; number < nr_words(sets); number++) {
		if (read_words(sets, number, words) != 0)
			return -EFAULT;
		count += __builtin_popcountl(words[0] | words[1] | words[2]);
	}
	return count;
}

static unsigned int events_of(const uint64_t words[SETS], unsigned int bit)
{
	unsigned int events = 0;
	unsigned int i;

	for (i = 0; i < SETS; i++)
		if (words[i] >> bit & 1)
			events |= kinds[i].events;
	return events;
}

/* The sets may change meanwhile; no more than @room are taken. */
static int open_word(struct poll_set *set, unsigned int room,
                     const uint64_t words[SETS], unsigned int first_fd)
{
	uint64_t members = words[0] | words[1] | words[2];

	for (; members && set->count < room; members &= members - 1) {
		const unsigned int bit = __builtin_ctzl(members);
		struct poll_watch *watch = &set->watches[set->count];

		poll_open(watch, (int)(first_fd + bit), events_of(words, bit));
		if (!watch->file)
			return -EBADF;
		set->count++;
	}
	return 0;
}

static int open_members(struct poll_set *set, unsigned int room,
                        const struct sets *sets)
{
	uint64_t words[SETS];
	unsigned int number;
	int err = 0;

	for (number = 0; number < nr_words(sets) && !err; number++) {
		err = read_words(sets, number, words);
		if (!err)
			err = open_word(set, room, words, number * WORD_BITS);
	}
	return err;
}

static bool is_ready(const struct poll_watch *watch, unsigned int kind)
{
	return watch->events & kinds[kind].own &&
	       watch->revents & kinds[kind].events;
}

/* Bits of the descriptors from watch *@next on that word @number has. */
static uint64_t ready_word(const struct poll_set *set, unsigned int kind,
                           unsigned int number, unsigned int *next)
{
	const int end_fd = (int)((number + 1) * WORD_BITS);
	uint64_t word = 0;

	for (; *next < set->count; (*next)++) {
		const struct poll_watch *watch = &set->watches[*next];

		if (watch->fd >= end_fd)
			break;
		if (is_ready(watch, kind))
			word |= 1ul << watch->fd % WORD_BITS;
	}
	return word;
}

/* How many bits are set, or -EFAULT. The watches are in the order of their fds. */
static long tell_set(const struct poll_set *set, const struct sets *sets,
                     unsigned int kind)
{
	unsigned int next = 0;
	unsigned int number;
	long count = 0;

	if (!sets->words[kind])
		return 0;
	for (number = 0; number < nr_words(sets); number++) {
		const uint64_t word = ready_word(set, kind, number, &next);

		if (copy_to_user(&sets->words[kind][number], &word,
		                 sizeof(word)) != 0)
			return -EFAULT;
		count += __builtin_popcountl(word);
	}
	return count;
}

static long tell_sets(const struct poll_set *set, const struct sets *sets)
{
	long total = 0;
	unsigned int kind;

	for (kind = 0; kind < SETS; kind++) {
		const long count = tell_set(set, sets, kind);

		if (count < 0)
			return count;
		total += count;
	}
	return total;
}

static long select_with(struct poll_watch *watches, unsigned int room,
                        const struct sets *sets, uint64_t deadline_ns)
{
	struct poll_set set = { .watches = watches };
	long result = open_members(&set, room, sets);

	if (result == 0)
		result = poll_wait(&set, deadline_ns);
	poll_close(&set);
	return result < 0 ? result : tell_sets(&set, sets);
}

static __noinline long select_few(const struct sets *sets, unsigned int count,
                                  uint64_t deadline_ns)
{
	struct poll_watch watches[POLL_FEW];

	return select_with(watches, count, sets, deadline_ns);
}

static long select_many(const struct sets *sets, unsigned int count,
                        uint64_t deadline_ns)
{
	struct poll_watch *watches =
		kvmalloc(count * sizeof(watches[0]), GFP_KERNEL);
	long result;

	if (!watches)
		return -ENOMEM;
	result = select_with(watches, count, sets, deadline_ns);
	kvfree(watches);
	return result;
}

static long select_members(const struct sets *sets, uint64_t deadline_ns)
{
	const long count = count_members(sets);

	if (count < 0)
		return count;
	if (count <= POLL_FEW)
		return select_few(sets, count, deadline_ns);
	return select_many(sets, count, deadline_ns);
}

/* The sixth argument of the call, which has no room for a seventh. */
struct mask_argument {
	const void *set;
	size_t bytes;
};

SYSCALL_ONCE(pselect6,
             (int bits, uint64_t *reads, uint64_t *writes, uint64_t *others,
              struct timespec *timeout, const struct mask_argument *mask),
             a, (void *)b, (void *)c, (void *)d, (void *)e, (void *)f)
{
	struct sets sets = { .words = { reads, writes, others } };
	struct mask_argument asked = { 0 };
	struct wait_mask wait_mask;
	uint64_t deadline_ns;
	long result = poll_deadline(timeout, &deadline_ns);

	if (!result && mask)
		result = copy_from_user(&asked, mask, sizeof(asked));
	if (result)
		return result;
	if (bits < 0)
		return -EINVAL;
	sets.bits = (unsigned int)bits < FD_MAX ? (unsigned int)bits : FD_MAX;
	result = wait_mask_begin(&wait_mask, asked.set, asked.bytes);
	if (result)
		return result;
	result = select_members(&sets, deadline_ns);
	return wait_mask_end(&wait_mask, result);
}
