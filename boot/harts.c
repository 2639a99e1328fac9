/* SPDX-License-Identifier: MIT */
/*
 * Everything a hart needs is made by the boot hart before the hart runs: its
 * struct, its stacks and each subsystem's share, by one table. A hart that the
 * tree promises and that does not come is a reason not to boot: the machine is
 * not what it says it is.
 *
 * The stack of a hart's idle loop is an area of the vmalloc core, with guard
 * pages. Trap and emergency stack are one block of direct-mapped pages.
 */
#include "boot/harts.h"

#include <assert.h>
#include <errno.h>
#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/asm_offsets.h"
#include "arch/barrier.h"
#include "arch/csr.h"
#include "arch/early_map.h"
#include "arch/sbi.h"
#include "boot/boot_asm.h"
#include "core/hart.h"
#include "core/irq.h"
#include "core/machine.h"
#include "core/power.h"
#include "core/thread.h"
#include "core/timer.h"
#include "core/trap.h"
#include "mm/kmem.h"
#include "mm/kthread.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/vm_area.h"
#include "mm/vm_map_ram.h"

/* An emulator's harts share the host's few: firmware slows by their number. */
#define START_TIMEOUT_MS          1000u
#define START_TIMEOUT_MS_PER_HART 250u
#define LOOK_EVERY_NS             100000ul
#define IDLE_STACK_BYTES          8192u
#define CALLER_STACK_BYTES        16384u
#define TRAP_BLOCK_ORDER          2u
#define TRAP_BLOCK_BYTES          (PAGE_SIZE << TRAP_BLOCK_ORDER)

static_assert(offsetof(struct hart_start, satp) == START_SATP, "");
static_assert(offsetof(struct hart_start, entry) == START_ENTRY, "");
static_assert(offsetof(struct hart_start, hart) == START_HART, "");
static_assert(offsetof(struct hart_start, stack_top) == START_STACK, "");
static_assert(EMERGENCY_STACK_BYTES + TRAP_STACK_BYTES <= TRAP_BLOCK_BYTES, "");

/* All of a secondary hart, in the direct map. */
struct prepared_hart {
	struct hart hart;
	struct hart_start start;
	struct thread idle;
	struct thread caller; /* serves hart_call_start() */
	bool online;          /* [A] */
};

static struct thread boot_idle;

uint64_t hart_start_wanted; /* [A] read in boot/entry.S */

static int (*const subsystem_inits[])(struct hart *hart) = {
	page_alloc_hart_init,
	kmem_hart_init,
	vmap_hart_init,
};

void harts_init_boot(unsigned int id)
{
	boot_hart.id = id;
	boot_hart.trap_stack_top = (uintptr_t)boot_trap_stack_top;
	boot_hart.trap_stack_bottom = (uintptr_t)boot_stack_top;
	boot_hart.emergency_top = (uintptr_t)boot_stack_top;
	trap_init_hart();
	hart_init_this();
}

void secondary_main(void)
{
	struct prepared_hart *self =
		container_of(this_hart, struct prepared_hart, hart);

	trap_init_hart();
	timer_init_hart();
	hart_init_this();
	irq_init_hart();
	__atomic_store_n(&self->online, true, __ATOMIC_RELEASE);
	thread_start(&self->caller);
	threads_run();
}

static int prepare_caller(struct prepared_hart *prepared, uintptr_t stack)
{
	struct thread_setup setup = {
		.name = "calls",
		.function = hart_serve_calls,
		.argument = &prepared->hart,
		.stack_bottom = stack,
		.stack_bytes = CALLER_STACK_BYTES,
		.priority = THREAD_PRIORITY_NORMAL,
		.allowed_harts = 1ull << prepared->hart.index,
	};
	const int err = thread_vector_alloc(&setup.vector);

	if (err)
		return err;
	thread_prepare(&prepared->caller, &setup);
	prepared->hart.caller = &prepared->caller;
	return 0;
}

static int prepare_stacks(struct prepared_hart *prepared)
{
	struct hart *hart = &prepared->hart;
	uintptr_t block = __get_free_pages(GFP_KERNEL, TRAP_BLOCK_ORDER);
	char *idle_stack = vmalloc(IDLE_STACK_BYTES);
	char *caller_stack = vmalloc(CALLER_STACK_BYTES);

	if (!block || !idle_stack || !caller_stack) {
		vfree(caller_stack);
		vfree(idle_stack);
		free_pages(block, TRAP_BLOCK_ORDER);
		return -ENOMEM;
	}
	hart->emergency_top = block + EMERGENCY_STACK_BYTES;
	hart->trap_stack_bottom = hart->emergency_top;
	hart->trap_stack_top = block + TRAP_BLOCK_BYTES;
	prepared->start.stack_top = (uintptr_t)idle_stack + IDLE_STACK_BYTES;
	thread_prepare_idle(&prepared->idle, hart, (uintptr_t)idle_stack,
	                    IDLE_STACK_BYTES);
	return prepare_caller(prepared, (uintptr_t)caller_stack);
}

/* The threads that every machine has: this hart's idle one. */
void harts_init_threads(void)
{
	char *stack = vmalloc(IDLE_STACK_BYTES);

	if (!stack)
		refuse_boot("no memory for the idle thread");
	thread_prepare_idle(&boot_idle, &boot_hart, (uintptr_t)stack,
	                    IDLE_STACK_BYTES);
}

static int prepare_subsystems(struct hart *hart)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(subsystem_inits); i++) {
		int err = subsystem_inits[i](hart);

		if (err)
			return err;
	}
	return 0;
}

/* The next hart in line, whichever id it gets; NULL when memory is short. */
static struct prepared_hart *prepare_hart(void)
{
	struct prepared_hart *prepared = kzalloc(sizeof(*prepared), GFP_KERNEL);

	if (!prepared)
		return NULL;
	prepared->hart.index = nr_harts;
	timer_prepare_hart(&prepared->hart);
	prepared->start.satp = csr_read(satp);
	prepared->start.entry = (uintptr_t)secondary_high;
	prepared->start.hart = &prepared->hart;
	if (prepare_stacks(prepared) != 0) {
		kfree(prepared);
		return NULL;
	}
	if (prepare_subsystems(&prepared->hart) != 0)
		return NULL;
	return prepared;
}

static unsigned int start_timeout_ms(void)
{
	return START_TIMEOUT_MS +
	       START_TIMEOUT_MS_PER_HART * machine.nr_harts_in_tree;
}

static bool hart_answers(struct prepared_hart *prepared)
{
	uint64_t until_ns = timer_now_ns() + start_timeout_ms() * 1000000ul;

	while (timer_now_ns() < until_ns) {
		if (__atomic_load_n(&prepared->online, __ATOMIC_ACQUIRE))
			return true;
		hart_idle(timer_now_ns() + LOOK_EVERY_NS);
	}
	return false;
}

static void start_hart(unsigned int id, struct prepared_hart *prepared)
{
	uint64_t start_phys = virt_to_phys(&prepared->start);
	long error;

	prepared->hart.id = id;
	harts[nr_harts] = &prepared->hart;
	__atomic_store_n(&hart_start_wanted, start_phys, __ATOMIC_RELEASE);
	error = sbi_hart_start(id, image_to_phys(secondary_start), start_phys);
	if (error) {
		refuse_boot("hart %u does not start: SBI error %ld; "
		            "harts=%u on the command line does without it",
		            id, error, nr_harts);
	}
	if (!hart_answers(prepared)) {
		refuse_boot("hart %u does not start: no answer in %u ms; "
		            "harts=%u on the command line does without it",
		            id, start_timeout_ms(), nr_harts);
	}
	nr_harts++;
}

void harts_start(void)
{
	unsigned int i;

	for (i = 1; i < machine.nr_hart_ids; i++) {
		struct prepared_hart *prepared = prepare_hart();

		if (!prepared) {
			refuse_boot("hart %u does not start: no memory; "
			            "harts=%u on the command line does "
			            "without it",
			            machine.hart_ids[i], nr_harts);
		}
		start_hart(machine.hart_ids[i], prepared);
	}
}
