/* SPDX-License-Identifier: MIT */
/*
 * The whole page table, entry by entry: never writable and executable, no
 * writable view of text, nothing where nothing may be.
 */
#include <linux/vmalloc.h>

#include "arch/memmap.h"
#include "arch/sections.h"
#include "core/machine.h"
#include "mm/pgtable.h"
#include "pages.h"
#include "test.h"

struct survey {
	unsigned int runs, write_exec, user, text_aliases, rodata_aliases;
	unsigned int firmware, devices_in_direct, low;
	vaddr_t last;
};

static paddr_t image_phys(const char *symbol)
{
	return machine.image.start +
	       (paddr_t)(symbol - (const char *)__image_start);
}

static bool overlaps(paddr_t start, paddr_t end, paddr_t from, paddr_t to)
{
	return start < to && from < end;
}

/* Below the image nothing but firmware is reserved. */
static const struct phys_range *firmware_range(unsigned int index)
{
	const struct phys_range *range = &machine.reserved[index];

	return range->end <= machine.image.start ? range : NULL;
}

static bool overlaps_firmware(paddr_t start, paddr_t end)
{
	for (unsigned int i = 0; i < machine.nr_reserved; i++) {
		const struct phys_range *range = firmware_range(i);

		if (range && overlaps(start, end, range->start, range->end))
			return true;
	}
	return false;
}

static void look_at_run(vaddr_t start, vaddr_t end, paddr_t pa, pgprot_t prot,
                        unsigned int level, void *context)
{
	struct survey *survey = context;
	unsigned long bits = pgprot_val(prot);
	paddr_t pa_end = pa + (end - start);
	bool writable = bits & PTE_W;

	(void)level;
	survey->runs++;
	survey->write_exec += writable && bits & PTE_X;
	survey->user += !!(bits & PTE_U);
	survey->text_aliases +=
		writable && overlaps(pa, pa_end, image_phys(__text_start),
	                             image_phys(__text_end));
	survey->rodata_aliases +=
		writable && overlaps(pa, pa_end, image_phys(__rodata_start),
	                             image_phys(__rodata_end));
	survey->low += start < 1ul << 38;
	if (start >= DIRECT_BASE && start < DIRECT_BASE + DIRECT_SIZE) {
		survey->firmware += overlaps_firmware(pa, pa_end);
		survey->devices_in_direct +=
			overlaps(pa, pa_end, 0, 0x80000000);
		survey->low += bits & PTE_X ? 1 : 0;
	}
	survey->last = end;
}

static struct survey survey_all(void)
{
	struct survey survey = { 0 };

	pgtable_walk_range(0, 1ul << 38, look_at_run, &survey);
	pgtable_walk_range(-1ul << 38, 0 - PAGE_SIZE, look_at_run, &survey);
	return survey;
}

TEST(no_mapping_is_writable_and_executable)
{
	struct survey survey = survey_all();

	CHECK(survey.runs >= 4);
	CHECK_EQ(survey.write_exec, 0);
	CHECK_EQ(survey.user, 0);
}

TEST(text_and_rodata_have_no_writable_alias)
{
	struct survey survey = survey_all();

	CHECK_EQ(survey.text_aliases, 0);
	CHECK_EQ(survey.rodata_aliases, 0);
}

TEST(low_half_firmware_and_devices_are_not_mapped)
{
	struct survey survey = survey_all();
	unsigned int firmware_ranges = 0;

	CHECK_EQ(survey.low, 0);
	CHECK_EQ(survey.firmware, 0);
	CHECK_EQ(survey.devices_in_direct, 0);
	CHECK(!can_read(NULL) && !can_read((char *)0x80200000));
	for (unsigned int i = 0; i < machine.nr_reserved; i++) {
		const struct phys_range *range = firmware_range(i);

		if (!range)
			continue;
		CHECK(!can_read((char *)DIRECT_BASE + range->start));
		CHECK(!can_read((char *)DIRECT_BASE + range->end - 1));
		firmware_ranges++;
	}
	CHECK(firmware_ranges > 0);
	CHECK(!can_read((char *)DIRECT_BASE));
	CHECK(!can_read((char *)DIRECT_BASE + 0x10000000));
}

TEST(image_sections_have_their_permissions)
{
	static const char in_rodata[] = "read only";
	static int in_data = 5;

	CHECK(can_read((void *)survey_all) && !can_write((void *)survey_all));
	CHECK(can_read(in_rodata) && !can_write((void *)in_rodata));
	CHECK(can_write(&in_data));
	CHECK(!CONFIG_SYMBOLS ||
	      (can_read(__ksyms_start) && !can_write(__ksyms_start)));
	CHECK(!(*pgtable_lookup((vaddr_t)&in_data, &(unsigned int){ 0 }) &
	        PTE_X));
}

TEST(pages_around_the_image_and_the_window_are_holes)
{
	CHECK(!can_read((char *)IMAGE_BASE - 1));
	CHECK(!can_read((char *)ALIGN_UP((vaddr_t)__image_end, 1ul << 21)));
	CHECK(!can_read((char *)VMALLOC_START));
	CHECK(!can_read((char *)VMALLOC_END));
	CHECK(!can_read((char *)0xffffffc000000000ul));
}

TEST(end_of_ram_is_the_end_of_the_direct_map)
{
	paddr_t end = machine.memory[machine.nr_memory - 1].end;

	CHECK(can_read((char *)DIRECT_BASE + end - 1));
	CHECK(!can_read((char *)DIRECT_BASE + end));
}
