/* SPDX-License-Identifier: MIT */
/*
 * Robust mutexes: a thread keeps a list of those that it holds, and when it ends
 * the kernel marks each FUTEX_OWNER_DIED and wakes somebody who waits for it.
 */
#ifndef POSIX_ROBUST_H
#define POSIX_ROBUST_H

/* The ABI's; all of it is the application's memory. */
struct robust_list {
	struct robust_list *next;
};

struct robust_list_head {
	struct robust_list list;
	long futex_offset;
	struct robust_list *list_op_pending;
};

/* The caller's thread ends. Context: thread, no lock held. */
void robust_list_leave(struct robust_list_head *head);

#endif /* POSIX_ROBUST_H */
