/* SPDX-License-Identifier: MIT */
/*
 * The line discipline of the console's terminal: bytes that were typed go in, are
 * edited and echoed, and come out as whole lines (cooked) or as they came (raw).
 * Knows no device, no file and no lock: the caller sees to it that one thread at a
 * time calls.
 *
 * Context: threads, no spinlock held.
 */
#ifndef POSIX_DISCIPLINE_H
#define POSIX_DISCIPLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "core/compiler.h"

#define LINE_BYTES    4096u
#define SETTINGS_NCCS 19

/* The kernel's struct termios: the beginning of the C library's. */
struct terminal_settings {
	tcflag_t iflag;
	tcflag_t oflag;
	tcflag_t cflag;
	tcflag_t lflag;
	cc_t discipline;
	cc_t cc[SETTINGS_NCCS];
};

struct line_discipline {
	struct terminal_settings settings;
	bool pipe;    /* bytes pass as they come, nothing is echoed */
	bool has_end; /* of a pipe: among the bytes, behind a DLE */
	bool escaped; /* the last byte was that DLE */
	bool ended;   /* nothing comes any more */
	bool began;   /* something was typed */
	/*
	 * Positions count bytes for ever; LINE_BYTES of them are kept.
	 *
	 *      tail ......... line_end ......... head
	 *      whole lines    being typed
	 */
	unsigned int tail;
	unsigned int line_end;
	unsigned int head;
	char *bytes;     /* NULL: no memory for it was asked for yet */
	uint64_t *marks; /* a bit for each byte: a line ends behind it */
};

/* Memory for what is typed. -ENOMEM; may be called again. */
int discipline_init(struct line_discipline *line) __must_check;

/* May discipline_accept() be called? What it drops then is a line without an end. */
bool discipline_has_room(const struct line_discipline *line);

/* @byte was typed. Returns the signal it stands for, or 0. */
int discipline_accept(struct line_discipline *line, unsigned char byte);

/* Bytes that discipline_read() could give; an end of file counts as one. */
size_t discipline_readable(const struct line_discipline *line);

/* Would a read have to wait? As poll() has it: VMIN counts in raw mode. */
bool discipline_can_read(const struct line_discipline *line);

/*
 * Up to @count bytes of the next line, or of what there is, to the application's
 * @to. 0: end of file; -EAGAIN: nothing is there; -EFAULT, and nothing is taken.
 */
long discipline_read(struct line_discipline *line, void *to, size_t count);

/*
 * How long a read that has got @have of @count bytes, and a line or end of file
 * when @done, waits for more; 0: it does not; UINT64_MAX: for ever.
 */
uint64_t discipline_patience_ns(const struct line_discipline *line, size_t have,
                                size_t count, bool done);

/* Forget what was typed. */
void discipline_flush(struct line_discipline *line);

/* What was typed in one mode stays readable in the other. */
void discipline_set(struct line_discipline *line,
                    const struct terminal_settings *settings);

#endif /* POSIX_DISCIPLINE_H */
