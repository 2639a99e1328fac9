/* SPDX-License-Identifier: MIT */
/*
 * RISC-V PLIC (specification 1.0.0). A context is a hart in one of its modes; the
 * tree lists which controller and which of its interrupts each context feeds, so
 * the one to use is found by the hart's phandle and the number of the supervisor
 * external interrupt. Two parts of the registers are mapped: the shared ones up
 * to the last enable word, and the contexts.
 *
 *      0x000000  priority of source n: a word each
 *      0x002000  enable bits of context c: 0x80 bytes each
 *      0x200000  threshold and claim of context c: 0x1000 bytes each
 */
#include <errno.h>
#include <linux/io.h>

#include "arch/csr.h"
#include "core/hart.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/machine.h"
#include "lib/fdt_walk.h"

#define ENABLES          0x2000u
#define ENABLE_BYTES     0x80ul
#define CONTEXTS         0x200000ul
#define CONTEXT_BYTES    0x1000ul
#define CONTEXT_CLAIM    4u
#define CONTEXTS_MAX     15872u
#define SOURCES_MAX      1023u
#define NO_CONTEXT       UINT16_MAX
#define TREE_ENTRY_BYTES 8u

static volatile char __iomem *shared;
static volatile char __iomem *contexts;
/* [I] once started */
static uint16_t context_of[CONFIG_NR_HARTS];
static volatile void __iomem *claims[CONFIG_NR_HARTS]; /* of who is reached */

static uint16_t plic_find_context(uint32_t intc)
{
	const uint8_t *entry = machine.plic_contexts;
	uint32_t count = machine.plic_contexts_bytes / TREE_ENTRY_BYTES;
	uint32_t i;

	for (i = 0; i < count && i < CONTEXTS_MAX; i++) {
		if (fdt_cells(entry, 1) == intc &&
		    fdt_cells(entry + 4, 1) == IRQ_EXTERNAL)
			return (uint16_t)i;
		entry += TREE_ENTRY_BYTES;
	}
	return NO_CONTEXT;
}

/* The highest of our harts' contexts; -1: there is none. */
static int plic_find_contexts(void)
{
	int last = -1;
	unsigned int i;

	for (i = 0; i < nr_harts; i++) {
		uint32_t intc = machine.hart_intc[i];

		context_of[i] = intc ? plic_find_context(intc) : NO_CONTEXT;
		if (context_of[i] != NO_CONTEXT && context_of[i] > last)
			last = context_of[i];
	}
	return last;
}

static bool plic_reaches(unsigned int hart)
{
	return context_of[hart] != NO_CONTEXT;
}

static volatile void __iomem *enable_word(unsigned int number,
                                          unsigned int hart)
{
	return shared + ENABLES + context_of[hart] * ENABLE_BYTES +
	       number / 32 * sizeof(uint32_t);
}

static void plic_enable(unsigned int number, unsigned int hart)
{
	volatile void __iomem *word = enable_word(number, hart);

	writel(readl(word) | 1u << number % 32, word);
}

static void plic_disable(unsigned int number, unsigned int hart)
{
	volatile void __iomem *word = enable_word(number, hart);

	writel(readl(word) & ~(1u << number % 32), word);
}

static void plic_set_priority(unsigned int number, unsigned int priority)
{
	writel(priority, shared + number * 4ul);
}

static unsigned int plic_claim(void)
{
	return readl(claims[this_hart->index]);
}

static void plic_complete(unsigned int number)
{
	writel(number, claims[this_hart->index]);
}

/* Nothing enabled, whatever firmware left; everything above 0 comes through. */
static void plic_reset(unsigned int hart)
{
	volatile char __iomem *context =
		contexts + context_of[hart] * CONTEXT_BYTES;
	unsigned int number;

	for (number = 0; number <= machine.plic_sources; number += 32)
		writel(0, enable_word(number, hart));
	writel(0, context);
	claims[hart] = context + CONTEXT_CLAIM;
}

static int plic_map(unsigned int last_context)
{
	const struct machine_device *plic = &machine.plic;
	uint64_t shared_bytes = ENABLES + (last_context + 1ul) * ENABLE_BYTES;
	uint64_t context_bytes = (last_context + 1ul) * CONTEXT_BYTES;

	if (plic->size < CONTEXTS + context_bytes)
		return -ENODEV;
	shared = ioremap(plic->base, shared_bytes);
	contexts = ioremap(plic->base + CONTEXTS, context_bytes);
	if (shared && contexts)
		return 0;
	iounmap(shared);
	iounmap(contexts);
	return -ENOMEM;
}

static int plic_start(void)
{
	unsigned int sources = machine.plic_sources;
	int last_context = plic_find_contexts();
	unsigned int i;
	int err = -ENODEV;

	if (sources > 0 && sources <= SOURCES_MAX && last_context >= 0)
		err = plic_map((unsigned int)last_context);
	if (err) {
		log_warn("plic at %#lx: %s", machine.plic.base,
		         err == -ENOMEM ? "no memory to map its registers"
		                        : "its device-tree node is wrong");
		return err;
	}
	for (i = 0; i < nr_harts; i++)
		if (plic_reaches(i))
			plic_reset(i);
	return (int)sources;
}

static struct irq_controller plic_controller = {
	.name = "PLIC",
	.start = plic_start,
	.reaches = plic_reaches,
	.enable = plic_enable,
	.disable = plic_disable,
	.set_priority = plic_set_priority,
	.claim = plic_claim,
	.complete = plic_complete,
};

struct irq_controller *irq_machine_controller(void)
{
	return machine.plic.base != 0 ? &plic_controller : NULL;
}
