/* SPDX-License-Identifier: MIT */
/* cpio archives for tests, also those that claim what is not so. */
#ifndef TESTS_ARCHIVE_H
#define TESTS_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

struct archive {
	size_t size;
	uint32_t inode; /* of the next entry, and how many names it has */
	uint32_t links;
	uint32_t mtime;
	uint32_t major, minor; /* of a device */
	char bytes[1 << 14];
};

/* Empty, for one file of one name. */
void archive_start(struct archive *archive);

/*
 * An entry with @name and @data, strings, whose header claims @name_bytes (its NUL
 * counts) and @bytes.
 */
void archive_claim(struct archive *archive, unsigned int mode, const char *name,
                   size_t name_bytes, const char *data, size_t bytes);

/* The same, claiming what is so. */
void archive_put(struct archive *archive, unsigned int mode, const char *name,
                 const char *data);

void archive_end(struct archive *archive);

#endif /* TESTS_ARCHIVE_H */
