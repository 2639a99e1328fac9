/* SPDX-License-Identifier: MIT */
/*
 * A file of /proc is a function that writes its text. It runs when the file is
 * read from its beginning, so that one open file gives one state of things, and
 * the text is kept until the next such read or the last close.
 */
#ifndef POSIX_PROC_H
#define POSIX_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/compiler.h"

/* Text that grows; when memory is out, the read fails with -ENOMEM. */
struct proc_text {
	char *bytes;
	size_t length;
	size_t room;
	bool failed;
};

void proc_bytes(struct proc_text *text, const char *bytes, size_t count);
/* At most 255 characters; newlines as @format has them. */
void proc_say(struct proc_text *text, const char *format, ...)
	__printf_like(2, 3);
/* As line_emit of lib/lines.h: @text is a struct proc_text. */
void proc_line(const char *line, void *text);

typedef void proc_show(struct proc_text *text);

struct proc_file {
	const char *path;
	mode_t mode;
	proc_show *show;
};

/* Make the files of a table; the folders above them are there. */
void proc_make(const struct proc_file *files, unsigned int count);

/* system.c: the machine and its memory; self.c: the one process; fd.c */
void proc_populate_system(void);
void proc_populate_self(void);
void proc_populate_fd(void);

/* net.c: in images that have sockets (LINKED_WITH, proc_network). */
void proc_populate_net(void);

/* maps.c */
proc_show proc_show_maps;

/* All threads but the idle ones. */
struct proc_threads {
	unsigned int all;
	unsigned int running; /* or ready to */
	unsigned long switches;
	unsigned long preemptions;
	uint64_t run_ns;
};

void proc_read_threads(struct proc_threads *threads_out);

/* In pages: the image, and what mmap() made. maps.c */
struct proc_memory {
	unsigned long size_pages;
	unsigned long resident_pages;
	unsigned long text_pages;
	unsigned long data_pages; /* all that is no text */
};

void proc_read_memory(struct proc_memory *memory_out);

#endif /* POSIX_PROC_H */
