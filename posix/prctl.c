/* SPDX-License-Identifier: MIT */
/* Calls about the thread and the machine that have little to decide here. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>

#include "core/user_access.h"
#include "posix/syscalls.h"
#include "posix/task.h"

SYSCALL(prctl, (int option, void *argument), a, (void *)b)
{
	struct thread *self = current_thread();
	char name[THREAD_NAME_BYTES] = "";
	long length;

	switch (option) {
	case PR_SET_NAME:
		length = strncpy_from_user(name, argument, sizeof(name) - 1);
		if (length == -EFAULT)
			return -EFAULT;
		memcpy(self->name, name, sizeof(name));
		return 0;
	case PR_GET_NAME:
		return copy_to_user(argument, self->name, sizeof(self->name));
	case PR_GET_DUMPABLE:
		return 1;
	case PR_SET_DUMPABLE:
	case PR_SET_PDEATHSIG:
	case PR_SET_NO_NEW_PRIVS:
	case PR_SET_TIMERSLACK:
	case PR_GET_NO_NEW_PRIVS:
		return 0;
	default:
		return -EINVAL;
	}
}

/* As the ABI has them: <linux/capability.h> is Linux's own. */
struct capability_header {
	uint32_t version;
	int pid;
};

struct capability_data {
	uint32_t effective, permitted, inheritable;
};

#define CAPABILITY_VERSION_3 0x20080522u

/* The superuser has all of them. */
SYSCALL(capget, (struct capability_header * header, struct capability_data *to),
        (void *)a, (void *)b)
{
	const struct capability_data all[2] = { { ~0u, ~0u, 0 },
		                                { ~0u, ~0u, 0 } };
	uint32_t version;

	if (get_user(version, &header->version) != 0)
		return -EFAULT;
	if (version != CAPABILITY_VERSION_3) {
		if (put_user(CAPABILITY_VERSION_3, &header->version) != 0)
			return -EFAULT;
		return to ? -EINVAL : 0;
	}
	return to ? copy_to_user(to, all, sizeof(all)) : 0;
}
