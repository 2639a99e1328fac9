/* SPDX-License-Identifier: MIT */
/*
 * mimalloc's own requests: while one is under way its structures are between two
 * states, and nobody asks it for memory. Included by mimalloc.c above mimalloc's own
 * source, whose `mmap` and `mremap` these are; below it they would have no caller,
 * which does not compile.
 */
static _Thread_local bool heap_is_asking;

static void *heap_mmap(void *at, size_t size, int prot, int flags, int fd,
                       off_t offset)
{
	void *p;

	heap_is_asking = true;
	p = mmap(at, size, prot, flags, fd, offset);
	heap_is_asking = false;
	return p;
}

static void *heap_mremap(void *at, size_t old, size_t size, int flags,
                         void *target)
{
	void *p;

	heap_is_asking = true;
	p = mremap(at, old, size, flags, target);
	heap_is_asking = false;
	return p;
}
