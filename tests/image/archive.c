/* SPDX-License-Identifier: MIT */
/* Also for tests on the host: nothing but the C library. */
#include "tests/image/archive.h"

#include <stdio.h>
#include <string.h>

#define HEADER_BYTES 110u

void archive_start(struct archive *archive)
{
	memset(archive, 0, sizeof(*archive));
	archive->inode = 7;
	archive->links = 1;
	archive->mtime = 94;
}

static void append(struct archive *archive, const void *bytes, size_t size)
{
	memcpy(archive->bytes + archive->size, bytes, size);
	archive->size += size;
	while (archive->size % 4)
		archive->bytes[archive->size++] = '\0';
}

void archive_claim(struct archive *archive, unsigned int mode, const char *name,
                   size_t name_bytes, const char *data, size_t bytes)
{
	char head[512];

	snprintf(head, sizeof(head),
	         "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08X%08x%08x%08zx%08x"
	         "%s",
	         archive->inode, mode, 0, 0, archive->links, archive->mtime,
	         bytes, 1, 0xabc, archive->major, archive->minor, name_bytes, 0,
	         name);
	append(archive, head, HEADER_BYTES + strlen(name) + 1);
	append(archive, data, strlen(data));
}

void archive_put(struct archive *archive, unsigned int mode, const char *name,
                 const char *data)
{
	archive_claim(archive, mode, name, strlen(name) + 1, data,
	              strlen(data));
}

void archive_end(struct archive *archive)
{
	archive_put(archive, 0, "TRAILER!!!", "");
}
