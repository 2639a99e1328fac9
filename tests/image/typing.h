/* SPDX-License-Identifier: MIT */
/*
 * Somebody at the keyboard: the UART hands what is written to it back as if it
 * had been received (loopback, MCR bit 4). Nobody may print meanwhile, echo
 * included.
 */
#ifndef TESTS_TYPING_H
#define TESTS_TYPING_H

#include <stddef.h>
#include <termios.h>

/*
 * The terminal without echo, in the mode of @local (ICANON, ISIG), input empty.
 * Skips the test where there is no such UART. Undone by typing_end().
 */
void typing_begin(tcflag_t local);
void typing_end(void);

void type(const char *bytes, size_t count);
void type_text(const char *text);

/*
 * A few bytes, without a look at the register that tells errors and forgets them.
 */
void type_blindly(const char *bytes, size_t count);

/* The same from a thread of its own, @after_ns from now. */
void type_later(const char *text, unsigned long after_ns);

#endif /* TESTS_TYPING_H */
