/* SPDX-License-Identifier: MIT */
/*
 * The system's table of contents: what is brought up, in which order. Each row
 * ends in a mark of the boot chart. Then main() runs, on a stack of its own.
 */
#include <linux/vmalloc.h>

#include "arch/csr.h"
#include "arch/sections.h"
#include "boot/boot_asm.h"
#include "boot/harts.h"
#include "core/bootchart.h"
#include "core/cmdline.h"
#include "core/console.h"
#include "core/hart.h"
#include "core/log.h"
#include "core/machine.h"
#include "core/power.h"
#include "core/thread.h"
#include "core/timer.h"
#include "drivers/finisher.h"
#include "drivers/goldfish_rtc.h"
#include "drivers/ns16550.h"
#include "drivers/virtio_console.h"
#include "lib/page_ops.h"
#include "lib/printf.h"
#include "mm/fault.h"
#include "mm/fault_inject.h"
#include "mm/kmem.h"
#include "mm/kthread.h"
#include "mm/memblock.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "mm/vminfo.h"
#include "posix/start.h"
#include "posix/task.h"

struct boot_phase {
	const char *name;
	void (*run)(void);
};

/* What firmware told the first instructions. */
static struct {
	unsigned int hart_id;
	uint64_t image_phys;
	uint64_t fdt_phys;
} handover;

static void init_traps(void)
{
	harts_init_boot(handover.hart_id);
}

static void init_machine(void)
{
	machine_init(handover.hart_id, handover.image_phys, handover.fdt_phys);
}

static void init_options(void)
{
	cmdline_init();
	machine_apply_options();
	log_set_level((unsigned int)cmdline_number(
		"loglevel",
		cmdline_get("quiet") ? LOG_ERROR : CONFIG_LOG_LEVEL));
	string_probe_misaligned();
	fault_inject_init();
}

static const struct boot_phase phases[] = {
	{ "traps", init_traps },
	{ "machine", init_machine },
	{ "options", init_options },
	{ "window", vmap_early_init },
	{ "memory", memory_init },
	{ "pages", page_alloc_init },
	{ "page tables", pgtable_init },
	{ "kmem", kmem_init },
	{ "tlb", tlb_init },
	{ "vmalloc", vmalloc_init },
	{ "faults", fault_init },
	{ "timer", timer_init },
	{ "finisher", finisher_init },
	{ "clock", goldfish_rtc_init },
	{ "uart", ns16550_init },
	{ "threads", harts_init_threads },
	{ "harts", harts_start },
};

static void run_app(void *unused)
{
	(void)unused;
	if (CONFIG_VIRTIO_CONSOLE)
		virtio_console_start();
	bootchart_mark("app");
	posix_start(app_argc, app_argv);
}

static void banner(void)
{
	char line[128];

	if (CONFIG_QUIET_BOOT || cmdline_get("quiet"))
		return;
	ksnprintf(line, sizeof(line),
	          "Vireo: %u of %u harts, %lu MiB of RAM, console %s\n",
	          nr_harts, machine.nr_harts_in_tree,
	          machine.memory_bytes >> 20, console_name());
	console_puts(line);
}

/* The boot stack is not used again; interrupts are on from here. */
static void __dead start_app(void)
{
	struct thread_setup setup = {
		.name = app_name,
		.id = MAIN_THREAD_ID,
		.function = run_app,
		.stack_bytes = (size_t)__app_stack_kb << 10,
		.priority = THREAD_PRIORITY_NORMAL,
		.allowed_harts = 1, /* begins on hart 0 */
		.owner = &main_task,
	};

	setup.stack_bottom = (uintptr_t)vmalloc(setup.stack_bytes);
	if (!setup.stack_bottom || thread_vector_alloc(&setup.vector) != 0) {
		refuse_boot("no memory for the stack of main(), %zu bytes: "
		            "give the machine more",
		            setup.stack_bytes);
	}
	thread_prepare(&main_task.thread, &setup);
	log_debug("memory: main() begins with %lu KiB in use",
	          memory_used_pages() << (PAGE_SHIFT - 10));
	thread_start(&main_task.thread);
	threads_run();
}

void boot_main(unsigned int hart_id, uint64_t image_phys, uint64_t fdt_phys,
               uint64_t instret, uint64_t time)
{
	unsigned int i;

	bootchart_start(instret, time);
	power_set_off(early_leave);
	handover.hart_id = hart_id;
	handover.image_phys = image_phys;
	handover.fdt_phys = fdt_phys;
	bootchart_mark("entry");
	for (i = 0; i < ARRAY_SIZE(phases); i++) {
		phases[i].run();
		bootchart_mark(phases[i].name);
	}
	banner();
	start_app();
}
