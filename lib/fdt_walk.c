/* SPDX-License-Identifier: MIT */
/*
 * The structure block is a row of 4-byte aligned tokens, so names and values
 * are skipped by words. Each check is "is there still room", against one end
 * pointer.
 */
#include "lib/fdt_walk.h"

#include <libfdt.h>

#include "core/compiler.h"

#define TAG_BYTES 4ul

/* By bytes: without Zbb the compiler's byte swap is a call. */
static uint32_t load_big_endian(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

bool fdt_walk_start(struct fdt_walk *walk, const void *fdt, size_t bytes)
{
	const uint8_t *tree = fdt;
	uint64_t structure;
	uint64_t strings;

	if (bytes < sizeof(struct fdt_header) || fdt_check_header(fdt) != 0 ||
	    fdt_totalsize(fdt) > bytes)
		return false;
	structure = fdt_off_dt_struct(fdt);
	strings = fdt_off_dt_strings(fdt);
	if (structure + fdt_size_dt_struct(fdt) > fdt_totalsize(fdt) ||
	    strings + fdt_size_dt_strings(fdt) > fdt_totalsize(fdt) ||
	    !IS_ALIGNED(structure, TAG_BYTES))
		return false;

	*walk = (struct fdt_walk){
		.at = tree + structure,
		.end = tree + structure + fdt_size_dt_struct(fdt),
		.strings = (const char *)tree + strings,
		.strings_bytes = fdt_size_dt_strings(fdt),
	};
	/* The last name ends inside, so every name does. */
	return walk->strings_bytes == 0 ||
	       walk->strings[walk->strings_bytes - 1] == '\0';
}

static size_t walk_room(const struct fdt_walk *walk)
{
	return (size_t)(walk->end - walk->at);
}

static enum fdt_event walk_node(struct fdt_walk *walk)
{
	walk->name = (const char *)walk->at;
	while (walk_room(walk) >= TAG_BYTES) {
		uint32_t word = *(const uint32_t *)(const void *)walk->at;

		walk->at += TAG_BYTES;
		if ((word - 0x01010101u) & ~word & 0x80808080u) {
			walk->depth++;
			return FDT_WALK_NODE;
		}
	}
	return FDT_WALK_BAD;
}

static enum fdt_event walk_property(struct fdt_walk *walk)
{
	if (walk->depth == 0 || walk_room(walk) < 2 * TAG_BYTES)
		return FDT_WALK_BAD;
	walk->value_bytes = load_big_endian(walk->at);
	walk->name_offset = load_big_endian(walk->at + TAG_BYTES);
	walk->value = walk->at + 2 * TAG_BYTES;
	walk->at = walk->value;
	if (walk->name_offset >= walk->strings_bytes ||
	    walk->value_bytes > walk_room(walk) ||
	    ALIGN_UP((size_t)walk->value_bytes, TAG_BYTES) > walk_room(walk))
		return FDT_WALK_BAD;
	walk->name = walk->strings + walk->name_offset;
	walk->at += ALIGN_UP((size_t)walk->value_bytes, TAG_BYTES);
	return FDT_WALK_PROPERTY;
}

enum fdt_event fdt_walk_next(struct fdt_walk *walk)
{
	while (walk_room(walk) >= TAG_BYTES) {
		uint32_t tag = load_big_endian(walk->at);

		walk->at += TAG_BYTES;
		switch (tag) {
		case FDT_PROP:
			return walk_property(walk);
		case FDT_BEGIN_NODE:
			return walk_node(walk);
		case FDT_END_NODE:
			if (walk->depth == 0)
				return FDT_WALK_BAD;
			walk->depth--;
			return FDT_WALK_NODE_END;
		case FDT_NOP:
			continue;
		case FDT_END:
			return walk->depth == 0 ? FDT_WALK_END : FDT_WALK_BAD;
		default:
			return FDT_WALK_BAD;
		}
	}
	return FDT_WALK_BAD;
}

uint64_t fdt_cells(const uint8_t *value, unsigned int cells)
{
	uint64_t number = 0;
	unsigned int i;

	for (i = 0; i < cells; i++)
		number = number << 32 | load_big_endian(value + TAG_BYTES * i);
	return number;
}
