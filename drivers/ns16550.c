/* SPDX-License-Identifier: MIT */
/*
 * The line speed was set by the firmware and is kept. Where a register lies and
 * how wide it is comes from the tree (reg-shift, reg-io-width).
 *
 * Output is polled: it must work in a panic. A transmitter that never gets ready
 * costs a bounded wait and the byte, not the image. Input is polled too until
 * somebody listens, then by interrupt if the PLIC serves this device.
 *
 * The receive FIFO interrupts at 8 of its 16 bytes, or when the line is silent for
 * four characters. That leaves 8 characters' time to answer and is a full FIFO's
 * worth of bytes an interrupt when text is pasted.
 */
#include "drivers/ns16550.h"

#include <errno.h>
#include <linux/io.h>

#include "arch/barrier.h"
#include "core/console.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/machine.h"

#define REG_DATA 0u
#define REG_IER  1u
#define REG_IIR  2u /* read */
#define REG_FCR  2u /* written */
#define REG_MCR  4u
#define REG_LSR  5u
#define REGS     8u

#define IER_RECEIVE     (1u << 0)
#define IER_LINE_STATUS (1u << 2)
#define IIR_NONE        (1u << 0)
#define IIR_FIFO        (3u << 6)
#define FCR_ENABLE      (1u << 0)
#define FCR_TRIGGER_8   (2u << 6)
#define MCR_OUT2        (1u << 3) /* where it gates the interrupt line */
#define LSR_DATA_READY  (1u << 0)
#define LSR_OVERRUN     (1u << 1)
#define LSR_BREAK       (1u << 4)
#define LSR_THR_EMPTY   (1u << 5)

/* At 9,600 baud a byte takes 1 ms; a look at a device register 0.1 us. */
#define READY_POLLS_MAX 100000u

static volatile char __iomem *uart;
static unsigned int lost; /* [A] 1: an overrun that is not reported yet */

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

/* Reading the register forgets errors, so whoever does keeps them. */
static unsigned int line_status(void)
{
	unsigned int status = uart_read(REG_LSR);

	if (status & LSR_OVERRUN)
		__atomic_store_n(&lost, 1, __ATOMIC_RELAXED);
	return status;
}

static void ns16550_write(const char *bytes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		unsigned int polls = READY_POLLS_MAX;

		while (!(line_status() & LSR_THR_EMPTY) && --polls)
			;
		uart_write(REG_DATA, (unsigned char)bytes[i]);
	}
}

static int ns16550_read(void)
{
	if (!(line_status() & LSR_DATA_READY))
		return -1;
	return (int)uart_read(REG_DATA);
}

/* What is there, until the ring is full. A break comes with a byte: none. */
static bool ns16550_drain(void)
{
	bool taken = false;
	unsigned int status;

	while (console_has_room() &&
	       (status = line_status()) & LSR_DATA_READY) {
		unsigned char byte = (unsigned char)uart_read(REG_DATA);

		if (!(status & LSR_BREAK))
			console_receive(byte);
		taken = true;
	}
	return taken;
}

/* A writer that reads LSR may have taken the cause away: then data tells. */
static bool ns16550_interrupt(void *unused)
{
	bool pending = !(uart_read(REG_IIR) & IIR_NONE);
	bool taken = ns16550_drain();

	(void)unused;
	if (__atomic_exchange_n(&lost, 0, __ATOMIC_RELAXED))
		console_overran();
	if (taken)
		console_received();
	return pending || taken;
}

static void ns16550_set_receiving(bool on)
{
	uart_write(REG_IER, on ? IER_RECEIVE | IER_LINE_STATUS : 0);
	io_mb(); /* a lock orders memory only */
}

/*
 * Switching the FIFO on empties it: not when the firmware has done so, and what
 * is there is taken before.
 */
static int ns16550_listen(void)
{
	unsigned int number = machine_irq(&machine.uart);
	int err;

	if (number == 0)
		return -ENODEV;
	uart_write(REG_IER, 0);
	err = irq_request(number, ns16550_interrupt, NULL, "uart");
	if (err)
		return err;
	if ((uart_read(REG_IIR) & IIR_FIFO) != IIR_FIFO)
		ns16550_drain();
	uart_write(REG_FCR, FCR_ENABLE | FCR_TRIGGER_8);
	uart_write(REG_MCR, (unsigned char)(uart_read(REG_MCR) | MCR_OUT2));
	ns16550_set_receiving(true);
	return 0;
}

static const struct console_device ns16550_console = {
	.name = "ns16550",
	.write = ns16550_write,
};

const struct console_input console_device_input = {
	.read = ns16550_read,
	.listen = ns16550_listen,
	.set_receiving = ns16550_set_receiving,
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
