/* SPDX-License-Identifier: MIT */
/*
 * Whoever buries a thread may not wait, and freeing a stack may: so the dead are
 * handed to the worker. The worker itself never ends.
 */
#include "mm/kthread.h"

#include <errno.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "core/mutex.h"
#include "core/work.h"
#include "mm/types.h"

#define KTHREAD_STACK_BYTES 16384u

struct kthread {
	struct thread thread;
	struct work reap;
};

int thread_vector_alloc(void **vector_out)
{
	const size_t bytes = thread_vector_bytes();

	*vector_out = bytes ? kzalloc(bytes, GFP_KERNEL) : NULL;
	return bytes && !*vector_out ? -ENOMEM : 0;
}

static void kthread_free(struct kthread *kthread)
{
	vfree((void *)kthread->thread.stack_bottom);
	kfree(kthread->thread.vector);
	kfree(kthread);
}

static void reap(struct work *work)
{
	kthread_free(container_of(work, struct kthread, reap));
}

static void bury(struct thread *thread)
{
	work_queue(&container_of(thread, struct kthread, thread)->reap);
}

static struct kthread *kthread_alloc(struct thread_setup *setup)
{
	struct kthread *kthread = kzalloc(sizeof(*kthread), GFP_KERNEL);
	void *stack = vmalloc(KTHREAD_STACK_BYTES);

	if (!kthread || !stack || thread_vector_alloc(&setup->vector) != 0) {
		vfree(stack);
		kfree(kthread);
		return NULL;
	}
	setup->stack_bottom = (uintptr_t)stack;
	setup->stack_bytes = KTHREAD_STACK_BYTES;
	setup->bury = bury;
	kthread->reap.function = reap;
	thread_prepare(&kthread->thread, setup);
	return kthread;
}

static struct thread *run(struct thread_setup setup)
{
	struct kthread *kthread = kthread_alloc(&setup);

	if (!kthread)
		return NULL;
	thread_start(&kthread->thread);
	return &kthread->thread;
}

struct thread *kthread_run(void (*function)(void *argument), void *argument,
                           const char *name, unsigned int priority,
                           uint64_t allowed_harts)
{
	if (kthread_work_init() != 0)
		return NULL;
	return run((struct thread_setup){
		.name = name,
		.function = function,
		.argument = argument,
		.priority = priority,
		.allowed_harts = allowed_harts,
	});
}

int kthread_work_init(void)
{
	static struct mutex making = MUTEX_INIT("kthread_work_init");
	static struct thread *worker; /* [L] */
	int err = 0;

	if (work_has_worker())
		return 0;
	mutex_lock(&making);
	if (!worker) {
		worker = run((struct thread_setup){
			.name = "worker",
			.function = work_loop,
			.priority = THREAD_PRIORITY_HIGH,
		});
	}
	if (!worker)
		err = -ENOMEM;
	mutex_unlock(&making);
	return err;
}
