/* SPDX-License-Identifier: MIT */
/*
 * One slot a hash: what comes later takes the place. The whole answer is kept in
 * one piece with its date at a known place, so a request for a small file costs
 * a look here and one send.
 */
#define _GNU_SOURCE /* struct stat with nanoseconds */
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"
#include "types.h"
#include "worker.h"

#define CHECK_MS    1000u
#define HEAD_FORMAT "HTTP/1.1 200 OK\r\nDate: "
#define HEAD_MOST   512u

static struct entry **slot_of(struct cache *cache, struct slice target)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	size_t i;

	for (i = 0; i < target.length; i++)
		hash = (hash ^ (unsigned char)target.at[i]) * 16777619u;
	return &cache->slots[(hash ^ hash >> 16) % CACHE_SLOTS];
}

void entry_put(struct entry *entry)
{
	if (--entry->uses > 0)
		return;
	if (entry->fd >= 0)
		close(entry->fd);
	free(entry->answer);
	free(entry);
}

static void drop(struct entry **slot)
{
	if (*slot)
		entry_put(*slot);
	*slot = NULL;
}

void cache_clear(struct cache *cache)
{
	unsigned int i;

	for (i = 0; i < CACHE_SLOTS; i++)
		drop(&cache->slots[i]);
}

static bool still_is(const struct entry *entry)
{
	struct stat now;

	return fstatat(server.root_fd, entry->path, &now, 0) == 0 &&
	       now.st_ino == entry->inode && now.st_dev == entry->device &&
	       (uint64_t)now.st_size == entry->size &&
	       now.st_mtim.tv_sec == entry->modified.tv_sec &&
	       now.st_mtim.tv_nsec == entry->modified.tv_nsec &&
	       S_ISREG(now.st_mode) && now.st_mode & 0444;
}

struct entry *cache_find(struct worker *worker, struct slice target)
{
	struct entry **slot = slot_of(&worker->cache, target);
	struct entry *entry = *slot;

	if (!entry || entry->target_length != target.length ||
	    memcmp(entry->target, target.at, target.length) != 0)
		return NULL;
	if (worker->now_ms - entry->checked_ms >= CHECK_MS) {
		if (!still_is(entry)) {
			drop(slot);
			return NULL;
		}
		entry->checked_ms = worker->now_ms;
	}
	count_add(&worker->stats.cache_hits, 1);
	return entry;
}

static bool read_all(int fd, char *to, size_t bytes)
{
	size_t at = 0;

	while (at < bytes) {
		const ssize_t got = pread(fd, to + at, bytes - at, (off_t)at);

		if (got <= 0)
			return false;
		at += (size_t)got;
	}
	return true;
}

/* The whole answer to a GET that asks for nothing else. */
static bool prepare_answer(struct entry *entry)
{
	char head[HEAD_MOST];
	const int length = snprintf(
		head, sizeof(head),
		HEAD_FORMAT "%29s\r\nContent-Type: %s\r\nContent-Length: %llu"
			    "\r\nLast-Modified: %s\r\nETag: %s\r\n"
			    "Accept-Ranges: bytes\r\n\r\n",
		"", entry->type, (unsigned long long)entry->size, entry->date,
		entry->tag);

	entry->head_length = (size_t)length;
	entry->answer_length = entry->head_length + entry->size;
	entry->answer = malloc(entry->answer_length);
	if (!entry->answer)
		return false;
	memcpy(entry->answer, head, entry->head_length);
	return read_all(entry->fd, entry->answer + entry->head_length,
	                entry->size);
}

void entry_set_date(struct entry *entry, const struct worker *worker)
{
	if (entry->date_second == worker->date_second)
		return;
	memcpy(entry->answer + strlen(HEAD_FORMAT), worker->date, DATE_BYTES);
	entry->date_second = worker->date_second;
}

static void describe(struct entry *entry, const struct stat *stat)
{
	entry->size = (uint64_t)stat->st_size;
	entry->modified = stat->st_mtim;
	entry->device = stat->st_dev;
	entry->inode = stat->st_ino;
	entry->type = type_of(entry->path);
	date_format(stat->st_mtim.tv_sec, entry->date);
	snprintf(entry->tag, TAG_BYTES, "\"%llx-%llx%08lx-%llx\"",
	         (unsigned long long)stat->st_ino,
	         (unsigned long long)stat->st_mtim.tv_sec,
	         (unsigned long)stat->st_mtim.tv_nsec,
	         (unsigned long long)stat->st_size);
}

static void keep(struct worker *worker, struct slice target,
                 struct entry *entry)
{
	struct entry **slot = slot_of(&worker->cache, target);

	if (target.length > CACHE_TARGET_BYTES)
		return;
	drop(slot);
	memcpy(entry->target, target.at, target.length);
	entry->target_length = target.length;
	entry->uses++;
	*slot = entry;
}

struct entry *cache_add(struct worker *worker, struct slice target,
                        const char *path, int fd, const struct stat *stat)
{
	const size_t length = strlen(path);
	struct entry *entry = calloc(1, sizeof(*entry) + length + 1);

	if (!entry) {
		close(fd);
		return NULL;
	}
	memcpy(entry->path, path, length + 1);
	entry->uses = 1;
	entry->fd = fd;
	entry->checked_ms = worker->now_ms;
	describe(entry, stat);
	if (entry->size <= CACHE_FILE_MOST) {
		if (!prepare_answer(entry)) {
			entry_put(entry);
			return NULL;
		}
		close(entry->fd);
		entry->fd = -1;
	}
	keep(worker, target, entry);
	return entry;
}
