/* SPDX-License-Identifier: MIT */
/*
 * The table (tools/gensyms.py) is sorted by address, so a look-up is a binary
 * search for the last function that starts at or before the address.
 */
#include "core/symbol.h"

#include "arch/sections.h"
#include "lib/printf.h"

struct symbol_table {
	uint32_t count;
	uint32_t strings_offset; /* from the table's start */
	uint32_t address[];      /* from the image's start; then names[count] */
};

static const struct symbol_table *symbol_table(void)
{
	if (__ksyms_end - __ksyms_start < (long)sizeof(struct symbol_table))
		return NULL;
	return (const struct symbol_table *)__ksyms_start;
}

static const char *symbol_name(const struct symbol_table *table, uint32_t index)
{
	const uint32_t *names = table->address + table->count;

	return (const char *)table + table->strings_offset + names[index];
}

const char *symbol_lookup(uintptr_t pc, uintptr_t *start_out)
{
	const struct symbol_table *table = symbol_table();
	uintptr_t offset = pc - (uintptr_t)__image_start;
	uint32_t low = 0;
	uint32_t high;

	if (!table || pc < (uintptr_t)__text_start ||
	    pc >= (uintptr_t)__text_end)
		return NULL;
	high = table->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (table->address[middle] <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	*start_out = (uintptr_t)__image_start + table->address[low - 1];
	return symbol_name(table, low - 1);
}

void symbol_format(uintptr_t pc, char *buf, size_t size)
{
	uintptr_t start;
	const char *name = symbol_lookup(pc, &start);

	if (name)
		ksnprintf(buf, size, "%s+%#lx", name, pc - start);
	else
		ksnprintf(buf, size, "%#lx", pc);
}
