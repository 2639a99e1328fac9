/* SPDX-License-Identifier: MIT */
/*
 * cache - the files that a worker served last, by the target that asked for them.
 *
 * An entry is a file opened once: its size, date and tag, and for a small file
 * the whole answer. Before a use it is compared with the file system, at most
 * once a second; a file that has changed gets a new entry, while connections
 * that still send the old one go on with it.
 */
#ifndef HTTPD_CACHE_H
#define HTTPD_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "date.h"
#include "path.h"
#include "request.h"

#define CACHE_SLOTS        256u
#define CACHE_TARGET_BYTES 128u  /* longer ones are not kept */
#define CACHE_FILE_MOST    4096u /* bytes whose answer is kept in memory */
#define TAG_BYTES          64u

struct worker;

struct entry {
	unsigned int uses; /* by connections, and one by the cache */
	int fd;
	uint64_t size;
	struct timespec modified;
	dev_t device;
	ino_t inode;
	uint64_t checked_ms;
	const char *type;
	char tag[TAG_BYTES]; /* with its quotes */
	char date[DATE_BYTES + 1];
	size_t target_length;
	char target[CACHE_TARGET_BYTES];
	char *answer; /* head and content; NULL: too large */
	size_t answer_length;
	size_t head_length;
	time_t date_second; /* of the Date field in it */
	char path[];        /* below the root */
};

struct cache {
	struct entry *slots[CACHE_SLOTS];
};

/* The entry that @target has, if it still is the file; NULL: none. No new use. */
struct entry *cache_find(struct worker *worker, struct slice target);

/*
 * An entry for the open file @fd at @path, which takes over @fd; one use is the
 * caller's. NULL: no memory, and @fd is closed.
 */
struct entry *cache_add(struct worker *worker, struct slice target,
                        const char *path, int fd, const struct stat *stat);

void entry_put(struct entry *entry);
void cache_clear(struct cache *cache);

/* Write the present date into the answer that is kept. */
void entry_set_date(struct entry *entry, const struct worker *worker);

#endif /* HTTPD_CACHE_H */
