/* SPDX-License-Identifier: MIT */
/* Commands that look at an address or play with an area. */
#include <limits.h>
#include <linux/vmalloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vireo/memory.h>

#include "command.h"

#define PEEK_DEFAULT 64ul
#define PEEK_MOST    (64ul << 10)
#define ROW_BYTES    16u

/* A number in any base of C, with K, M or G behind it. */
static bool parse_number(const char *word, unsigned long *value_out)
{
	static const char units[] = "KMG";
	unsigned int shift = 0;
	unsigned long value;
	const char *unit;
	char *end;

	value = strtoul(word, &end, 0);
	if (end != word && *end && (unit = strchr(units, *end & ~0x20))) {
		shift = 10 * (unit - units + 1);
		end++;
	}
	if (end == word || *end || value > ULONG_MAX >> shift) {
		printf("%s is not a number (4096, 0x1000, 64K, 16M, 1G)\n",
		       word);
		return false;
	}
	*value_out = value << shift;
	return true;
}

/*
 * What is readable of a row; the others stay as they are and their bit in the
 * result is clear. vread() reads the pages of an area whatever its protection.
 */
static unsigned int read_row(unsigned long address, unsigned char *to,
                             unsigned int count)
{
	unsigned int readable = 0;
	unsigned int i;

	if (is_vmalloc_addr((void *)address) &&
	    vread((char *)to, (char *)address, count) == (long)count)
		return (1u << count) - 1;
	for (i = 0; i < count; i++)
		if (probe_read((void *)(address + i), &to[i], 1) == 0)
			readable |= 1u << i;
	return readable;
}

void dump_row(unsigned long address, const unsigned char *bytes,
              unsigned int readable, unsigned int count)
{
	unsigned int i;

	printf("%016lx ", address);
	for (i = 0; i < ROW_BYTES; i++) {
		if (i % 8 == 0)
			putchar(' ');
		if (i >= count)
			fputs("   ", stdout);
		else if (readable >> i & 1)
			printf("%02x ", bytes[i]);
		else
			fputs("-- ", stdout);
	}
	putchar('|');
	for (i = 0; i < count; i++) {
		const bool shown =
			readable >> i & 1 && bytes[i] >= ' ' && bytes[i] < 0x7f;

		putchar(shown ? bytes[i] : '.');
	}
	puts("|");
}

int memory_peek(int argc, char **argv)
{
	unsigned char bytes[ROW_BYTES];
	unsigned long address, length = PEEK_DEFAULT;
	unsigned int count;
	char what[160];

	if (!parse_number(argv[1], &address) ||
	    (argc == 3 && !parse_number(argv[2], &length)))
		return 2;
	if (length > PEEK_MOST) {
		printf("peek: at most %lu bytes\n", PEEK_MOST);
		return 2;
	}

	address_describe(address, what, sizeof(what));
	printf("%#lx: %s\n", address, what);
	for (; length > 0; length -= count, address += count) {
		unsigned int readable;

		count = length < ROW_BYTES ? length : ROW_BYTES;
		readable = read_row(address, bytes, count);
		dump_row(address, bytes, readable, count);
	}
	return 0;
}

int memory_vmalloc(int argc, char **argv)
{
	unsigned long size;
	void *area;

	(void)argc;
	if (!parse_number(argv[1], &size))
		return 2;
	area = vmalloc(size);
	if (!area) {
		printf("vmalloc: %lu bytes cannot be had\n", size);
		return 1;
	}
	printf("%p\n", area);
	return 0;
}

int memory_vfree(int argc, char **argv)
{
	unsigned long address;

	(void)argc;
	if (!parse_number(argv[1], &address))
		return 2;
	vfree((void *)address);
	return 0;
}
