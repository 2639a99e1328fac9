/* SPDX-License-Identifier: MIT */
/*
 * Masks of signals for the time of a wait. A handler that the wait's mask lets
 * through runs under it, before the former mask comes back.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "core/user_access.h"
#include "posix/poll.h"
#include "posix/signal.h"

int wait_mask_replace(struct wait_mask *mask, const void *set, size_t size)
{
	uint64_t bits;
	int err;

	if (size != sizeof(bits))
		return -EINVAL;
	err = copy_from_user(&bits, set, sizeof(bits));
	if (err)
		return err;
	mask->replaced = true;
	if (!signal_mask_swap(bits, &mask->before))
		return 0;
	return (int)wait_mask_restore(mask, -EINTR);
}

long wait_mask_restore(const struct wait_mask *mask, long result)
{
	return signal_mask_restore(mask->before, result);
}
