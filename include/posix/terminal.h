/* SPDX-License-Identifier: MIT */
/*
 * The console as a terminal: line editing, echo and the settings that tcgetattr()
 * and tcsetattr() see. Starts like a fresh terminal: whole lines, echo, Ctrl-C.
 *
 * With stdin=pipe on the command line input is passed on as it comes, and is no
 * terminal to isatty(): for input that a program wrote.
 *
 * Context: the thread of main(), interrupts on.
 */
#ifndef POSIX_TERMINAL_H
#define POSIX_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/compiler.h"

/* Reads stdin=. */
void terminal_init(void);

/* Is standard input a terminal? */
bool terminal_input_is_tty(void);

/*
 * Up to @count bytes; @to is valid memory. Waits for the first unless @nonblock,
 * which returns -EAGAIN instead. 0: end of file (Ctrl-D on an empty line).
 * -EINTR: a signal handler ran.
 */
long terminal_read(char *to, size_t count, bool nonblock) __must_check;

/* Would terminal_read() return at once? */
bool terminal_can_read(void);

/* Settings and window size; @argument is checked here. -ENOTTY: no such call. */
long terminal_ioctl(unsigned long request, void *argument);

#endif /* POSIX_TERMINAL_H */
