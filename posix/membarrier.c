/* SPDX-License-Identifier: MIT */
/*
 * membarrier(): every hart is interrupted once, which orders whatever its thread
 * was doing; a thread that does not run passed a barrier when it was switched
 * away. There is one process, so all commands but the questions mean the same.
 */
#include <errno.h>

#include "arch/barrier.h"
#include "core/hart.h"
#include "core/thread.h"
#include "posix/mapping_internal.h"
#include "posix/syscalls.h"

#define CMD_QUERY         0
#define CMD_REGISTRATIONS 0x54ul /* registering is not needed: all are */
#define CMD_BARRIERS      0x2bul /* global, expedited, sync_core */
#define CMD_ALL           (CMD_REGISTRATIONS | CMD_BARRIERS)

static void synchronise_this(void *unused)
{
	(void)unused;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	fence_i();
}

void harts_synchronise(void)
{
	unsigned int i;

	for (i = 0; i < nr_harts; i++) {
		preempt_disable();
		if (harts[i] == this_hart)
			synchronise_this(NULL);
		else
			hart_interrupt(i, synchronise_this, NULL);
		preempt_enable();
	}
}

SYSCALL(membarrier, (unsigned long command, unsigned int flags), a, b)
{
	if (flags != 0 || command & ~CMD_ALL || command & (command - 1))
		return -EINVAL;
	if (command == CMD_QUERY)
		return CMD_ALL;
	if (command & CMD_BARRIERS)
		harts_synchronise();
	return 0;
}
