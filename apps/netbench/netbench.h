/* SPDX-License-Identifier: MIT */
#ifndef NETBENCH_H
#define NETBENCH_H

#include <stddef.h>

extern unsigned long netbench_requests, netbench_bytes_in, netbench_bytes_out;

/* Lines "name value" of all that is counted; how many bytes. */
size_t netbench_figures(char *to, size_t room);

#endif /* NETBENCH_H */
