/* SPDX-License-Identifier: MIT */
/* The one process. */
#ifndef POSIX_PROCESS_H
#define POSIX_PROCESS_H

#include <stdbool.h>

#define PROCESS_ID 1 /* as the first process of any Unix; also main()'s task */

/*
 * Returns -ENOSYS for @call, which needs a second process; the log says so once:
 * *@told remembers it.
 */
long process_refuse(const char *call, bool *told);

#endif /* POSIX_PROCESS_H */
