/* SPDX-License-Identifier: MIT */
/*
 * Failures before the kernel can speak for itself: one line on the firmware's
 * console, then off with a non-zero status. Runs at physical addresses with
 * translation off, also when a kernel that panics leaves translation
 * (early_leave), so it uses no pointer that the linker filled in.
 *
 * The power switch is the tree's sifive,test; without it SBI SRST "system
 * failure", which QEMU 7.2 turns into exit status 0: the tree must then be so
 * broken that nothing can be found in it.
 */
#include <libfdt.h>
#include <stdbool.h>
#include <stddef.h>

#include "arch/barrier.h"
#include "arch/memmap.h"
#include "arch/sbi.h"
#include "arch/sections.h"
#include "boot/boot_asm.h"
#include "core/power.h"

/* Nobody has read the tree's yet, and the finisher is QEMU's. */
#define QEMU_TIMEBASE_HZ 10000000ul

static uint64_t early_tree __section(".data.boot");

static void early_puts(const char *text)
{
	while (*text)
		sbi_putchar(*text++);
}

static void early_put_hex(unsigned long value)
{
	int shift;

	early_puts("0x");
	for (shift = 60; shift >= 0; shift -= 4) {
		unsigned int digit = value >> shift & 15;

		sbi_putchar((int)(digit < 10 ? '0' + digit : 'a' + digit - 10));
	}
}

static bool early_tree_is_sound(const void *fdt)
{
	return fdt && ((uintptr_t)fdt & 7) == 0 && fdt_check_header(fdt) == 0;
}

/* Physical address of the finisher's register, or 0. */
static uintptr_t find_finisher(const void *fdt)
{
	int node = fdt_node_offset_by_compatible(fdt, -1, "sifive,test0");
	const fdt32_t *reg;
	int length;

	if (node < 0)
		return 0;
	reg = fdt_getprop(fdt, node, "reg", &length);
	if (!reg || length < 8)
		return 0;
	/* Two address cells below /soc unless the property is too short. */
	if (length < 16)
		return fdt32_to_cpu(reg[0]);
	return (uint64_t)fdt32_to_cpu(reg[0]) << 32 | fdt32_to_cpu(reg[1]);
}

void early_stop(int status)
{
	const void *fdt = (const void *)early_tree;
	uintptr_t finisher = 0;

	if (early_tree_is_sound(fdt))
		finisher = find_finisher(fdt);
	if (finisher) {
		*(volatile uint32_t *)finisher = power_finisher_word(status);
		power_finisher_wait(QEMU_TIMEBASE_HZ);
	}
	sbi_shutdown(status ? SBI_SRST_SYSTEM_FAILURE : SBI_SRST_NO_REASON);
	for (;;)
		wait_for_interrupt();
}

void early_fail(const char *message)
{
	early_puts("vireo: cannot boot: ");
	early_puts(message);
	early_puts("\n");
	early_stop(REFUSED_EXIT_STATUS);
}

void early_trap_fail(unsigned long scause, unsigned long sepc,
                     unsigned long stval)
{
	early_puts("vireo: cannot boot: trap before translation, scause ");
	early_put_hex(scause);
	early_puts(" sepc ");
	early_put_hex(sepc);
	early_puts(" stval ");
	early_put_hex(stval);
	early_fail(": the image does not fit in RAM, give the machine more");
}

/*
 * Is it safe to clear .bss and to read the tree? Neither needs more than the
 * registers that firmware passed.
 */
void early_check(uint64_t image_phys, const void *fdt)
{
	uint64_t image_end = (uintptr_t)__image_end;
	uint64_t tree = (uintptr_t)fdt;

	early_tree = tree;
	if (image_phys & (PAGE_SIZE - 1))
		early_fail("the image is not loaded at a page boundary");
	if (!early_tree_is_sound(fdt))
		early_fail("no valid device tree where a1 points");
	if (tree < image_end && tree + fdt_totalsize(fdt) > image_phys) {
		early_fail(
			"the device tree lies inside the image, which is too "
			"big for this RAM: give the machine more");
	}
	*(volatile char *)(image_end - 1) =
		0; /* traps where RAM ends earlier */
}
