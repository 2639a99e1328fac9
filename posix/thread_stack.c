/* SPDX-License-Identifier: MIT */
#include "posix/thread_stack.h"

#include <string.h>

#include "posix/heap.h"
#include "posix/mapping_internal.h"
#include "posix/syscalls.h"

/* At the end of the stack that it is about. */
struct kept_stack {
	struct kept_stack *next;
	size_t bytes;
	size_t guard;
};

static struct kept_stack *kept; /* [L] of mappings_mutex, the newest first */
static size_t kept_bytes;       /* [L] */

static char *stack_base(struct kept_stack *stack)
{
	return (char *)(stack + 1) - stack->bytes;
}

static struct kept_stack *take_locked(size_t bytes)
{
	struct kept_stack **link = &kept;
	struct kept_stack *stack;

	while (*link && (*link)->bytes != bytes)
		link = &(*link)->next;
	stack = *link;
	if (stack) {
		*link = stack->next;
		kept_bytes -= bytes;
	}
	return stack;
}

void *thread_stack_take(size_t bytes, size_t zeros, size_t *guard_out)
{
	struct kept_stack *stack;

	if (!READ_ONCE(kept))
		return NULL;
	mutex_lock(&mappings_mutex);
	stack = take_locked(bytes);
	mutex_unlock(&mappings_mutex);
	if (!stack)
		return NULL;
	*guard_out = stack->guard;
	memset((char *)(stack + 1) - zeros, 0, zeros);
	return (char *)(stack + 1) - bytes;
}

/*
 * A stack as the C library maps it, and nobody has changed it since: hidden, then
 * private memory to the end. Returns how much is hidden; 0: it is something else.
 */
static size_t guard_of(vaddr_t base, size_t bytes)
{
	const struct vm_area *area = mapping_next(base, base + bytes);
	const struct region *guard = area ? area_regions(area) : NULL;
	const struct region *rest = guard ? guard->next : NULL;

	if (!rest || guard->start != base || guard->prot != PROT_NONE ||
	    rest->start != guard->end || rest->end != base + bytes ||
	    rest->prot != (PROT_READ | PROT_WRITE) || rest->file ||
	    rest->flags & (REGION_SHARED | REGION_NORESERVE))
		return 0;
	return guard->end - guard->start;
}

static bool keep(char *base, size_t bytes)
{
	struct kept_stack *stack =
		(struct kept_stack *)(base + bytes - sizeof(*stack));
	size_t guard = 0;

	if (bytes > THREAD_STACKS_KEPT_BYTES / 4)
		return false;
	mutex_lock(&mappings_mutex);
	if (kept_bytes + bytes <= THREAD_STACKS_KEPT_BYTES)
		guard = guard_of((vaddr_t)base, bytes);
	if (guard > 0) {
		*stack = (struct kept_stack){ kept, bytes, guard };
		WRITE_ONCE(kept, stack);
		kept_bytes += bytes;
	}
	mutex_unlock(&mappings_mutex);
	return guard > 0;
}

long thread_stack_put(void *base, size_t bytes)
{
	if (keep(base, bytes))
		return 0;
	return sys_munmap((long)base, (long)bytes, 0, 0, 0, 0);
}

/* True: kept ones were unmapped. */
static __used bool give_stacks_back(void)
{
	struct kept_stack *list, *stack;

	mutex_lock(&mappings_mutex);
	list = kept;
	WRITE_ONCE(kept, NULL);
	kept_bytes = 0;
	mutex_unlock(&mappings_mutex);
	if (!list)
		return false;
	while ((stack = list)) {
		list = stack->next;
		(void)sys_munmap((long)stack_base(stack), (long)stack->bytes, 0,
		                 0, 0, 0);
	}
	return true;
}

HOLDS_MEMORY(thread_stack_put, give_stacks_back);
