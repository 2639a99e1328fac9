/* SPDX-License-Identifier: MIT */
/*
 * The console as a terminal: line editing, echo and the settings that tcgetattr()
 * and tcsetattr() see. Starts like a fresh terminal: whole lines, echo, Ctrl-C.
 *
 * With stdin=pipe on the command line input is passed on as it comes, and is no
 * terminal to isatty(): for input that a program wrote.
 *
 * The first that reads or polls starts input; from then on what is typed is
 * looked at as it comes, also while nobody reads. Pointers are the application's.
 *
 * Context: threads, no spinlock held.
 */
#ifndef POSIX_TERMINAL_H
#define POSIX_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/compiler.h"
#include "core/wait.h"

/* Reads stdin=. Context: boot. */
void terminal_init(void);

/* Is standard input a terminal? */
bool terminal_input_is_tty(void);

/*
 * Up to @count bytes. Waits for the first unless @nonblock, which returns -EAGAIN
 * instead. 0: end of file (Ctrl-D on an empty line). -EINTR: thread_interrupt(),
 * or a signal handler ran; -EFAULT, and nothing is lost; -ENOMEM: input could not
 * be started. Any number of threads may read; each line goes to one of them.
 */
long terminal_read(void *to, size_t count, bool nonblock) __must_check;

/* POLLIN, POLLOUT, ... as they are now; and who is woken when they change. */
unsigned int terminal_ready(void);
extern struct wait_queue terminal_input_queue;

/*
 * Input is in images with a function that says TERMINAL_INPUT_WITH(): those that
 * read or poll. In others nothing is ever typed.
 */
struct terminal_input {
	long (*read)(void *to, size_t count, bool nonblock);
	unsigned int (*ready)(void);
	long (*ioctl)(unsigned long request, void *argument);
};
extern const struct terminal_input terminal_input;
#define TERMINAL_INPUT_WITH(function) \
	LINKED_WITH(function, terminal_input, terminal_input)

/* Settings and window size. -EFAULT; -ENOMEM; -ENOTTY: no such call. */
long terminal_ioctl(unsigned long request, void *argument);

/* The console as a file, by whatever name: posix/console_file.c */
struct file_ops;
extern const struct file_ops console_ops;

#endif /* POSIX_TERMINAL_H */
