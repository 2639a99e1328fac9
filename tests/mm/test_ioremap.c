/* SPDX-License-Identifier: MIT */
/*
 * ioremap (contract 1.17). QEMU's virtio slots serve as device memory: the word
 * at the start of each is "virt", and eight of them lie side by side.
 */
#include <errno.h>
#include <linux/io.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "core/machine.h"
#include "core/report.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "pages.h"
#include "state.h"
#include "test.h"

#define VIRTIO_MAGIC 0x74726976u

/* A device-free stretch of QEMU virt: the 32-bit PCIe window. */
#define EMPTY_PHYS 0x40000000ul

/* PCIe configuration space: every byte of it may be read. */
#define ECAM_PHYS 0x30000000ul

static phys_addr_t lowest_virtio(void)
{
	phys_addr_t lowest = machine.virtio[0].base;

	for (unsigned int i = 1; i < machine.nr_virtio; i++)
		if (machine.virtio[i].base < lowest)
			lowest = machine.virtio[i].base;
	return lowest;
}

static paddr_t phys_of(volatile void *va)
{
	paddr_t pa = 0;
	pgprot_t prot;

	CHECK(pgtable_translate((vaddr_t)va, &pa, &prot));
	return pa;
}

TEST(ioremap_reaches_the_device)
{
	/* The second time in an area that is at hand. */
	for (unsigned int i = 0; i < 2; i++) {
		void __iomem *p = ioremap(lowest_virtio(), 0x1000);
		struct vm_struct *vm = find_vm_area(p);

		CHECK(p && vm && vm->flags & VM_IOREMAP);
		CHECK_EQ(vm->phys_addr, lowest_virtio());
		CHECK_EQ(vm->size, 2 * PAGE_SIZE);
		CHECK_EQ(vm->requested_size, 0x1000);
		CHECK_EQ(readl(p), VIRTIO_MAGIC);
		iounmap(p);
		CHECK(!find_vm_area(p));
		tlb_flush_all();
	}
}

TEST(ioremap_keeps_the_offset_in_the_page)
{
	char *p = ioremap(lowest_virtio() + 4, 4);

	CHECK(p);
	CHECK_EQ((unsigned long)p % PAGE_SIZE, 4);
	CHECK(readl(p) == 1 || readl(p) == 2); /* the version register */
	iounmap(p);
}

/* B43: the size is rounded after the offset was added. */
TEST(ioremap_across_a_page_edge_maps_both_pages)
{
	char *p = ioremap(ECAM_PHYS + 0xff0, 0x20);

	CHECK(p);
	CHECK_EQ(find_vm_area((char *)((unsigned long)p & PAGE_MASK))->size,
	         3 * PAGE_SIZE);
	(void)readl(p);
	(void)readl(p + 0x10);
	iounmap(p);
}

TEST(ioremap_is_uncached_never_executable_and_device_typed)
{
	void __iomem *p = ioremap(lowest_virtio(), 0x1000);
	unsigned int level;
	pte_t pte;

	CHECK(p);
	pte = *pgtable_lookup((vaddr_t)p, &level);
	CHECK_EQ(pte & (PTE_X | PTE_U), 0);
	CHECK_EQ(pte & (3ul << 61), isa_has(ISA_SVPBMT) ? PTE_PBMT_IO : 0);
	iounmap(p);
	p = ioremap_cache(lowest_virtio(), 0x1000);
	CHECK(p);
	CHECK_EQ(*pgtable_lookup((vaddr_t)p, &level) & (3ul << 61), 0);
	iounmap(p);
}

TEST(ioremap_variants_map_or_say_that_they_cannot)
{
	void __iomem *p[4];

	p[0] = ioremap_nocache(lowest_virtio(), 4096);
	p[1] = ioremap_wc(lowest_virtio(), 4096);
	p[2] = ioremap_wt(lowest_virtio(), 4096);
	p[3] = ioremap_cache(lowest_virtio(), 4096);
	for (unsigned int i = 0; i < 4; i++) {
		CHECK(p[i]);
		CHECK_EQ(readl(p[i]), VIRTIO_MAGIC);
		iounmap(p[i]);
	}
	CHECK(!ioremap_uc(lowest_virtio(), 4096));
	CHECK(!ioremap_np(lowest_virtio(), 4096));
}

TEST(device_may_be_mapped_twice)
{
	void __iomem *a = ioremap(lowest_virtio(), 4096);
	void __iomem *b = ioremap(lowest_virtio(), 4096);

	CHECK(a && b && a != b);
	iounmap(a);
	CHECK_EQ(readl(b), VIRTIO_MAGIC);
	iounmap(b);
}

TEST(ioremap_refuses_sizes_that_are_empty_or_wrap)
{
	CHECK(!ioremap(lowest_virtio(), 0));
	CHECK(!ioremap(~0ul - 4095, 8192));
	CHECK(!ioremap(~0ul, 2));
	CHECK(!ioremap(1ul << 56, 4096));
	CHECK(!ioremap((1ul << 56) - 4096, 8192));
	CHECK(!ioremap(EMPTY_PHYS, ~0ul));
}

TEST(ioremap_refuses_ram_that_the_allocator_owns)
{
	struct page **pages = pages_alloc(1);
	paddr_t pa = page_to_phys(pages[0]);

	CHECK(!ioremap(pa, 4096));
	CHECK(!ioremap(pa + 8, 8));
	/* Firmware's part of RAM and the page below all of it: the last byte
	 * counts, and so does the rest of its page. */
	CHECK(!ioremap(machine.memory[0].end - 8, 8));
	CHECK(!ioremap(pa - 8, 16));
	CHECK(!ioremap(machine.memory[0].start - 4096,
	               machine.memory[0].end - machine.memory[0].start));
	pages_free(pages, 1);
}

/* B44 */
TEST(ioremap_prot_refuses_user_and_execute)
{
	unsigned long prot = PAGE_KERNEL.pgprot;
	void __iomem *p = ioremap_prot(lowest_virtio(), 4096, prot);

	CHECK(p);
	iounmap(p);
	CHECK(!ioremap_prot(lowest_virtio(), 4096, prot | PTE_U));
	CHECK(!ioremap_prot(lowest_virtio(), 4096, prot | PTE_X));
	CHECK(!ioremap_prot(lowest_virtio(), 4096, prot & ~PTE_R));
}

/* B52: ceil(log2) of the rounded size, 64 bits wide, capped at 1 GiB. */
TEST(area_alignment_follows_the_size)
{
	static const struct {
		unsigned long size;
		unsigned long align;
	} row[] = {
		{ 4096, 4096 },
		{ 4097, 8192 },
		{ 3 * 4096, 4 * 4096 },
		{ 1 << 20, 1 << 20 },
		{ (1 << 20) + 1, 1 << 21 },
		{ 8ul << 30, 1ul << IOREMAP_MAX_ORDER },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
		struct vm_struct *vm = get_vm_area(row[i].size, VM_IOREMAP);

		CHECK(vm);
		CHECK(IS_ALIGNED((unsigned long)vm->addr, row[i].align));
		free_vm_area(vm);
	}
}

/* Not more than asked either: 4096 bytes must not insist on 8 KiB. */
TEST(area_alignment_is_not_one_step_too_large)
{
	unsigned long start = VMALLOC_START + (1ul << 34) + PAGE_SIZE;
	struct vm_struct *vm;

	start |= PAGE_SIZE;
	vm = __get_vm_area(PAGE_SIZE, VM_IOREMAP, start, start + 2 * PAGE_SIZE);
	CHECK(vm);
	CHECK_EQ(vm->addr, start);
	free_vm_area(vm);
}

/* Nor on more than 1 GiB, however large it is. */
TEST(area_alignment_ends_at_one_gib)
{
	unsigned long start =
		ALIGN_UP(VMALLOC_START, 1ul << 31) + (1ul << 33) + (1ul << 30);
	struct vm_struct *vm = __get_vm_area(1ul << 31, VM_IOREMAP, start,
	                                     start + (1ul << 31) + PAGE_SIZE);

	CHECK(vm);
	CHECK_EQ(vm->addr, start);
	free_vm_area(vm);
}

TEST(large_mappings_use_large_leaves)
{
	char *p = ioremap(EMPTY_PHYS, 2 * LEAF_TABLE_SIZE);
	char *q = ioremap(EMPTY_PHYS, 1ul << 30);

	CHECK(p && q);
	CHECK_EQ(leaf_level(p), 1);
	CHECK_EQ(leaf_level(q), 2);
	CHECK_EQ(phys_of(p + 0x312345), EMPTY_PHYS + 0x312345);
	CHECK_EQ(phys_of(q + 0x32345678), EMPTY_PHYS + 0x32345678);
	iounmap(p);
	iounmap(q);
}

TEST(large_leaf_never_reaches_beyond_the_end)
{
	const size_t size = LEAF_TABLE_SIZE + LEAF_TABLE_SIZE / 4 * 3;
	char *p = ioremap(EMPTY_PHYS, size);

	CHECK(p);
	CHECK_EQ(leaf_level(p), vmap_huge_enabled());
	CHECK_EQ(leaf_level(p + size - 1), 0);
	CHECK_EQ(leaf_level(p + size), -1);
	iounmap(p);
}

TEST(napot_runs_appear_only_where_the_machine_has_them)
{
	char *p = ioremap(EMPTY_PHYS, 1 << 16);
	unsigned int level;
	pte_t pte;

	CHECK(p);
	pte = *pgtable_lookup((vaddr_t)p, &level);
	CHECK_EQ(level, 0);
	if (!isa_has(ISA_SVNAPOT))
		CHECK(!(pte & PTE_N));
	else
		CHECK(pte & PTE_N);
	for (unsigned int i = 0; i < 16; i++)
		CHECK_EQ(phys_of(p + i * PAGE_SIZE + 5),
		         EMPTY_PHYS + i * PAGE_SIZE + 5);
	iounmap(p);
}

/* B21: every phase of address against 2 MiB; the neighbours survive. */
TEST(mapping_at_every_phase_leaves_the_neighbours_alone)
{
	const size_t size = LEAF_TABLE_SIZE + PAGE_SIZE;

	for (unsigned int phase = 0; phase < 512; phase += 37) {
		unsigned long phys = EMPTY_PHYS + phase * PAGE_SIZE;
		char *below = vmalloc(PAGE_SIZE), *above;
		char *p = ioremap(phys, size);

		above = vmalloc(PAGE_SIZE);
		CHECK(below && p && above);
		*below = 1;
		*above = 2;
		CHECK_EQ(phys_of(p), phys);
		CHECK_EQ(phys_of(p + size - 1), phys + size - 1);
		CHECK_EQ(leaf_level(p + size), -1);
		iounmap(p);
		vm_unmap_aliases();
		CHECK(*below == 1 && *above == 2);
		CHECK_EQ(leaf_level(p), -1);
		CHECK_EQ(leaf_level(p + LEAF_TABLE_SIZE), -1);
		vfree(below);
		vfree(above);
	}
}

/* B45 */
TEST(ten_thousand_mappings_leave_nothing_behind)
{
	struct mm_state before, after;

	mm_state_settled(&before);
	for (unsigned int i = 0; i < 10000; i++)
		iounmap(ioremap(EMPTY_PHYS + i * PAGE_SIZE, PAGE_SIZE));
	mm_state_settled(&after);
	mm_state_check_equal(&after, &before);
}

TEST(iounmap_ignores_null_and_strangers_outside_the_window)
{
	static int outside;

	iounmap(NULL);
	iounmap(&outside);
}

TEST(iounmap_needs_the_first_page)
{
	char *p = ioremap(EMPTY_PHYS, 4 * PAGE_SIZE);

	CHECK(p);
	CHECK_REPORTS(1, iounmap(p + PAGE_SIZE));
	CHECK_REPORTS(1, iounmap(p + 4 * PAGE_SIZE));
	CHECK(find_vm_area(p));
	iounmap(p + 100);
	CHECK(!find_vm_area(p));
	CHECK_REPORTS(1, iounmap(p));
}

TEST(iounmap_refuses_other_kinds_of_area)
{
	char *p = vmalloc(PAGE_SIZE);

	CHECK(p);
	CHECK_REPORTS(1, iounmap(p));
	CHECK(can_write(p));
	vfree(p);
}

TEST(page_range_must_be_the_whole_of_an_ioremap_area)
{
	struct vm_struct *io = get_vm_area(2 * PAGE_SIZE, VM_IOREMAP);
	struct vm_struct *map = get_vm_area(2 * PAGE_SIZE, VM_MAP);
	unsigned long a, b;

	CHECK(io && map);
	a = (unsigned long)io->addr;
	b = (unsigned long)map->addr;
	CHECK_EQ(ioremap_page_range(b, b + 2 * PAGE_SIZE, lowest_virtio(),
	                            PAGE_KERNEL_NOCACHE),
	         -EINVAL);
	CHECK_EQ(ioremap_page_range(a, a + PAGE_SIZE, lowest_virtio(),
	                            PAGE_KERNEL_NOCACHE),
	         -ERANGE);
	CHECK_EQ(ioremap_page_range(a, a + 3 * PAGE_SIZE, lowest_virtio(),
	                            PAGE_KERNEL_NOCACHE),
	         -ERANGE);
	CHECK_EQ(ioremap_page_range(a, a + 2 * PAGE_SIZE, lowest_virtio(),
	                            PAGE_KERNEL_NOCACHE),
	         0);
	CHECK_EQ(readl((void *)(a + PAGE_SIZE)), VIRTIO_MAGIC);
	free_vm_area(io);
	free_vm_area(map);
}

TEST(page_range_refuses_what_is_no_device_range)
{
	struct page **pages = pages_alloc(1);
	struct vm_struct *io = get_vm_area(2 * PAGE_SIZE, VM_IOREMAP);
	unsigned long a, ram = page_to_phys(pages[0]);

	CHECK(io);
	a = (unsigned long)io->addr;
	CHECK_EQ(ioremap_page_range(a + PAGE_SIZE, a + 2 * PAGE_SIZE,
	                            EMPTY_PHYS, PAGE_KERNEL_NOCACHE),
	         -ERANGE);
	CHECK_EQ(ioremap_page_range(a + PAGE_SIZE, a + 3 * PAGE_SIZE,
	                            EMPTY_PHYS, PAGE_KERNEL_NOCACHE),
	         -ERANGE);
	CHECK_EQ(ioremap_page_range(a, a + 2 * PAGE_SIZE, EMPTY_PHYS + 8,
	                            PAGE_KERNEL_NOCACHE),
	         -EINVAL);
	CHECK_EQ(ioremap_page_range(a, a + 2 * PAGE_SIZE, ram,
	                            PAGE_KERNEL_NOCACHE),
	         -EINVAL);
	CHECK_EQ(ioremap_page_range(a, a + 2 * PAGE_SIZE, EMPTY_PHYS,
	                            PAGE_KERNEL_EXEC),
	         -EINVAL);
	CHECK_EQ(leaf_level(io->addr), -1);
	CHECK_EQ(ioremap_page_range(a, a + 2 * PAGE_SIZE, EMPTY_PHYS,
	                            PAGE_KERNEL_NOCACHE),
	         0);
	CHECK_EQ(io->phys_addr, EMPTY_PHYS);
	CHECK_EQ(ioremap_page_range(a, a + 2 * PAGE_SIZE, EMPTY_PHYS,
	                            PAGE_KERNEL_NOCACHE),
	         -EBUSY);
	CHECK_EQ(phys_of((char *)a + PAGE_SIZE), EMPTY_PHYS + PAGE_SIZE);
	free_vm_area(io);
	pages_free(pages, 1);
}

/* Large ones take the general path: aligned, noted, undone the same way. */
TEST(large_mapping_is_like_a_small_one)
{
	char *p = ioremap(EMPTY_PHYS + 0x1234, 100 * PAGE_SIZE);
	struct vm_struct *vm;

	CHECK(p);
	CHECK_EQ((unsigned long)p % PAGE_SIZE, 0x234);
	vm = find_vm_area((char *)((unsigned long)p & PAGE_MASK));
	CHECK(vm && vm->flags & VM_IOREMAP);
	CHECK_EQ(vm->phys_addr, EMPTY_PHYS + PAGE_SIZE);
	CHECK_EQ(vm->requested_size, 100 * PAGE_SIZE);
	CHECK_EQ(vm->size, 102 * PAGE_SIZE);
	CHECK(IS_ALIGNED((unsigned long)vm->addr, 128 * PAGE_SIZE));
	CHECK_EQ(phys_of(p + 99 * PAGE_SIZE),
	         EMPTY_PHYS + 0x1234 + 99 * PAGE_SIZE);
	CHECK(!vmalloc_to_page(p));
	iounmap(p);
	CHECK_EQ(leaf_level(p), -1);
}

TEST(nonlazy_switch_makes_the_next_iounmap_purge)
{
	struct vmap_counters before, after;
	void __iomem *p = ioremap(EMPTY_PHYS, PAGE_SIZE);

	CHECK(p);
	vm_unmap_aliases();
	vmap_read_counters(&before);
	set_iounmap_nonlazy();
	iounmap(p);
	vmap_read_counters(&after);
	CHECK_EQ(after.purges - before.purges, 1);
	CHECK(!can_read(p));
	iounmap(ioremap(EMPTY_PHYS, PAGE_SIZE));
	vmap_read_counters(&before);
	CHECK_EQ(before.purges, after.purges);
}
