/* SPDX-License-Identifier: MIT */
#include "typing.h"

#include <linux/io.h>
#include <string.h>
#include <unistd.h>

#include "core/console.h"
#include "core/machine.h"
#include "core/mutex.h"
#include "core/thread.h"
#include "mm/kthread.h"
#include "posix/terminal.h"
#include "test.h"

#define REG_DATA 0u
#define REG_MCR  4u
#define REG_LSR  5u
#define MCR_LOOP (1u << 4)
#define LSR_DATA (1u << 0)
#define LSR_IDLE (1u << 6) /* all is sent */
#define BURST    16u
#define TAKEN_NS 200000000ul
#define SEND_NS  2000000ul /* for a byte at 9,600 baud */

static volatile char __iomem *uart;
static struct termios before;

static struct {
	const char *text;
	uint64_t at_ns;
	struct completion done;
	bool running;
} later;

void typing_begin(tcflag_t local)
{
	struct termios settings;

	if (strcmp(console_name(), "ns16550") != 0 ||
	    machine.uart.reg_shift != 0)
		test_skip("no UART that can hand back what is sent");
	uart = ioremap(machine.uart.base, machine.uart.size);
	CHECK(uart);
	CHECK_EQ(tcgetattr(STDIN_FILENO, &before), 0);
	settings = before;
	settings.c_lflag = local;
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	CHECK_EQ(tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings), 0);
}

void typing_end(void)
{
	if (later.running)
		wait_for_completion(&later.done);
	later.running = false;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	iounmap(uart);
}

/* Until the bits of @mask are @bits; or for long enough: nobody takes it. */
static void wait_for_line(unsigned char mask, unsigned char bits)
{
	const uint64_t start_ns = timer_now_ns();

	while ((readb(uart + REG_LSR) & mask) != bits &&
	       timer_now_ns() - start_ns < TAKEN_NS) {
		if (!console_listen())
			(void)terminal_ready(); /* nobody else looks */
	}
}

/* A line is slower than a hart: no more than the FIFO holds at once. */
void type(const char *bytes, size_t count)
{
	unsigned char mcr = readb(uart + REG_MCR);

	writeb(mcr | MCR_LOOP, uart + REG_MCR);
	for (size_t i = 0; i < count; i++) {
		if (i % BURST == 0)
			wait_for_line(LSR_DATA, 0);
		wait_for_line(LSR_IDLE, LSR_IDLE);
		writeb((unsigned char)bytes[i], uart + REG_DATA);
	}
	wait_for_line(LSR_IDLE, LSR_IDLE);
	writeb(mcr, uart + REG_MCR);
}

void type_blindly(const char *bytes, size_t count)
{
	unsigned char mcr = readb(uart + REG_MCR);
	uint64_t end_ns;

	writeb(mcr | MCR_LOOP, uart + REG_MCR);
	for (size_t i = 0; i < count; i++) {
		writeb((unsigned char)bytes[i], uart + REG_DATA);
		end_ns = timer_now_ns() + SEND_NS;
		while (timer_now_ns() < end_ns)
			;
	}
	writeb(mcr, uart + REG_MCR);
}

void type_text(const char *text)
{
	type(text, strlen(text));
}

static void type_then(void *unused)
{
	(void)unused;
	thread_sleep_until(later.at_ns, THREAD_UNINTERRUPTIBLE);
	type_text(later.text);
	complete(&later.done);
}

void type_later(const char *text, unsigned long after_ns)
{
	later.text = text;
	later.at_ns = timer_now_ns() + after_ns;
	completion_init(&later.done, "typing");
	later.running = kthread_run(type_then, NULL, "typist",
	                            THREAD_PRIORITY_NORMAL, 0) != NULL;
	CHECK(later.running);
}
