/* SPDX-License-Identifier: MIT */
/*
 * Forbidden acts, one a name. Each image run does one of them; expect.tsv says
 * what must be printed and with which status QEMU must end.
 */
#ifndef TESTS_ACTS_H
#define TESTS_ACTS_H

struct act {
	const char *name;
	void (*commit)(void);
};

/* Bad loads, stores and jumps (access.c); stacks and traps (stacks.c); misuse
 * of the memory API (misuse.c); threads and harts that stand still (threads.c);
 * ends of the process (process.c). Each list ends with a NULL name. */
extern const struct act access_acts[];
extern const struct act stack_acts[];
extern const struct act misuse_acts[];
extern const struct act thread_acts[];
extern const struct act process_acts[];

#endif /* TESTS_ACTS_H */
