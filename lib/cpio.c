/* SPDX-License-Identifier: MIT */
/*
 * An entry is a header of 110 characters, the name, the data; name and data start
 * at multiples of four. All numbers are eight hexadecimal digits, so that no sum
 * of them overflows; each length is compared with what is left before it is used.
 */
#include "lib/cpio.h"

#include <string.h>
#include <sys/stat.h>

#include "core/compiler.h"

#define MAGIC         "070701"
#define MAGIC_BYTES   6u
#define DIGITS        8u
#define HEADER_BYTES  (MAGIC_BYTES + FIELDS * DIGITS)
#define TRAILER       "TRAILER!!!"
#define ALIGN_FOUR(n) (((n) + 3) & ~(size_t)3)

/* As they stand in the header. */
enum field {
	INODE,
	MODE,
	UID,
	GID,
	LINKS,
	MTIME,
	FILE_SIZE,
	DEVICE_MAJOR,
	DEVICE_MINOR,
	NODE_MAJOR,
	NODE_MINOR,
	NAME_SIZE,
	CHECK,
	FIELDS
};

/* What people hand over instead. */
static const struct {
	const char *magic;
	unsigned int bytes;
	const char *problem;
} others[] = {
	{ "\x1f\x8b", 2, "is compressed by gzip" },
	{ "\xfd"
	  "7zXZ",
	  5, "is compressed by xz" },
	{ "\x28\xb5\x2f\xfd", 4, "is compressed by zstd" },
	{ "BZh", 3, "is compressed by bzip2" },
	{ "\x02\x21\x4c\x18", 4, "is compressed by lz4" },
	{ "\x04\x22\x4d\x18", 4, "is compressed by lz4" },
	{ "\x89LZO", 4, "is compressed by lzop" },
	{ "\x5d\x00\x00", 3, "is compressed by lzma" },
	{ "070702", 6, "is cpio with checksums" },
	{ "070707", 6, "is cpio of the old kind" },
	{ "\xc7\x71", 2, "is cpio of the binary kind" },
};

void cpio_start(struct cpio *cpio, const void *bytes, size_t size)
{
	*cpio = (struct cpio){ .bytes = bytes, .size = size };
}

static bool fail(struct cpio *cpio, const char *problem)
{
	cpio->problem = problem;
	return false;
}

static bool is_at(const struct cpio *cpio, const char *magic, size_t bytes)
{
	return cpio->size - cpio->at >= bytes &&
	       memcmp(cpio->bytes + cpio->at, magic, bytes) == 0;
}

static bool fail_magic(struct cpio *cpio)
{
	unsigned int i;

	for (i = 0; cpio->at == 0 && i < ARRAY_SIZE(others); i++)
		if (is_at(cpio, others[i].magic, others[i].bytes))
			return fail(cpio, others[i].problem);
	return fail(cpio, "has no header where one should be");
}

/* -1: no digit. */
static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool read_fields(const char *digits, uint32_t fields[FIELDS])
{
	unsigned int i;

	for (i = 0; i < FIELDS * DIGITS; i++) {
		const int value = digit_value(digits[i]);

		if (value < 0)
			return false;
		fields[i / DIGITS] =
			fields[i / DIGITS] << 4 | (unsigned int)value;
	}
	return true;
}

static bool has_parent_step(const char *name)
{
	const char *part = name;

	for (; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (part[0] == '.' && part[1] == '.' &&
		    (part[2] == '/' || part[2] == '\0'))
			return true;
	}
	return false;
}

static const char *name_problem(const char *name, size_t bytes)
{
	if (bytes < 2 || name[0] == '\0')
		return "has an entry without a name";
	if (bytes > CPIO_PATH_BYTES || name[bytes - 1] != '\0')
		return "has a name that is too long or does not end";
	if (name[0] == '/')
		return "has an absolute name";
	if (has_parent_step(name))
		return "has a name with .. in it";
	return NULL;
}

static const char *without_dots(const char *name)
{
	while (name[0] == '.' && (name[1] == '/' || name[1] == '\0'))
		for (name++; *name == '/';)
			name++;
	return name;
}

static const char *kind_problem(const struct cpio_entry *entry)
{
	if (!S_ISREG(entry->mode) && !S_ISDIR(entry->mode) &&
	    !S_ISLNK(entry->mode) && !S_ISCHR(entry->mode) &&
	    !S_ISBLK(entry->mode) && !S_ISFIFO(entry->mode) &&
	    !S_ISSOCK(entry->mode))
		return "has an entry of no known kind";
	if (S_ISLNK(entry->mode) &&
	    (entry->bytes == 0 || entry->bytes >= CPIO_PATH_BYTES ||
	     memchr(entry->data, '\0', entry->bytes)))
		return "has a symbolic link to nowhere";
	return NULL;
}

/* An entry at ->at, or its problem; then ->at stays. */
static const char *read_entry(struct cpio *cpio, struct cpio_entry *entry)
{
	const char *header = cpio->bytes + cpio->at;
	const size_t left = cpio->size - cpio->at;
	uint32_t field[FIELDS] = { 0 };
	const char *problem;
	size_t data;

	if (left < HEADER_BYTES)
		return "is cut off in a header";
	if (!read_fields(header + MAGIC_BYTES, field))
		return "has a header with something else than digits";
	if (field[NAME_SIZE] > left - HEADER_BYTES)
		return "is cut off in a name";
	problem = name_problem(header + HEADER_BYTES, field[NAME_SIZE]);
	if (problem)
		return problem;
	data = ALIGN_FOUR(cpio->at + HEADER_BYTES + field[NAME_SIZE]) -
	       cpio->at;
	/* The padding of the last name may be missing when no data follow. */
	if (field[FILE_SIZE] > (data < left ? left - data : 0))
		return "is cut off in a file";
	*entry = (struct cpio_entry){
		.name = without_dots(header + HEADER_BYTES),
		.mode = field[MODE],
		.inode = field[INODE],
		.links = field[LINKS],
		.mtime = field[MTIME],
		.device_major = field[DEVICE_MAJOR],
		.device_minor = field[DEVICE_MINOR],
		.node_major = field[NODE_MAJOR],
		.node_minor = field[NODE_MINOR],
		.data = header + data,
		.bytes = field[FILE_SIZE],
	};
	return NULL;
}

/* Behind the entry that read_entry() gave. */
static void step_over(struct cpio *cpio, const struct cpio_entry *entry)
{
	const size_t end =
		ALIGN_FOUR((size_t)(entry->data - cpio->bytes) + entry->bytes);

	cpio->at = end < cpio->size ? end : cpio->size;
}

bool cpio_next(struct cpio *cpio, struct cpio_entry *entry)
{
	if (cpio->problem)
		return false;
	for (;;) {
		const char *problem;

		while (!cpio->open && cpio->at < cpio->size &&
		       cpio->bytes[cpio->at] == '\0')
			cpio->at++;
		if (cpio->at == cpio->size)
			return cpio->open &&
			       fail(cpio, "ends without its trailer");
		if (!is_at(cpio, MAGIC, MAGIC_BYTES))
			return fail_magic(cpio);
		problem = read_entry(cpio, entry);
		if (problem)
			return fail(cpio, problem);
		cpio->open = strcmp(entry->name, TRAILER) != 0;
		problem = cpio->open ? kind_problem(entry) : NULL;
		if (problem)
			return fail(cpio, problem);
		step_over(cpio, entry);
		if (cpio->open)
			return true;
	}
}
