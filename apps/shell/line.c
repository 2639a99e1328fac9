/* SPDX-License-Identifier: MIT */
/*
 * The line is a string and a cursor; a key changes them, then the line is drawn
 * again from its beginning. The one exception is a character typed at the end,
 * which is echoed alone: pasted and piped input stays free of escape sequences.
 * A line wider than the terminal scrolls sideways.
 */
#include "line.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "complete.h"
#include "history.h"

#define CTRL(c)         ((c)&0x1f)
#define ESCAPE          0x1b
#define DELETE          0x7f
#define ESCAPE_WAIT_MS  50 /* what follows ESC of a key comes within this */
#define DEFAULT_COLUMNS 80

enum key {
	KEY_LEFT = 256,
	KEY_RIGHT,
	KEY_UP,
	KEY_DOWN,
	KEY_HOME,
	KEY_END,
	KEY_DELETE,
	KEY_NONE,
	KEY_EOF = -1,
};

struct editor {
	const char *prompt;
	char *text; /* LINE_BYTES, NUL-terminated */
	size_t length;
	size_t cursor;
	unsigned int age;       /* of the history line shown; 0: the own one */
	char draft[LINE_BYTES]; /* the own line while another is shown */
	bool listed;            /* the last key was a Tab that found several */
};

static void put(const char *bytes, size_t count)
{
	if (write(STDOUT_FILENO, bytes, count) < 0)
		return; /* nowhere to tell it */
}

static void put_string(const char *string)
{
	put(string, strlen(string));
}

static int read_byte(void)
{
	unsigned char byte;

	return read(STDIN_FILENO, &byte, 1) == 1 ? byte : KEY_EOF;
}

/* The next byte of an escape sequence, or ESCAPE when none follows. */
static int read_sequence_byte(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&input, 1, ESCAPE_WAIT_MS) == 1 ? read_byte() : ESCAPE;
}

/* ESC [ n ~ */
static enum key numbered_key(int number)
{
	switch (number) {
	case 1:
	case 7:
		return KEY_HOME;
	case 3:
		return KEY_DELETE;
	case 4:
	case 8:
		return KEY_END;
	default:
		return KEY_NONE;
	}
}

static enum key lettered_key(int letter)
{
	switch (letter) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'C':
		return KEY_RIGHT;
	case 'D':
		return KEY_LEFT;
	case 'H':
		return KEY_HOME;
	case 'F':
		return KEY_END;
	default:
		return KEY_NONE;
	}
}

/* What follows ESC: `[` or `O`, numbers with `;`, a final byte (ECMA-48 5.4). */
static enum key read_escape(void)
{
	int byte = read_sequence_byte();
	int number = 0;

	if (byte != '[' && byte != 'O')
		return KEY_NONE;
	for (;;) {
		byte = read_sequence_byte();
		if (byte >= '0' && byte <= '9' && number < 100)
			number = number * 10 + byte - '0';
		else if (byte == '~')
			return numbered_key(number);
		else if (byte < '0' || byte >= '@')
			return lettered_key(byte);
		else
			number = 0;
	}
}

static int read_key(void)
{
	const int byte = read_byte();

	return byte == ESCAPE ? (int)read_escape() : byte;
}

/* UTF-8: a character is its first byte and those that continue it. */
static bool continues(char byte)
{
	return (byte & 0xc0) == 0x80;
}

static size_t width(const char *text, size_t count)
{
	size_t columns = 0;

	while (count-- > 0)
		columns += !continues(text[count]);
	return columns;
}

static size_t terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
		return size.ws_col;
	return DEFAULT_COLUMNS;
}

static size_t next_character(const struct editor *ed, size_t at)
{
	do {
		at++;
	} while (at < ed->length && continues(ed->text[at]));
	return at;
}

static size_t previous_character(const struct editor *ed, size_t at)
{
	do {
		at--;
	} while (at > 0 && continues(ed->text[at]));
	return at;
}

/* The part [*first, *end) around the cursor that fits into @columns. */
static void visible_part(const struct editor *ed, size_t columns, size_t *first,
                         size_t *end)
{
	*first = 0;
	while (width(ed->text + *first, ed->cursor - *first) >= columns)
		*first = next_character(ed, *first);
	*end = ed->length;
	while (width(ed->text + *first, *end - *first) >= columns)
		*end = previous_character(ed, *end);
}

static void draw(const struct editor *ed)
{
	char out[LINE_BYTES + 128];
	const size_t prompt_columns = strlen(ed->prompt);
	size_t first, end, back;
	int count;

	visible_part(ed, terminal_columns() - prompt_columns, &first, &end);
	back = width(ed->text + ed->cursor, end - ed->cursor);
	count = snprintf(out, sizeof(out), "\r%s%.*s\x1b[K", ed->prompt,
	                 (int)(end - first), ed->text + first);
	if (back > 0)
		count += snprintf(out + count, sizeof(out) - count, "\x1b[%zuD",
		                  back);
	put(out, count);
}

static void insert(struct editor *ed, const char *bytes, size_t count)
{
	const bool at_end = ed->cursor == ed->length;

	if (ed->length + count >= LINE_BYTES)
		return;
	memmove(ed->text + ed->cursor + count, ed->text + ed->cursor,
	        ed->length - ed->cursor + 1);
	memcpy(ed->text + ed->cursor, bytes, count);
	ed->cursor += count;
	ed->length += count;

	if (at_end && strlen(ed->prompt) + width(ed->text, ed->length) <
	                      terminal_columns())
		put(bytes, count);
	else
		draw(ed);
}

static void erase(struct editor *ed, size_t from, size_t to)
{
	memmove(ed->text + from, ed->text + to, ed->length - to + 1);
	ed->length -= to - from;
	ed->cursor = from;
	draw(ed);
}

static void move_to(struct editor *ed, size_t cursor)
{
	ed->cursor = cursor;
	draw(ed);
}

static size_t word_before(const struct editor *ed)
{
	size_t at = ed->cursor;

	while (at > 0 && ed->text[at - 1] == ' ')
		at--;
	while (at > 0 && ed->text[at - 1] != ' ')
		at--;
	return at;
}

static void show_history(struct editor *ed, unsigned int age)
{
	const char *line = age == 0 ? ed->draft : history_get(age);

	if (!line)
		return;
	if (ed->age == 0)
		memcpy(ed->draft, ed->text, LINE_BYTES);
	ed->age = age;
	snprintf(ed->text, LINE_BYTES, "%s", line);
	ed->length = strlen(ed->text);
	move_to(ed, ed->length);
}

static void list_matches(const struct editor *ed,
                         const struct completion *found)
{
	unsigned int i;

	put_string("\n");
	for (i = 0; i < found->count; i++) {
		put_string(found->matches[i]);
		put_string("  ");
	}
	put_string("\n");
	draw(ed);
}

/* Insert what all matches share; a second Tab lists them. */
static void complete_word(struct editor *ed)
{
	const bool again = ed->listed;
	struct completion found;
	size_t typed;

	complete_find(ed->text, ed->cursor, &found);
	typed = ed->cursor - found.word;
	if (found.count == 0)
		return;
	if (found.common > typed)
		insert(ed, found.matches[0] + typed, found.common - typed);
	else if (found.count > 1 && again)
		list_matches(ed, &found);
	if (found.count == 1 && ed->text[ed->cursor - 1] != '/')
		insert(ed, " ", 1);
	ed->listed = found.count > 1;
}

static void clear_screen(const struct editor *ed)
{
	put_string("\x1b[H\x1b[2J");
	draw(ed);
}

static void move_by_key(struct editor *ed, int key)
{
	if ((key == KEY_LEFT || key == CTRL('B')) && ed->cursor > 0)
		move_to(ed, previous_character(ed, ed->cursor));
	else if ((key == KEY_RIGHT || key == CTRL('F')) &&
	         ed->cursor < ed->length)
		move_to(ed, next_character(ed, ed->cursor));
	else if (key == KEY_HOME || key == CTRL('A'))
		move_to(ed, 0);
	else if (key == KEY_END || key == CTRL('E'))
		move_to(ed, ed->length);
}

static void erase_by_key(struct editor *ed, int key)
{
	if ((key == DELETE || key == CTRL('H')) && ed->cursor > 0)
		erase(ed, previous_character(ed, ed->cursor), ed->cursor);
	else if ((key == KEY_DELETE || key == CTRL('D')) &&
	         ed->cursor < ed->length)
		erase(ed, ed->cursor, next_character(ed, ed->cursor));
	else if (key == CTRL('K'))
		erase(ed, ed->cursor, ed->length);
	else if (key == CTRL('U'))
		erase(ed, 0, ed->cursor);
	else if (key == CTRL('W'))
		erase(ed, word_before(ed), ed->cursor);
}

static void edit(struct editor *ed, int key)
{
	const char byte = key;

	switch (key) {
	case KEY_UP:
	case CTRL('P'):
		show_history(ed, ed->age + 1);
		break;
	case KEY_DOWN:
	case CTRL('N'):
		if (ed->age > 0)
			show_history(ed, ed->age - 1);
		break;
	case '\t':
		complete_word(ed);
		break;
	case CTRL('L'):
		clear_screen(ed);
		break;
	default:
		if (key >= ' ' && key != DELETE && key < KEY_LEFT)
			insert(ed, &byte, 1);
		else
			move_by_key(ed, key), erase_by_key(ed, key);
	}
	if (key != '\t')
		ed->listed = false;
}

static enum line_result edit_line(const char *prompt, char *line)
{
	struct editor ed = { .prompt = prompt, .text = line };

	line[0] = '\0';
	put_string(prompt);
	for (;;) {
		const int key = read_key();

		if (key == '\r' || key == '\n')
			break;
		if (key == CTRL('C')) {
			put_string("^C\n");
			return LINE_CANCELLED;
		}
		if (key == KEY_EOF || (key == CTRL('D') && ed.length == 0)) {
			put_string("\n");
			return LINE_END;
		}
		edit(&ed, key);
	}

	if (ed.cursor < ed.length)
		move_to(&ed, ed.length);
	put_string("\n");
	return LINE_DONE;
}

/* No terminal: lines as they come. */
static enum line_result read_line(char *line)
{
	size_t length = 0;
	int byte = getchar();

	if (byte == EOF)
		return LINE_END;
	while (byte != EOF && byte != '\n') {
		if (byte != '\r' && length < LINE_BYTES - 1)
			line[length++] = byte;
		byte = getchar();
	}
	line[length] = '\0';
	return LINE_DONE;
}

enum line_result line_read(const char *prompt, char line[LINE_BYTES])
{
	struct termios cooked, raw;
	enum line_result result;

	fflush(stdout);
	if (tcgetattr(STDIN_FILENO, &cooked) != 0)
		return read_line(line);

	raw = cooked;
	raw.c_lflag &= ~(ICANON | ECHO | ISIG | IEXTEN);
	raw.c_iflag &= ~(ICRNL | IXON);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	result = edit_line(prompt, line);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &cooked);
	if (result == LINE_DONE)
		history_add(line);
	return result;
}
