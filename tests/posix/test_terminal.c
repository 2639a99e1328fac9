/* SPDX-License-Identifier: MIT */
/* The console as a terminal: lines, editing, modes, several readers, signals. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/console.h"
#include "core/mutex.h"
#include "core/thread.h"
#include "core/timer.h"
#include "core/wait.h"
#include "mm/kthread.h"
#include "posix/terminal.h"
#include "test.h"
#include "typing.h"

#define MS       1000000ul
#define LIMIT_NS 2000000000ul
#define COOKED   (ICANON | ISIG)

static char text[8192];

/* One read() gives exactly @want. */
static void check_read(const char *want)
{
	const size_t length = strlen(want);
	const long got = read(STDIN_FILENO, text, sizeof(text));

	CHECK_EQ(got, length);
	CHECK(memcmp(text, want, length) == 0);
}

static void check_nothing_there(void)
{
	CHECK_EQ(terminal_read(text, sizeof(text), true), -EAGAIN);
}

static int bytes_there(void)
{
	int bytes = -1;

	CHECK_EQ(ioctl(STDIN_FILENO, FIONREAD, &bytes), 0);
	return bytes;
}

/* What was typed is on its way through FIFO, interrupt and worker. */
static void wait_for_bytes(int count)
{
	const uint64_t start_ns = timer_now_ns();

	while (bytes_there() < count)
		CHECK(timer_now_ns() - start_ns < LIMIT_NS);
}

TEST(lines_come_whole_and_one_by_one)
{
	typing_begin(COOKED);
	type_text("first");
	check_nothing_there();
	CHECK(!(terminal_ready() & POLLIN));
	type_text("\nsecond\rthi");
	check_read("first\n");
	check_read("second\n");
	check_nothing_there();
	type_text("rd\n");
	check_read("third\n");
	typing_end();
}

TEST(line_longer_than_asked_comes_in_parts)
{
	typing_begin(COOKED);
	type_text("abcdef\n");
	CHECK_EQ(read(STDIN_FILENO, text, 4), 4);
	CHECK(memcmp(text, "abcd", 4) == 0);
	CHECK_EQ(bytes_there(), 3);
	check_read("ef\n");
	typing_end();
}

TEST(erase_kill_and_word_erase_edit_the_line_alone)
{
	typing_begin(COOKED);
	type_text("kept\nabx\177c\n");
	type_text("one two  \027three\n");
	type_text("\177\177gone\025stays\n");
	type_text("\303\251\177e\n"); /* two bytes, one character */
	check_read("kept\n");
	check_read("abc\n");
	check_read("one three\n");
	check_read("stays\n");
	check_read("e\n");
	typing_end();
}

TEST(ctrl_d_ends_a_file_or_a_line)
{
	typing_begin(COOKED);
	type_text("\004");
	CHECK_EQ(read(STDIN_FILENO, text, sizeof(text)), 0);
	type_text("ab\004cd\n");
	check_read("ab");
	check_read("cd\n");
	type_text("ab\004cd\n");
	CHECK_EQ(read(STDIN_FILENO, text, 2), 2);
	check_read("cd\n");
	typing_end();
}

/* The ring's end lies within a line at some time. */
TEST(lines_go_round_the_buffer)
{
	char line[64];

	typing_begin(COOKED);
	memset(line, 'x', sizeof(line));
	for (unsigned int i = 0; i < 200; i++) {
		line[0] = (char)('a' + i % 26);
		line[61] = '\n';
		type(line, 62);
		CHECK_EQ(read(STDIN_FILENO, text, sizeof(text)), 62);
		CHECK(memcmp(text, line, 62) == 0);
	}
	typing_end();
}

TEST(endless_line_is_cut_and_ends)
{
	typing_begin(COOKED);
	memset(text, 'x', 5000);
	type(text, 5000);
	type_text("\nnext\n");
	CHECK_EQ(read(STDIN_FILENO, text, sizeof(text)), 4096);
	CHECK_EQ(text[4094], 'x');
	CHECK_EQ(text[4095], '\n');
	check_read("next\n");
	typing_end();
}

TEST(bad_pointer_takes_nothing)
{
	typing_begin(COOKED);
	type_text("whole\n");
	wait_for_bytes(6);
	CHECK_EQ(terminal_read((void *)8, 100, false), -EFAULT);
	check_read("whole\n");
	CHECK_EQ(terminal_ioctl(FIONREAD, (void *)8), -EFAULT);
	CHECK_EQ(terminal_ioctl(TCGETS, (void *)8), -EFAULT);
	CHECK_EQ(terminal_ioctl(TCSETS, (void *)8), -EFAULT);
	CHECK_EQ(terminal_ioctl(TIOCGWINSZ, (void *)8), -EFAULT);
	CHECK_EQ(terminal_ioctl(TIOCSWINSZ, (void *)8), -EFAULT);
	CHECK_EQ(terminal_ioctl(TCFLSH, (void *)99), -EINVAL);
	CHECK_EQ(terminal_ioctl(0x5499, NULL), -ENOTTY);
	typing_end();
}

static void set_mode(tcflag_t local, cc_t least, cc_t tenths)
{
	struct termios settings;

	CHECK_EQ(tcgetattr(STDIN_FILENO, &settings), 0);
	settings.c_lflag = local;
	settings.c_cc[VMIN] = least;
	settings.c_cc[VTIME] = tenths;
	CHECK_EQ(tcsetattr(STDIN_FILENO, TCSANOW, &settings), 0);
}

TEST(what_was_typed_in_one_mode_is_read_in_the_other)
{
	typing_begin(COOKED);
	type_text("half");
	check_nothing_there();
	set_mode(0, 1, 0);
	wait_for_bytes(4);
	check_read("half");
	type_text("raw");
	wait_for_bytes(3);
	set_mode(COOKED, 1, 0);
	check_read("raw");
	type_text("line\n");
	check_read("line\n");
	typing_end();
}

TEST(raw_reads_wait_for_vmin_and_vtime)
{
	uint64_t start_ns;
	long got;

	typing_begin(0);
	set_mode(0, 3, 0);
	type_text("ab");
	wait_for_bytes(2);
	CHECK(!(terminal_ready() & POLLIN));
	type_later("cd", 5 * MS);
	got = read(STDIN_FILENO, text, 10);
	CHECK(got >= 3);
	wait_for_bytes((int)(4 - got));
	set_mode(0, 0, 0);
	tcflush(STDIN_FILENO, TCIFLUSH);
	CHECK_EQ(read(STDIN_FILENO, text, 10), 0);
	set_mode(0, 0, 1);
	start_ns = timer_now_ns();
	CHECK_EQ(read(STDIN_FILENO, text, 10), 0);
	CHECK(timer_now_ns() - start_ns >= 100 * MS);
	set_mode(0, 5, 1);
	type_text("xy");
	CHECK_EQ(read(STDIN_FILENO, text, 10), 2);
	typing_end();
}

TEST(flush_forgets_what_was_typed)
{
	typing_begin(COOKED);
	type_text("line\nhalf");
	wait_for_bytes(5);
	thread_sleep_until(timer_now_ns() + 5 * MS, THREAD_UNINTERRUPTIBLE);
	CHECK_EQ(tcflush(STDIN_FILENO, TCOFLUSH), 0);
	CHECK_EQ(bytes_there(), 5);
	CHECK_EQ(tcflush(STDIN_FILENO, TCIFLUSH), 0);
	check_nothing_there();
	type_text("new\n");
	check_read("new\n");
	typing_end();
}

TEST(poll_ends_when_a_line_is_there)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	typing_begin(COOKED);
	CHECK_EQ(poll(&input, 1, 5), 0);
	type_later("line\n", 5 * MS);
	CHECK_EQ(poll(&input, 1, 2000), 1);
	CHECK_EQ(input.revents, POLLIN);
	check_read("line\n");
	typing_end();
}

/* What a watcher of the terminal's queue is told. */
static unsigned int told; /* [A] */

static bool count_wake(struct waiter *waiter)
{
	(void)waiter;
	__atomic_fetch_add(&told, 1, __ATOMIC_RELEASE);
	return true;
}

/* Nobody reads: interrupt, or the timer that stands in for it. */
TEST(watchers_are_told)
{
	struct waiter waiter = { .notify = count_wake };
	const uint64_t start_ns = timer_now_ns();

	typing_begin(COOKED);
	told = 0;
	wait_queue_watch(&terminal_input_queue, &waiter);
	CHECK(!(terminal_ready() & POLLIN));
	type_text("line\n");
	while (!(terminal_ready() & POLLIN) ||
	       __atomic_load_n(&told, __ATOMIC_ACQUIRE) == 0) {
		if (timer_now_ns() - start_ns > LIMIT_NS)
			break;
	}
	wait_queue_unwatch(&waiter);
	CHECK(told > 0);
	check_read("line\n");
	typing_end();
}

static struct reader {
	struct thread *thread; /* [A] */
	long result;
	char line[16];
	struct completion ready, done;
} readers[3];

static void read_one(void *argument)
{
	struct reader *reader = argument;

	__atomic_store_n(&reader->thread, current_thread(), __ATOMIC_RELEASE);
	complete(&reader->ready);
	reader->result =
		terminal_read(reader->line, sizeof(reader->line), false);
	complete(&reader->done);
}

static void start_reader(struct reader *reader)
{
	memset(reader, 0, sizeof(*reader));
	completion_init(&reader->ready, "reader ready");
	completion_init(&reader->done, "reader done");
	CHECK(kthread_run(read_one, reader, "reader", THREAD_PRIORITY_NORMAL,
	                  0));
	wait_for_completion(&reader->ready);
}

TEST(each_line_goes_to_one_of_several_readers)
{
	unsigned int seen = 0;

	typing_begin(COOKED);
	for (unsigned int i = 0; i < ARRAY_SIZE(readers); i++)
		start_reader(&readers[i]);
	type_text("1\n2\n3\n");
	for (unsigned int i = 0; i < ARRAY_SIZE(readers); i++) {
		wait_for_completion(&readers[i].done);
		CHECK_EQ(readers[i].result, 2);
		seen |= 1u << (readers[i].line[0] - '0');
	}
	CHECK_EQ(seen, 0xe);
	typing_end();
}

TEST(interrupted_reader_gets_eintr_and_no_line_is_lost)
{
	typing_begin(COOKED);
	start_reader(&readers[0]);
	thread_interrupt(readers[0].thread);
	wait_for_completion(&readers[0].done);
	CHECK_EQ(readers[0].result, -EINTR);
	type_text("line\n");
	check_read("line\n");
	typing_end();
}

static volatile sig_atomic_t caught;

static void catch (int signal)
{
	caught = signal;
}

/* Nobody reads or polls. */
TEST(ctrl_c_is_a_signal_while_nobody_reads)
{
	const uint64_t start_ns = timer_now_ns();
	void (*before)(int) = signal(SIGINT, catch);

	if (!console_listen())
		test_skip("no interrupt serves the UART");
	typing_begin(COOKED);
	caught = 0;
	type_text("forgotten\nthis too\003");
	while (!caught && timer_now_ns() - start_ns < LIMIT_NS)
		;
	signal(SIGINT, before);
	CHECK_EQ(caught, SIGINT);
	check_nothing_there();
	typing_end();
}

TEST(ctrl_c_is_a_character_without_isig)
{
	typing_begin(ICANON);
	type_text("a\003b\n");
	check_read("a\003b\n");
	typing_end();
}
