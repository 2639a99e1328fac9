/* SPDX-License-Identifier: MIT */
/*
 * A ring of bytes. In cooked mode the part from line_end on is the line that is
 * being edited; a mark says that a line ends behind a byte. End of file (Ctrl-D)
 * is a marked NUL that no reader gets to see: NUL ends no line otherwise.
 */
#include "posix/discipline.h"

#include <errno.h>
#include <linux/slab.h>
#include <signal.h>
#include <string.h>

#include "core/console.h"
#include "core/user_access.h"

/* A pipe that has an end: DLE EOT is the end, DLE DLE is a DLE. */
#define DLE        0x10
#define EOT        0x04
#define TENTH_NS   100000000ul /* the unit of VTIME */
#define MARKS      (LINE_BYTES / 64)
#define MARK_BYTES (MARKS * sizeof(uint64_t))

int discipline_init(struct line_discipline *line)
{
	if (line->bytes)
		return 0;
	line->bytes = kzalloc(LINE_BYTES + MARK_BYTES, GFP_KERNEL);
	if (!line->bytes)
		return -ENOMEM;
	line->marks = (uint64_t *)(void *)(line->bytes + LINE_BYTES);
	return 0;
}

static bool has_local(const struct line_discipline *line, tcflag_t flag)
{
	return line->settings.lflag & flag;
}

static bool is_cooked(const struct line_discipline *line)
{
	return has_local(line, ICANON) && !line->pipe;
}

/* An unused control character is 0. */
static bool is_control(const struct line_discipline *line, int byte,
                       unsigned int which)
{
	return byte != 0 && byte == line->settings.cc[which];
}

static char *byte_at(const struct line_discipline *line, unsigned int position)
{
	return &line->bytes[position % LINE_BYTES];
}

static bool is_marked(const struct line_discipline *line, unsigned int position)
{
	return line->marks[position % LINE_BYTES / 64] >> position % 64 & 1;
}

static void mark(struct line_discipline *line, unsigned int position, bool on)
{
	uint64_t *word = &line->marks[position % LINE_BYTES / 64];

	*word &= ~(1ull << position % 64);
	*word |= (uint64_t)on << position % 64;
}

static unsigned int used(const struct line_discipline *line)
{
	return line->head - line->tail;
}

/*
 * The last place is kept for the end of a line. When no line is whole there is
 * always room: what is too long is dropped, or nothing would ever be readable.
 */
bool discipline_has_room(const struct line_discipline *line)
{
	if (is_cooked(line))
		return used(line) < LINE_BYTES - 1 ||
		       line->line_end == line->tail;
	return used(line) < LINE_BYTES;
}

static void echo(const struct line_discipline *line, char byte)
{
	const bool shown_as_caret = (unsigned char)byte < ' ' && byte != '\n' &&
	                            byte != '\t' && has_local(line, ECHOCTL);
	const char caret[2] = { '^', byte + '@' };

	if (!has_local(line, ECHO) &&
	    !(byte == '\n' && has_local(line, ECHONL)))
		return;
	if (shown_as_caret)
		console_write(caret, sizeof(caret));
	else
		console_write(&byte, 1);
}

/* Take the last character off the line, all bytes of it in UTF-8. */
static void erase_one(struct line_discipline *line)
{
	const bool utf8 = line->settings.iflag & IUTF8;
	char byte;

	do {
		byte = *byte_at(line, --line->head);
	} while (utf8 && line->head != line->line_end && (byte & 0xc0) == 0x80);

	if (!has_local(line, ECHO) || !has_local(line, ECHOE))
		return;
	console_puts("\b \b");
	if ((unsigned char)byte < ' ' && has_local(line, ECHOCTL))
		console_puts("\b \b");
}

/* Is there a character before the cursor, and is it a space or not? */
static bool is_behind(const struct line_discipline *line, bool space)
{
	return line->head != line->line_end &&
	       (*byte_at(line, line->head - 1) == ' ') == space;
}

static void erase_word(struct line_discipline *line)
{
	while (is_behind(line, true))
		erase_one(line);
	while (is_behind(line, false))
		erase_one(line);
}

static void erase_line(struct line_discipline *line)
{
	while (line->head != line->line_end)
		erase_one(line);
}

static void put(struct line_discipline *line, char byte, bool ends_line)
{
	mark(line, line->head, ends_line);
	*byte_at(line, line->head++) = byte;
	if (ends_line)
		line->line_end = line->head;
}

static void append(struct line_discipline *line, char byte, bool ends_line)
{
	if (used(line) >= (ends_line ? LINE_BYTES : LINE_BYTES - 1))
		return;
	put(line, byte, ends_line);
	echo(line, byte);
}

static void edit_line(struct line_discipline *line, int byte)
{
	if (is_control(line, byte, VERASE) || byte == '\b') {
		if (line->head != line->line_end)
			erase_one(line);
	} else if (is_control(line, byte, VWERASE)) {
		erase_word(line);
	} else if (is_control(line, byte, VKILL)) {
		erase_line(line);
	} else if (is_control(line, byte, VEOF)) {
		put(line, '\0', true);
	} else {
		append(line, (char)byte,
		       byte == '\n' || is_control(line, byte, VEOL) ||
		               is_control(line, byte, VEOL2));
	}
}

static int signal_of(const struct line_discipline *line, int byte)
{
	if (!has_local(line, ISIG))
		return 0;
	if (is_control(line, byte, VINTR))
		return SIGINT;
	return is_control(line, byte, VQUIT) ? SIGQUIT : 0;
}

/* Carriage returns by c_iflag; -1: drop it. */
static int translate(const struct line_discipline *line, int byte)
{
	const tcflag_t iflag = line->settings.iflag;

	if (byte == '\r' && iflag & IGNCR)
		return -1;
	if (byte == '\r' && iflag & ICRNL)
		return '\n';
	if (byte == '\n' && iflag & INLCR)
		return '\r';
	return byte;
}

static void accept_piped(struct line_discipline *line, unsigned char byte)
{
	const bool escaped = line->escaped;

	line->escaped = line->has_end && !escaped && byte == DLE;
	if (escaped && byte == EOT)
		line->ended = true;
	else if (!line->escaped)
		put(line, (char)byte, false);
}

/*
 * Firmware that sets up the UART drops what it finds there, so whoever pipes
 * input into the machine sends some NULs ahead of it. The rest of them end here.
 */
int discipline_accept(struct line_discipline *line, unsigned char byte)
{
	int seen;
	int signal;

	if (byte == '\0' && !line->began)
		return 0;
	line->began = true;
	if (line->pipe) {
		accept_piped(line, byte);
		return 0;
	}
	seen = translate(line, byte);
	signal = seen < 0 ? 0 : signal_of(line, seen);
	if (signal) {
		echo(line, (char)seen);
		echo(line, '\n');
		if (!has_local(line, NOFLSH))
			discipline_flush(line);
	} else if (seen >= 0 && is_cooked(line)) {
		edit_line(line, seen);
	} else if (seen >= 0) {
		put(line, (char)seen, false);
		echo(line, (char)seen);
	}
	return signal;
}

/* Of the first whole line, its end included; 0: there is none. */
static unsigned int line_length(const struct line_discipline *line)
{
	unsigned int end = line->tail;

	while (end != line->line_end) {
		if (is_marked(line, end++))
			return end - line->tail;
	}
	return 0;
}

size_t discipline_readable(const struct line_discipline *line)
{
	return is_cooked(line) ? line->line_end - line->tail : used(line);
}

bool discipline_can_read(const struct line_discipline *line)
{
	const cc_t *cc = line->settings.cc;
	size_t least = 1;

	if (!is_cooked(line) && !line->pipe && cc[VTIME] == 0 && cc[VMIN] > 0)
		least = cc[VMIN];
	return line->ended || discipline_readable(line) >= least;
}

static int copy_out(const struct line_discipline *line, char *to, size_t count)
{
	size_t first = LINE_BYTES - line->tail % LINE_BYTES;

	if (first > count)
		first = count;
	if (copy_to_user(to, byte_at(line, line->tail), first) != 0)
		return -EFAULT;
	return copy_to_user(to + first, line->bytes, count - first);
}

long discipline_read(struct line_discipline *line, void *to, size_t count)
{
	const bool cooked = is_cooked(line);
	size_t length = cooked ? line_length(line) : used(line);
	bool end_of_file = false;

	if (length == 0)
		return line->ended ? 0 : -EAGAIN;
	if (cooked && *byte_at(line, line->tail + length - 1) == '\0') {
		end_of_file = true;
		length--;
	}
	if (count > length)
		count = length;
	if (copy_out(line, to, count) != 0)
		return -EFAULT;
	line->tail += count;
	if (end_of_file && count == length)
		line->tail++;
	return (long)count;
}

uint64_t discipline_patience_ns(const struct line_discipline *line, size_t have,
                                size_t count, bool done)
{
	const uint64_t pause_ns = line->settings.cc[VTIME] * TENTH_NS;
	const size_t least = line->settings.cc[VMIN];

	if (is_cooked(line) || line->pipe)
		return done ? 0 : UINT64_MAX;
	if (have >= count || (least > 0 && have >= least) ||
	    (least == 0 && have > 0))
		return 0;
	if (least > 0 && (pause_ns == 0 || have == 0))
		return UINT64_MAX;
	return pause_ns;
}

void discipline_flush(struct line_discipline *line)
{
	line->tail = line->head;
	line->line_end = line->head;
}

void discipline_set(struct line_discipline *line,
                    const struct terminal_settings *settings)
{
	const bool was_cooked = is_cooked(line);

	line->settings = *settings;
	if (was_cooked == is_cooked(line) || used(line) == 0)
		return;
	/* All there is becomes one line; ends of file are nothing in raw mode. */
	line->line_end = line->head;
	memset(line->marks, 0, MARK_BYTES);
	mark(line, line->head - 1, true);
}
