/* SPDX-License-Identifier: MIT */
/* Strings from the application, byte by byte: the first bad one is an error. */
#include "core/user_access.h"

#include <errno.h>

long strncpy_from_user(char *to, const char *from, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (get_user(to[i], from + i))
			return -EFAULT;
		if (!to[i])
			return i;
	}
	return -ENAMETOOLONG;
}
