/* SPDX-License-Identifier: MIT */
/*
 * The pages that httpd makes of the kernel's own data, on the console: areas of
 * several kinds, a thread with a name, and a freed area are there to be seen.
 */
#define _GNU_SOURCE /* pthread_setname_np() */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "apps/httpd/kernel.h"
#include "apps/httpd/map.h"
#include "apps/httpd/metrics.h"
#include "apps/httpd/server.h"

struct server server;

static void say_line(const char *line, void *context)
{
	text_string(context, line);
	text_string(context, "\n");
}

static void vmallocinfo_write(struct text *text)
{
	kernel_vmallocinfo(say_line, text);
}

static void show(const char *name, void (*write_page)(struct text *text))
{
	struct text text = { 0 };

	write_page(&text);
	printf("== %s %d %zu\n", name, text.failed, text.length);
	fwrite(text.data, 1, text.length, stdout);
	text_free(&text);
}

static void *wait_for_ever(void *context)
{
	(void)pthread_setname_np(pthread_self(), "sleeper");
	pthread_barrier_wait(context);
	for (;;)
		pause();
	return context;
}

int main(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *mapped = vm_map_ram(&page, 1, -1, PAGE_KERNEL);
	void *area = vmalloc(5 * PAGE_SIZE);
	pthread_barrier_t named;
	pthread_t thread;

	pthread_barrier_init(&named, NULL, 2);
	if (!page || !mapped || !area ||
	    pthread_create(&thread, NULL, wait_for_ever, &named) != 0)
		return 1;
	pthread_barrier_wait(&named);
	vfree(vmalloc(3 * PAGE_SIZE));
	show("map", map_write);
	show("metrics", metrics_write);
	show("vmallocinfo", vmallocinfo_write);
	puts("== end");
	fflush(stdout);
	/* No thread is joined that never ends. */
	_exit(0);
}
