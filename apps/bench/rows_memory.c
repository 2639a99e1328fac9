/* SPDX-License-Identifier: MIT */
/*
 * Bytes: whole pages in the direct map, and long runs in the vmalloc window. A
 * figure of the streams is for one page.
 */
#include <stddef.h>
#include <string.h>

#include "lib/page_ops.h"
#include "mm/page_alloc.h"
#include "rows.h"

#define STREAM_BYTES (64ul << 20)
#define STREAM_PAGES (STREAM_BYTES >> PAGE_SHIFT)

static void *target; /* one page, or an area of STREAM_BYTES */
static void *source;

static void free_page_pair(const struct bench_row *row)
{
	(void)row;
	free_page((unsigned long)target);
	free_page((unsigned long)source);
}

static const char *take_page_pair(const struct bench_row *row)
{
	target = (void *)__get_free_page(GFP_KERNEL);
	source = (void *)__get_free_page(GFP_KERNEL);
	if (target && source)
		return NULL;
	free_page_pair(row);
	return "no memory for two pages";
}

static void free_area_pair(const struct bench_row *row)
{
	(void)row;
	vfree(target);
	vfree(source);
}

static const char *take_area_pair(const struct bench_row *row)
{
	target = vmalloc(STREAM_BYTES);
	source = vmalloc(STREAM_BYTES);
	if (target && source)
		return NULL;
	free_area_pair(row);
	return "no memory for two areas of 64 MiB";
}

static bool body_clear_page(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++)
		clear_page(target);
	return true;
}

static bool body_copy_page(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++)
		copy_page(target, source);
	return true;
}

static bool body_memset(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		memset(target, 0, STREAM_BYTES);
		bench_barrier();
	}
	return true;
}

static bool body_memcpy(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		memcpy(target, source, STREAM_BYTES);
		bench_barrier();
	}
	return true;
}

static const struct bench_row rows[] = {
	{ .name = "clear_page",
	  .what = "4,096 bytes in the direct map",
	  .loops = 20000,
	  .setup = take_page_pair,
	  .body = body_clear_page,
	  .teardown = free_page_pair },
	{ .name = "copy_page",
	  .what = "4,096 bytes in the direct map",
	  .loops = 20000,
	  .setup = take_page_pair,
	  .body = body_copy_page,
	  .teardown = free_page_pair },
	{ .name = "stream_memset",
	  .what = "memset of 64 MiB in the vmalloc window, per page",
	  .loops = 1,
	  .ops_per_loop = STREAM_PAGES,
	  .setup = take_area_pair,
	  .body = body_memset,
	  .teardown = free_area_pair },
	{ .name = "stream_memcpy",
	  .what = "memcpy of 64 MiB in the vmalloc window, per page",
	  .loops = 1,
	  .ops_per_loop = STREAM_PAGES,
	  .setup = take_area_pair,
	  .body = body_memcpy,
	  .teardown = free_area_pair },
};

const struct bench_table rows_memory = BENCH_TABLE_OF(rows);
