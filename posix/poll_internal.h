/* SPDX-License-Identifier: MIT */
/*
 * Waiting for one of several files, for poll() and select(). The caller makes
 * room for the watches, opens each, waits and closes all.
 */
#ifndef POSIX_POLL_INTERNAL_H
#define POSIX_POLL_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "core/thread.h"
#include "core/user_access.h"
#include "core/wait.h"
#include "posix/file.h"

#define POLL_FEW     12u /* watches that lie on the stack */
#define POLL_NO_WAIT 0u  /* as deadline */

struct poll_set;

struct poll_watch {
	struct waiter waiter;
	struct poll_set *set;
	struct file *file; /* a reference; NULL: it is not looked at */
	int fd;
	unsigned short events; /* that are asked for */
	unsigned short revents;
};

struct poll_set {
	struct poll_watch *watches;
	unsigned int count;
	unsigned int told; /* [A] by a watcher since the last look */
	struct thread *thread;
	bool watching;
};

/*
 * The file behind @fd, if that is not negative; none is there: ->revents becomes
 * POLLNVAL.
 */
void poll_open(struct poll_watch *watch, int fd, unsigned int events);

/*
 * Until a watch has revents: how many have; 0 at @deadline_ns; -EINTR. cost: an
 * indirect call for each file, twice when it has to wait
 */
long poll_wait(struct poll_set *set, uint64_t deadline_ns);

/* Of the watches that are open. */
void poll_close(struct poll_set *set);

/* When @timeout, the application's, is over; NULL: never. -EFAULT, -EINVAL */
int poll_deadline(const struct timespec *timeout, uint64_t *deadline_out);

#endif /* POSIX_POLL_INTERNAL_H */
