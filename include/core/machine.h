/* SPDX-License-Identifier: MIT */
/*
 * What this machine is, read in one pass over the device tree (libfdt), then
 * constant. Nothing here is assumed where the tree can say it.
 */
#ifndef CORE_MACHINE_H
#define CORE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/isa.h"

#define MACHINE_MEMORY_RANGES   16
#define MACHINE_RESERVED_RANGES 16
#define MACHINE_VIRTIO_SLOTS    32

struct phys_range {
	uint64_t start;
	uint64_t end;
};

struct machine_device {
	uint64_t base; /* physical; 0: absent */
	uint64_t size;
	uint32_t irq;        /* see machine_irq() */
	uint32_t irq_parent; /* phandle of the controller that it is wired to */
	uint32_t reg_shift;  /* ns16550 */
	uint32_t reg_width;  /* ns16550, bytes */
};

struct machine {
	/* Whole pages, ascending, disjoint, inside the direct map. */
	struct phys_range memory[MACHINE_MEMORY_RANGES];
	unsigned int nr_memory;
	/* Firmware, tree, initrd: whole pages; may overlap; not the image. */
	struct phys_range reserved[MACHINE_RESERVED_RANGES];
	unsigned int nr_reserved;
	unsigned int hart_ids[CONFIG_NR_HARTS]; /* [0] is the boot hart */
	unsigned int nr_hart_ids;
	uint32_t hart_intc[CONFIG_NR_HARTS]; /* phandle, as hart_ids[] */
	unsigned int nr_harts_in_tree;       /* may exceed CONFIG_NR_HARTS */
	uint32_t isa;                /* bit per enum isa_extension, all harts */
	uint16_t zicboz_block_bytes; /* 0: unknown */
	uint64_t timebase_hz;
	struct machine_device uart;
	struct machine_device finisher; /* sifive,test */
	struct machine_device plic;
	uint32_t plic_phandle;
	uint32_t plic_sources; /* riscv,ndev; 0: absent */
	/*
	 * Its interrupts-extended, big-endian: for each context a phandle and
	 * the number of an interrupt there.
	 */
	const uint8_t *plic_contexts;
	uint32_t plic_contexts_bytes;
	struct machine_device rtc;
	struct machine_device virtio[MACHINE_VIRTIO_SLOTS];
	unsigned int nr_virtio;
	struct phys_range initrd;
	struct phys_range image; /* physical, page aligned */
	struct phys_range fdt;
	const uint8_t *rng_seed; /* of the tree */
	uint32_t rng_seed_bytes; /* 0: it has none */
	uint64_t seed;           /* from rng-seed, seed= or time; never 0 */
	bool seed_fixed;         /* seed= was given */
	const char *model;
	const char *command_line; /* "" when there is none */
	uint64_t memory_bytes;    /* sum of memory[] */
};

extern struct machine machine;

/*
 * Fill machine from the tree mapped at FIXMAP_FDT. Refuses to boot, with one
 * line, on a malformed tree, no memory node, an image outside RAM, or a boot
 * hart that the tree does not know.
 */
void machine_init(unsigned int boot_hart_id, uint64_t image_phys,
                  uint64_t fdt_phys);

/* After cmdline_init(): seed=, isa= and harts= have their say. */
void machine_apply_options(void);

/* The PLIC's number of a device's interrupt; 0: it is not wired to the PLIC. */
static inline unsigned int machine_irq(const struct machine_device *device)
{
	return machine.plic.base != 0 &&
	                       device->irq_parent == machine.plic_phandle
	               ? device->irq
	               : 0;
}

/* The extension exists on every hart and isa=-name did not switch it off. */
static inline bool isa_has(enum isa_extension extension)
{
	return machine.isa >> extension & 1;
}

#endif /* CORE_MACHINE_H */
