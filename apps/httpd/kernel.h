/* SPDX-License-Identifier: MIT */
/*
 * kernel - what the pages show of the system under this program. The one file that
 * knows where it comes from; tests on the host put another in its place.
 */
#ifndef HTTPD_KERNEL_H
#define HTTPD_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

/* A file of lines `name value` with the counters of the network. */
#define KERNEL_NET_COUNTERS "/proc/net/counters"

struct kernel_window {
	uint64_t start;
	uint64_t end;
};

struct kernel_area {
	uint64_t start;
	uint64_t end; /* guard included */
	bool guarded;
	const char *kind;
	uint64_t pages; /* owned; live ones of a vm_map_ram block; 0: unknown */
	uint64_t physical; /* of ioremap; 0: none */
	char caller[64];   /* who made it; "": unknown */
	char owner[24];    /* the thread whose stack it is; "": none */
};

void kernel_window(struct kernel_window *out);

/* The first @most areas that start at @from or above; fewer: there are no more. */
unsigned int kernel_areas(uint64_t from, struct kernel_area *areas,
                          unsigned int most);

typedef void kernel_line(const char *line, void *context);

/* Lines without their ends: `Name: value kB`, `name value`, and Linux's. */
void kernel_meminfo(kernel_line *line, void *context);
void kernel_counters(kernel_line *line, void *context);
void kernel_vmallocinfo(kernel_line *line, void *context);

/* NULL: the file of that name is where it is. Tests have their own. */
const char *kernel_net_counters(void);

#endif /* HTTPD_KERNEL_H */
