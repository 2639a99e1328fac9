/* SPDX-License-Identifier: MIT */
/*
 * Descriptors 0, 1 and 2 before anything is opened: the console, each with flags
 * of its own. Input is the terminal's (posix/terminal.c); bytes from and to the
 * application go through a buffer, as console and terminal want good memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "arch/sections.h"
#include "core/console.h"
#include "core/user_access.h"
#include "posix/file.h"
#include "posix/terminal.h"

#define BUFFER_BYTES 512u
#define CONSOLE_RDEV makedev(5, 1) /* as Linux numbers /dev/console */

/* Only who has it linked gets here. */
static const struct terminal_input *input(void)
{
	return __linked_terminal_input[0];
}

static long console_read(struct file *file, void *to, size_t count,
                         off_t *position)
{
	char byte;

	(void)position;
	/* Bad memory is told before a line is waited for. */
	if (count > 0 &&
	    (get_user(byte, (char *)to) || put_user(byte, (char *)to)))
		return -EFAULT;
	return input()->read(to, count, file->flags & O_NONBLOCK);
}

static long console_file_write(struct file *file, const void *from,
                               size_t count, off_t *position)
{
	char buffer[BUFFER_BYTES];
	size_t done = 0;

	(void)file;
	(void)position;
	while (done < count) {
		size_t part = count - done;

		if (part > sizeof(buffer))
			part = sizeof(buffer);
		if (copy_from_user(buffer, (const char *)from + done, part))
			return done > 0 ? (long)done : -EFAULT;
		console_write(buffer, part);
		done += part;
	}
	console_written();
	return done;
}

/* Standard input from a pipe is no terminal; output always looks like one. */
static long console_ioctl(struct file *file, unsigned long request,
                          void *argument)
{
	if (file == &console_files[STDIN_FILENO] && !terminal_input_is_tty() &&
	    request != FIONREAD)
		return -ENOTTY;
	return terminal_ioctl(request, argument);
}

static unsigned int console_ready(struct file *file)
{
	(void)file;
	return input()->ready();
}

static int console_stat(struct file *file, struct stat *stat_out)
{
	(void)file;
	*stat_out = (struct stat){
		.st_ino = 1,
		.st_mode = S_IFCHR | 0600,
		.st_nlink = 1,
		.st_rdev = CONSOLE_RDEV,
		.st_blksize = 1024,
	};
	return 0;
}

const struct file_ops console_ops = {
	.read = console_read,
	.write = console_file_write,
	.ioctl = console_ioctl,
	.ready = console_ready,
	.stat = console_stat,
};

/* One reference is the descriptor's, the other nobody's: they never end. */
#define CONSOLE_FILE                                                   \
	{                                                              \
		.ops = &console_ops, .references = 2, .flags = O_RDWR, \
		.queue = &terminal_input_queue,                        \
		.position_lock = MUTEX_INIT("file position"),          \
	}

struct file console_files[3] = { CONSOLE_FILE, CONSOLE_FILE, CONSOLE_FILE };
