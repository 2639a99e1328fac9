/* SPDX-License-Identifier: MIT */
/*
 * The table (tools/gensyms.py): functions by address in groups, an index of the
 * groups, and a list of entries with the names written in pairs: a byte from
 * PAIR_CODES on stands for two others. A look-up is a binary search for the
 * group and a walk over its few entries.
 */
#include "core/symbol.h"

#include <string.h>

#include "arch/sections.h"
#include "lib/printf.h"

#define PAIR_CODES  128u
#define GROUP       16u /* functions; all but the last group are full */
#define ADDRESS_LSB 2u  /* code lies at even addresses */
#define DEPTH_MAX   16u /* of a pair's pairs: gensyms.py keeps to it */

struct symbol_group {
	uint32_t start;   /* of the first function, from the image's start */
	uint32_t entries; /* where they begin, from the table's start */
};

struct symbol_table {
	uint32_t count;
	uint32_t nr_groups;
	uint8_t pairs[PAIR_CODES][2];
	struct symbol_group groups[];
};

struct symbol {
	uintptr_t start; /* from the image's start */
	const uint8_t *name;
};

static const struct symbol_table *symbol_table(void)
{
	if (__ksyms_end - __ksyms_start < (long)sizeof(struct symbol_table))
		return NULL;
	return (const struct symbol_table *)__ksyms_start;
}

/* The number of groups that start at or before @offset. */
static uint32_t groups_up_to(const struct symbol_table *table, uintptr_t offset)
{
	uint32_t low = 0;
	uint32_t high = table->nr_groups;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (table->groups[middle].start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Seven bits a byte, the lowest first; bit 7 says that more follow. */
static uint32_t read_distance(const uint8_t **at)
{
	uint32_t value = 0;
	unsigned int shift = 0;

	for (;; shift += 7) {
		uint8_t byte = *(*at)++;

		value |= (uint32_t)(byte & 127) << shift;
		if (!(byte & 128))
			return value * ADDRESS_LSB;
	}
}

/* An entry: the distance from the one before, the name, NUL. */
static struct symbol last_up_to(const struct symbol_table *table,
                                uint32_t group, uintptr_t offset)
{
	const uint8_t *at =
		(const uint8_t *)table + table->groups[group].entries;
	uint32_t left = table->count - group * GROUP;
	uintptr_t start = table->groups[group].start;
	struct symbol found = { start, at };

	for (left = left < GROUP ? left : GROUP; left > 0; left--) {
		start += read_distance(&at);
		if (start > offset)
			break;
		found = (struct symbol){ start, at };
		at += strlen((const char *)at) + 1;
	}
	return found;
}

static bool find(uintptr_t pc, struct symbol *out)
{
	const struct symbol_table *table = symbol_table();
	uintptr_t offset = pc - (uintptr_t)__image_start;
	uint32_t groups;

	if (!table || pc < (uintptr_t)__text_start ||
	    pc >= (uintptr_t)__text_end)
		return false;
	groups = groups_up_to(table, offset);
	if (groups == 0)
		return false;
	*out = last_up_to(table, groups - 1, offset);
	return true;
}

bool symbol_lookup(uintptr_t pc, uintptr_t *start_out)
{
	struct symbol symbol;

	if (!find(pc, &symbol))
		return false;
	*start_out = (uintptr_t)__image_start + symbol.start;
	return true;
}

/* Write what @code stands for; returns the length so far. */
static size_t expand(uint8_t code, char *buf, size_t size, size_t length)
{
	const struct symbol_table *table = symbol_table();
	uint8_t stack[DEPTH_MAX];
	unsigned int depth = 0;

	for (;;) {
		while (code >= PAIR_CODES) {
			stack[depth++] = table->pairs[code - PAIR_CODES][1];
			code = table->pairs[code - PAIR_CODES][0];
		}
		if (length + 1 < size)
			buf[length++] = (char)code;
		if (depth == 0)
			return length;
		code = stack[--depth];
	}
}

size_t symbol_name(uintptr_t pc, char *buf, size_t size)
{
	struct symbol symbol;
	size_t length = 0;

	if (find(pc, &symbol)) {
		for (; *symbol.name; symbol.name++)
			length = expand(*symbol.name, buf, size, length);
	}
	if (size > 0)
		buf[length] = '\0';
	return length;
}

void symbol_format(uintptr_t pc, char *buf, size_t size)
{
	size_t length = symbol_name(pc, buf, size);
	uintptr_t start;

	if (symbol_lookup(pc, &start))
		ksnprintf(buf + length, size - length, "+%#lx", pc - start);
	else
		ksnprintf(buf, size, "%#lx", pc);
}
