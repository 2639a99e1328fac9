/* SPDX-License-Identifier: MIT */
/* Input by interrupt: what the UART receives gets to a reader, all of it. */
#include <errno.h>
#include <linux/vmalloc.h>
#include <unistd.h>

#include "core/console.h"
#include "core/hart.h"
#include "core/irq.h"
#include "core/machine.h"
#include "core/timer.h"
#include "drivers/ns16550.h"
#include "test.h"
#include "typing.h"

#define FIFO_BYTES 16u
#define KEPT_BYTES (4096u + 512u) /* by the terminal and the console's ring */
#define MS         1000000ul

static void find(const struct irq_info *info, void *context)
{
	unsigned long *count = context;

	if (info->number != machine_irq(&machine.uart))
		return;
	for (unsigned int i = 0; i < nr_harts; i++)
		*count += info->counts[i];
}

static unsigned long interrupts(void)
{
	unsigned long count = 0;

	irq_visit(find, &count);
	return count;
}

static void begin(void)
{
	if (!console_listen())
		test_skip("no interrupt serves the UART");
	typing_begin(0);
}

static char expected(size_t i)
{
	return (char)('!' + (i * 7 + i / 90) % 90);
}

static void type_pattern(size_t count)
{
	char *text = vmalloc(count);

	CHECK(text);
	for (size_t i = 0; i < count; i++)
		text[i] = expected(i);
	type(text, count);
	vfree(text);
}

/* Reads @count bytes of the pattern, and nothing follows. */
static void check_pattern(size_t count)
{
	char piece[300];
	size_t have = 0;

	while (have < count) {
		long part = read(STDIN_FILENO, piece, sizeof(piece));

		CHECK(part > 0 && have + (size_t)part <= count);
		for (long i = 0; i < part; i++)
			CHECK_EQ(piece[i], expected(have + (size_t)i));
		have += (size_t)part;
	}
}

TEST(received_bytes_come_in_order_and_several_an_interrupt)
{
	unsigned long before;

	begin();
	before = interrupts();
	type_pattern(2000);
	check_pattern(2000);
	CHECK(interrupts() > before);
	CHECK(interrupts() - before <= 2000);
	typing_end();
}

/* More than the system keeps stays in the device until somebody reads. */
TEST(full_ring_stops_the_device_and_loses_nothing)
{
	unsigned long lost = console_overruns();

	begin();
	type_pattern(KEPT_BYTES + FIFO_BYTES);
	check_pattern(KEPT_BYTES + FIFO_BYTES);
	type_pattern(100);
	check_pattern(100);
	CHECK_EQ(console_overruns(), lost);
	typing_end();
}

TEST(what_the_device_loses_is_counted)
{
	unsigned int number = machine_irq(&machine.uart);
	unsigned long lost = console_overruns();

	begin();
	CHECK_EQ(irq_disable(number), 0);
	type_pattern(FIFO_BYTES);
	type_blindly("lost", 4);
	CHECK_EQ(irq_enable(number), 0);
	check_pattern(FIFO_BYTES);
	CHECK_EQ(console_overruns(), lost + 1);
	typing_end();
}

TEST(interrupt_may_come_to_any_hart)
{
	unsigned int number = machine_irq(&machine.uart);

	begin();
	for (unsigned int hart = nr_harts; hart-- > 0;) {
		CHECK_EQ(irq_set_hart(number, hart), 0);
		type_pattern(200);
		check_pattern(200);
	}
	typing_end();
}

static unsigned long ticks(void)
{
	unsigned long sum = 0;

	for (unsigned int i = 0; i < nr_harts; i++)
		sum += READ_ONCE(harts[i]->timer_ticks);
	return sum;
}

/* A reader that looked every 10 ms would need 30. */
TEST(waiting_for_input_takes_no_ticks)
{
	unsigned long before;
	char byte;

	begin();
	before = ticks();
	type_later("x", 300 * MS);
	CHECK_EQ(read(STDIN_FILENO, &byte, 1), 1);
	CHECK_EQ(byte, 'x');
	CHECK(ticks() - before < 15);
	typing_end();
}
