/* SPDX-License-Identifier: MIT */
/*
 * The generator's bytes go through the stack: a copy under its lock could meet a
 * page that is not there.
 */
#include "posix/random.h"

#include <errno.h>
#include <sys/random.h>

#include "core/random.h"
#include "core/user_access.h"
#include "posix/syscalls.h"

#define USER_BYTES 256u

long random_fill_user(void *to, size_t count)
{
	unsigned char bytes[USER_BYTES];
	size_t done = 0;

	while (done < count) {
		size_t part = count - done;

		if (part > USER_BYTES)
			part = USER_BYTES;
		random_fill(bytes, part);
		if (copy_to_user((char *)to + done, bytes, part) != 0)
			return done > 0 ? (long)done : -EFAULT;
		random_count(part);
		done += part;
	}
	return (long)done;
}

SYSCALL(getrandom, (void *to, size_t count, unsigned int flags), (void *)a, b,
        c)
{
	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	return random_fill_user(to, count);
}
