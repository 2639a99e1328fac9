/* SPDX-License-Identifier: MIT */
/* The one process and its one thread. */
#ifndef POSIX_PROCESS_H
#define POSIX_PROCESS_H

#define PROCESS_ID 1 /* as the first process of any Unix; also its thread's */

#endif /* POSIX_PROCESS_H */
