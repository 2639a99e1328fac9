/* SPDX-License-Identifier: MIT */
/*
 * Each open file has a text of its own. Reads of one open file may come from
 * several threads (pread), so a mutex goes around text and copying.
 */
#include "posix/file.h"

#include <errno.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "arch/sections.h"
#include "core/mutex.h"
#include "core/user_access.h"
#include "lib/printf.h"
#include "posix/fs.h"
#include "posix/proc/proc.h"
#include "posix/root.h"

#define FIRST_ROOM 1024u
#define SAY_BYTES  256u

struct open_text {
	struct mutex lock;
	const struct proc_file *kind; /* [I] */
	struct proc_text text;        /* [L] bytes NULL: not yet made */
};

static bool make_room(struct proc_text *text, size_t count)
{
	size_t room = text->room ? text->room : FIRST_ROOM;
	char *bytes;

	if (count <= text->room - text->length)
		return true;
	while (room - text->length < count)
		room *= 2;
	bytes = kvmalloc(room, GFP_KERNEL);
	if (!bytes)
		return false;
	memcpy(bytes, text->bytes, text->length);
	kvfree(text->bytes);
	text->bytes = bytes;
	text->room = room;
	return true;
}

void proc_bytes(struct proc_text *text, const char *bytes, size_t count)
{
	if (text->failed || !make_room(text, count)) {
		text->failed = true;
		return;
	}
	memcpy(text->bytes + text->length, bytes, count);
	text->length += count;
}

void proc_say(struct proc_text *text, const char *format, ...)
{
	char line[SAY_BYTES];
	va_list args;
	int length;

	va_start(args, format);
	length = kvsnprintf(line, sizeof(line), format, args);
	va_end(args);
	proc_bytes(text, line,
	           (size_t)length < sizeof(line) ? (size_t)length
	                                         : sizeof(line) - 1);
}

void proc_line(const char *line, void *text)
{
	proc_bytes(text, line, strlen(line));
	proc_bytes(text, "\n", 1);
}

static int open_file(struct file *file)
{
	struct open_text *open = kzalloc(sizeof(*open), GFP_KERNEL);

	if (!open)
		return -ENOMEM;
	mutex_init(&open->lock, "proc_text");
	open->kind = file->data;
	file->data = open;
	return 0;
}

static int make_text(struct open_text *open) __must_hold(open->lock)
{
	struct proc_text *text = &open->text;

	text->length = 0;
	text->failed = false;
	open->kind->show(text);
	return text->failed ? -ENOMEM : 0;
}

static long read_text(struct open_text *open, void *to, size_t count,
                      off_t *position) __must_hold(open->lock)
{
	const struct proc_text *text = &open->text;
	size_t part;

	if (*position == 0 || !text->bytes) {
		const int err = make_text(open);

		if (err)
			return err;
	}
	if ((size_t)*position >= text->length)
		return 0;
	part = text->length - (size_t)*position;
	if (part > count)
		part = count;
	if (copy_to_user(to, text->bytes + *position, part) != 0)
		return -EFAULT;
	*position += (off_t)part;
	return (long)part;
}

static long read_file(struct file *file, void *to, size_t count,
                      off_t *position)
{
	struct open_text *open = file->data;
	long result;

	mutex_lock(&open->lock);
	result = read_text(open, to, count, position);
	mutex_unlock(&open->lock);
	return result;
}

/* As stat() says: what will be read is not known before. */
static off_t file_size(struct file *file)
{
	(void)file;
	return 0;
}

static void release_file(struct file *file)
{
	struct open_text *open = file->data;

	kvfree(open->text.bytes);
	kfree(open);
}

static const struct file_ops proc_ops = {
	.open = open_file,
	.read = read_file,
	.size = file_size,
	.release = release_file,
};

void proc_make(const struct proc_file *files, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		root_made(files[i].path,
		          fs_node(files[i].path, S_IFREG | files[i].mode, 0,
		                  &proc_ops, (void *)&files[i]));
	}
}

void proc_populate(void)
{
	root_made("/proc", fs_mkdir("/proc", 0555));
	proc_populate_system();
	proc_populate_self();
	proc_populate_fd();
	if (__linked_proc_network[0])
		((void (*)(void))__linked_proc_network[0])();
}
