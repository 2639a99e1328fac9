/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU objects over pcpu_get_vm_areas(): one copy per hart at a fixed
 * distance. size 1 .. 32 KiB, align a power of two up to a page. Zeroed. NULL
 * when out of memory or on bad arguments (reported). Context: thread.
 */
#ifndef LINUX_PERCPU_H
#define LINUX_PERCPU_H

#include <linux/types.h>

void *__alloc_percpu(size_t size, size_t align);
void free_percpu(void *object);
void *per_cpu_ptr(void *object, unsigned int hart);

#endif /* LINUX_PERCPU_H */
