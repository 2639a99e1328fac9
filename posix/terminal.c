/* SPDX-License-Identifier: MIT */
/*
 * Line discipline. Cooked mode gathers a line in line[], echoing and editing it,
 * and hands it out when it is complete; raw mode passes bytes on. The console is
 * only looked at while somebody reads, so a Ctrl-C is seen then and not before.
 *
 *      line[]   0 ...... taken ...... length ......... LINE_BYTES
 *               read by now  to be read   being typed
 */
#include "posix/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "core/cmdline.h"
#include "core/console.h"
#include "core/hart.h"
#include "core/timer.h"
#include "posix/clock.h"
#include "posix/signal.h"
#include "posix/user_memory.h"

#define LINE_BYTES    4096
#define KERNEL_NCCS   19
#define TENTH_NS      100000000ul /* the unit of VTIME */
#define POLL_PAUSE_NS 1000000ul
#define DELETE        0x7f
#define CTRL(c)       ((c)&0x1f)

/* The kernel's struct termios: the beginning of the C library's. */
struct settings {
	tcflag_t iflag;
	tcflag_t oflag;
	tcflag_t cflag;
	tcflag_t lflag;
	cc_t discipline;
	cc_t cc[KERNEL_NCCS];
};

static struct settings settings = {
	.iflag = ICRNL | IUTF8,
	.oflag = OPOST | ONLCR,
	.cflag = B38400 | CS8 | CREAD | CLOCAL,
	.lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE,
	.cc = {
		[VINTR] = CTRL('C'), [VQUIT] = CTRL('\\'), [VERASE] = DELETE,
		[VKILL] = CTRL('U'), [VEOF] = CTRL('D'), [VMIN] = 1,
		[VWERASE] = CTRL('W'),
	},
};
static struct winsize window = { .ws_row = 24, .ws_col = 80 };
static bool input_is_pipe;

static char line[LINE_BYTES];
static size_t line_length;
static size_t line_taken;
static bool line_done;
static int next_byte = -1; /* looked at, not taken */
static bool input_began;

void terminal_init(void)
{
	const char *kind = cmdline_get("stdin");

	input_is_pipe = kind && strcmp(kind, "pipe") == 0;
}

bool terminal_input_is_tty(void)
{
	return !input_is_pipe;
}

static bool has_local(tcflag_t flag)
{
	return settings.lflag & flag;
}

/* An unused control character is 0. */
static bool is_control(int byte, unsigned int which)
{
	return byte != 0 && byte == settings.cc[which];
}

/*
 * Firmware that sets up the UART drops what it finds there, so whoever pipes
 * input into the machine sends some NULs ahead of it. The rest of them end here.
 */
static void accept(int byte)
{
	if (byte == '\0' && !input_began)
		return;
	input_began |= byte >= 0;
	next_byte = byte;
}

/* Is a byte there? It stays there. */
static bool input_is_ready(void)
{
	if (next_byte < 0)
		accept(console_poll());
	return next_byte >= 0;
}

/* One byte, or -1 when none has come by @until_ns. */
static int input_byte(uint64_t until_ns)
{
	const uint64_t since_ns = timer_now_ns();
	int byte;

	while (!input_is_ready() && timer_now_ns() < until_ns) {
		if (until_ns == UINT64_MAX)
			accept(console_getc());
		else
			hart_idle(timer_now_ns() + POLL_PAUSE_NS);
	}
	clock_account_wait(since_ns);

	byte = next_byte;
	next_byte = -1;
	return byte;
}

static void echo(char byte)
{
	const bool shown_as_caret = (unsigned char)byte < ' ' && byte != '\n' &&
	                            byte != '\t' && has_local(ECHOCTL);
	const char caret[2] = { '^', byte + '@' };

	if (!has_local(ECHO) && !(byte == '\n' && has_local(ECHONL)))
		return;
	if (shown_as_caret)
		console_write(caret, sizeof(caret));
	else
		console_write(&byte, 1);
}

/* Take the last character off the line, all bytes of it in UTF-8. */
static void erase_one(void)
{
	const bool utf8 = settings.iflag & IUTF8;
	char byte;

	do {
		byte = line[--line_length];
	} while (utf8 && line_length > 0 && (byte & 0xc0) == 0x80);

	if (!has_local(ECHO) || !has_local(ECHOE))
		return;
	console_puts("\b \b");
	if ((unsigned char)byte < ' ' && has_local(ECHOCTL))
		console_puts("\b \b");
}

static void erase_word(void)
{
	while (line_length > 0 && line[line_length - 1] == ' ')
		erase_one();
	while (line_length > 0 && line[line_length - 1] != ' ')
		erase_one();
}

static void erase_line(void)
{
	while (line_length > 0)
		erase_one();
}

/* The last place is kept for the newline, so that a long line can end. */
static void append(int byte, bool ends_line)
{
	if (line_length < (ends_line ? LINE_BYTES : LINE_BYTES - 1)) {
		line[line_length++] = byte;
		echo(byte);
	}
	line_done = ends_line;
}

static void edit_line(int byte)
{
	if (is_control(byte, VERASE) || byte == '\b') {
		if (line_length > 0)
			erase_one();
	} else if (is_control(byte, VWERASE)) {
		erase_word();
	} else if (is_control(byte, VKILL)) {
		erase_line();
	} else if (is_control(byte, VEOF)) {
		line_done = true;
	} else {
		append(byte, byte == '\n' || is_control(byte, VEOL) ||
		                     is_control(byte, VEOL2));
	}
}

/* The signal that @byte stands for, or 0. */
static int signal_of(int byte)
{
	if (!has_local(ISIG))
		return 0;
	if (is_control(byte, VINTR))
		return SIGINT;
	return is_control(byte, VQUIT) ? SIGQUIT : 0;
}

/* Ctrl-C and Ctrl-\. -EINTR when the read that saw it must end. */
static int interrupt_by(int byte, int signal)
{
	echo(byte);
	echo('\n');
	line_length = 0;
	line_taken = 0;
	return signal_send(signal) == SIGNAL_HANDLED ? -EINTR : 0;
}

/* Carriage returns by c_iflag; -1: drop it. */
static int translate(int byte)
{
	if (byte == '\r' && settings.iflag & IGNCR)
		return -1;
	if (byte == '\r' && settings.iflag & ICRNL)
		return '\n';
	if (byte == '\n' && settings.iflag & INLCR)
		return '\r';
	return byte;
}

/* Gather bytes until a line is complete. -EAGAIN, -EINTR. */
static int gather_line(bool nonblock)
{
	int err = 0;

	while (!line_done && !err) {
		const int byte = input_byte(nonblock ? 0 : UINT64_MAX);
		const int seen = translate(byte);

		if (byte < 0)
			return -EAGAIN;
		if (signal_of(seen))
			err = interrupt_by(seen, signal_of(seen));
		else if (seen >= 0)
			edit_line(seen);
	}
	return err;
}

static long read_cooked(char *to, size_t count, bool nonblock)
{
	const int err = gather_line(nonblock);
	size_t part;

	if (err)
		return err;

	part = line_length - line_taken;
	if (part > count)
		part = count;
	memcpy(to, line + line_taken, part);
	line_taken += part;
	if (line_taken == line_length) {
		line_taken = 0;
		line_length = 0;
		line_done = false;
	}
	return part;
}

/* When to give up on a byte: VMIN and VTIME as termios(3) has them. */
static uint64_t raw_deadline_ns(size_t have, bool nonblock)
{
	const uint64_t pause_ns = settings.cc[VTIME] * TENTH_NS;
	const size_t least = settings.cc[VMIN];

	if (nonblock || (least > 0 && have >= least) ||
	    (least == 0 && have > 0))
		return 0;
	if (least > 0 && (pause_ns == 0 || have == 0))
		return UINT64_MAX;
	return timer_now_ns() + pause_ns;
}

static long read_raw(char *to, size_t count, bool nonblock)
{
	size_t have = 0;

	while (have < count) {
		const int byte = input_byte(raw_deadline_ns(have, nonblock));
		const int seen = translate(byte);

		if (byte < 0)
			return have == 0 && nonblock ? -EAGAIN : (long)have;
		if (signal_of(seen)) {
			const int err = interrupt_by(seen, signal_of(seen));

			if (err && have == 0)
				return err;
		} else if (seen >= 0) {
			to[have++] = seen;
			echo(seen);
		}
	}
	return have;
}

static long read_pipe(char *to, size_t count, bool nonblock)
{
	size_t have = 0;

	while (have < count) {
		const bool wait = have == 0 && !nonblock;
		const int byte = input_byte(wait ? UINT64_MAX : 0);

		if (byte < 0)
			return have == 0 ? -EAGAIN : (long)have;
		to[have++] = byte;
	}
	return have;
}

long terminal_read(char *to, size_t count, bool nonblock)
{
	if (count == 0)
		return 0;
	if (input_is_pipe)
		return read_pipe(to, count, nonblock);
	if (has_local(ICANON) || line_taken < line_length)
		return read_cooked(to, count, nonblock);
	return read_raw(to, count, nonblock);
}

bool terminal_can_read(void)
{
	if (input_is_pipe || !has_local(ICANON))
		return line_taken < line_length || input_is_ready();
	return line_done || gather_line(true) == 0;
}

static void drop_input(void)
{
	int byte;

	line_length = 0;
	line_taken = 0;
	line_done = false;
	do {
		byte = input_byte(0);
	} while (byte >= 0);
}

/* What was typed in one mode stays readable in the other. */
static void use_settings(const struct settings *new)
{
	settings = *new;
	if (!has_local(ICANON))
		line_done = line_taken < line_length;
}

static long set_settings(unsigned long request, const struct settings *new)
{
	if (!user_can_read(new, sizeof(*new)))
		return -EFAULT;
	if (request == TCSETSF)
		drop_input();
	use_settings(new);
	return 0;
}

static long copy_out(void *to, const void *from, size_t size)
{
	if (!user_can_write(to, size))
		return -EFAULT;
	memcpy(to, from, size);
	return 0;
}

static int readable_bytes(void)
{
	if (!terminal_can_read())
		return 0;
	return line_taken < line_length ? (int)(line_length - line_taken) : 1;
}

long terminal_ioctl(unsigned long request, void *argument)
{
	int bytes;

	switch (request) {
	case TCGETS:
		return copy_out(argument, &settings, sizeof(settings));
	case TCSETS:
	case TCSETSW: /* output is never behind */
	case TCSETSF:
		return set_settings(request, argument);
	case TCFLSH:
		if ((unsigned long)argument != TCOFLUSH)
			drop_input();
		return 0;
	case TIOCGWINSZ:
		return copy_out(argument, &window, sizeof(window));
	case TIOCSWINSZ:
		if (!user_can_read(argument, sizeof(window)))
			return -EFAULT;
		window = *(const struct winsize *)argument;
		return 0;
	case FIONREAD:
		bytes = readable_bytes();
		return copy_out(argument, &bytes, sizeof(bytes));
	default:
		return -ENOTTY;
	}
}
