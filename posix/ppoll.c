/* SPDX-License-Identifier: MIT */
/* ppoll(): the array of the application to watches and back. */
#include <errno.h>
#include <linux/vmalloc.h>
#include <stddef.h>

#include "core/timer.h"
#include "mm/kmem.h"
#include "poll_internal.h"
#include "posix/poll.h"
#include "posix/syscalls.h"

static int open_entry(struct poll_watch *watch, const struct pollfd *entry)
{
	struct pollfd asked;
	const int err = copy_from_user(&asked, entry, sizeof(asked));

	if (!err)
		poll_open(watch, asked.fd,
		          (unsigned short)asked.events | POLL_ALWAYS);
	return err;
}

static int open_entries(struct poll_set *set, const struct pollfd *entries,
                        unsigned int count)
{
	for (; set->count < count; set->count++) {
		const int err = open_entry(&set->watches[set->count],
		                           &entries[set->count]);

		if (err)
			return err;
	}
	return 0;
}

static int tell_entries(const struct poll_set *set, struct pollfd *entries)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < set->count && !err; i++)
		err = put_user((short)set->watches[i].revents,
		               &entries[i].revents);
	return err;
}

static long poll_with(struct poll_watch *watches, struct pollfd *entries,
                      unsigned int count, uint64_t deadline_ns)
{
	struct poll_set set = { .watches = watches };
	long result = open_entries(&set, entries, count);

	if (result == 0)
		result = poll_wait(&set, deadline_ns);
	poll_close(&set);
	if (result >= 0 && tell_entries(&set, entries) != 0)
		result = -EFAULT;
	return result;
}

static __noinline long poll_few(struct pollfd *entries, unsigned int count,
                                uint64_t deadline_ns)
{
	struct poll_watch watches[POLL_FEW];

	return poll_with(watches, entries, count, deadline_ns);
}

static long poll_many(struct pollfd *entries, unsigned int count,
                      uint64_t deadline_ns)
{
	struct poll_watch *watches =
		kvmalloc(count * sizeof(watches[0]), GFP_KERNEL);
	long result;

	if (!watches)
		return -ENOMEM;
	result = poll_with(watches, entries, count, deadline_ns);
	kvfree(watches);
	return result;
}

SYSCALL_ONCE(ppoll,
             (struct pollfd * entries, unsigned long count,
              struct timespec *timeout, const void *mask, size_t mask_bytes),
             (void *)a, b, (void *)c, (void *)d, e)
{
	struct wait_mask wait_mask;
	uint64_t deadline_ns;
	long result = poll_deadline(timeout, &deadline_ns);

	if (result)
		return result;
	if (count > READ_ONCE(fd_limit))
		return -EINVAL;
	result = wait_mask_begin(&wait_mask, mask, mask_bytes);
	if (result)
		return result;
	if (count <= POLL_FEW)
		result = poll_few(entries, count, deadline_ns);
	else
		result = poll_many(entries, count, deadline_ns);
	return wait_mask_end(&wait_mask, result);
}
