/* SPDX-License-Identifier: MIT */
/*
 * Polled, both ways: the line speed was set by the firmware and is kept. Where
 * a register lies and how wide it is comes from the tree (reg-shift,
 * reg-io-width). A transmitter that never gets ready costs a bounded wait and
 * the byte, not the image.
 */
#include "drivers/ns16550.h"

#include <linux/io.h>

#include "core/console.h"
#include "core/log.h"
#include "core/machine.h"

#define REG_DATA 0u
#define REG_LSR  5u
#define REGS     8u

#define LSR_DATA_READY (1u << 0)
#define LSR_THR_EMPTY  (1u << 5)

/* At 9,600 baud a byte takes 1 ms; a look at a device register 0.1 us. */
#define READY_POLLS_MAX 100000u

static volatile char __iomem *uart;

static volatile void __iomem *reg_address(unsigned int reg)
{
	return uart + (reg << machine.uart.reg_shift);
}

static unsigned int uart_read(unsigned int reg)
{
	if (machine.uart.reg_width == 4)
		return readl(reg_address(reg)) & 0xff;
	return readb(reg_address(reg));
}

static void uart_write(unsigned int reg, unsigned char value)
{
	if (machine.uart.reg_width == 4)
		writel(value, reg_address(reg));
	else
		writeb(value, reg_address(reg));
}

static void ns16550_write(const char *bytes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		unsigned int polls = READY_POLLS_MAX;

		while (!(uart_read(REG_LSR) & LSR_THR_EMPTY) && --polls)
			;
		uart_write(REG_DATA, (unsigned char)bytes[i]);
	}
}

static int ns16550_read(void)
{
	if (!(uart_read(REG_LSR) & LSR_DATA_READY))
		return -1;
	return (int)uart_read(REG_DATA);
}

static const struct console_device ns16550_console = {
	.name = "ns16550",
	.write = ns16550_write,
	.read = ns16550_read,
};

void ns16550_init(void)
{
	const struct machine_device *device = &machine.uart;

	if (device->base == 0 || device->size < REGS << device->reg_shift)
		return;
	uart = ioremap(device->base, device->size);
	if (!uart) {
		log_error("uart at %#lx: no address space for its registers",
		          device->base);
		return;
	}
	console_register(&ns16550_console);
}
