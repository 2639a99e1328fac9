/* SPDX-License-Identifier: MIT */
/*
 * What the process has mapped: the mappings of the application, the stack of
 * main(), and the image, which is its program. Other areas of the window are the
 * kernel's and stand in /proc/vmallocinfo.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "arch/sections.h"
#include "core/cmdline.h"
#include "core/thread.h"
#include "posix/file.h"
#include "posix/inode.h"
#include "posix/mapping.h"
#include "posix/proc/proc.h"

#define PATH_BYTES 2048u

static const struct section {
	const char *start, *end;
	const char *permissions;
} sections[] = {
	{ __text_start, __text_end, "r-xp" },
	{ __data_start, __data_end, "rw-p" },
	{ __rodata_start, __rodata_end, "r--p" },
	{ __bss_start, __bss_end, "rw-p" },
};

/* Where a line is written, and what is written among the mappings. */
struct listing {
	struct proc_text *text;
	vaddr_t stack_start; /* of main(); 0: shown, or there is none */
	vaddr_t stack_end;
	char path[PATH_BYTES]; /* at its end */
};

/* As Linux: the name stands in column 74, behind offset, device and inode. */
static void say_range(struct proc_text *text, vaddr_t start, vaddr_t end,
                      const char *permissions, const char *slash,
                      const char *name)
{
	proc_say(text, "%016lx-%016lx %s 00000000 00:00 0%*s%s%s\n", start, end,
	         permissions, *name ? 16 : 0, "", slash, name);
}

static void say_permissions(struct proc_text *text, int prot, bool shared)
{
	proc_say(text, " %c%c%c%c", prot & PROT_READ ? 'r' : '-',
	         prot & PROT_WRITE ? 'w' : '-', prot & PROT_EXEC ? 'x' : '-',
	         shared ? 's' : 'p');
}

/* A path may be longer than one proc_say(). */
static void say_file(struct listing *listing, const struct mapping_note *note)
{
	struct proc_text *text = listing->text;
	const char *path = NULL;
	struct stat stat;

	if (file_stat(note->file, &stat) != 0)
		stat = (struct stat){ 0 };
	if (note->file->inode)
		path = inode_path(note->file->inode, listing->path, PATH_BYTES);
	proc_say(text, " %08lx %02x:%02x %-12lu ", note->offset,
	         major(stat.st_dev), minor(stat.st_dev), stat.st_ino);
	if (!path)
		path = "(deleted)";
	proc_bytes(text, path, strlen(path));
	proc_say(text, "\n");
}

static void say_stack_before(struct listing *listing, vaddr_t address)
{
	if (listing->stack_start == 0 || address < listing->stack_start)
		return;
	say_range(listing->text, listing->stack_start, listing->stack_end,
	          "rw-p", "", "[stack]");
	listing->stack_start = 0;
}

static bool say_mapping(const struct mapping_note *note, void *context)
{
	struct listing *listing = context;
	struct proc_text *text = listing->text;

	say_stack_before(listing, note->start);
	proc_say(text, "%016lx-%016lx", note->start, note->end);
	say_permissions(text, note->prot, note->flags & MAP_SHARED);
	if (note->file)
		say_file(listing, note);
	else
		proc_say(text, " 00000000 00:00 0%s\n",
		         note->heap ? "                [heap]" : "");
	return true;
}

static void find_stack(vaddr_t *start_out, vaddr_t *end_out)
{
	const struct thread *thread = thread_find(MAIN_THREAD_ID);

	*start_out = thread ? thread->stack_bottom : 0;
	*end_out = thread ? thread->stack_bottom + thread->stack_bytes : 0;
}

void proc_show_maps(struct proc_text *text)
{
	struct listing *listing = kmalloc(sizeof(*listing), GFP_KERNEL);
	unsigned int i;

	if (!listing) {
		text->failed = true;
		return;
	}
	listing->text = text;
	find_stack(&listing->stack_start, &listing->stack_end);
	mappings_visit(say_mapping, listing);
	say_stack_before(listing, VMALLOC_END);
	kfree(listing);
	for (i = 0; i < ARRAY_SIZE(sections); i++) {
		say_range(text, (uintptr_t)sections[i].start,
		          PAGE_ALIGN((uintptr_t)sections[i].end),
		          sections[i].permissions, "/", app_name);
	}
}

static bool add_mapping(const struct mapping_note *note, void *context)
{
	struct proc_memory *memory = context;

	memory->size_pages += PFN_DOWN(note->end - note->start);
	memory->resident_pages += note->present;
	return true;
}

void proc_read_memory(struct proc_memory *memory_out)
{
	const unsigned long image =
		PFN_UP((uintptr_t)__image_end - (uintptr_t)__image_start);
	vaddr_t start, end;

	find_stack(&start, &end);
	*memory_out = (struct proc_memory){
		.size_pages = image + PFN_DOWN(end - start),
		.resident_pages = image + PFN_DOWN(end - start),
		.text_pages =
			PFN_UP((uintptr_t)__text_end - (uintptr_t)__text_start),
	};
	mappings_visit(add_mapping, memory_out);
	memory_out->data_pages =
		memory_out->size_pages - memory_out->text_pages;
}
