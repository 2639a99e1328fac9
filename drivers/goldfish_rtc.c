/* SPDX-License-Identifier: MIT */
/*
 * Nanoseconds since 1970 in two registers; reading the low one holds the high one
 * for the read that follows. It is read once, so it is not kept mapped.
 */
#include "drivers/goldfish_rtc.h"

#include <linux/io.h>

#include "core/machine.h"
#include "core/realtime.h"

#define RTC_TIME_LOW  0u
#define RTC_TIME_HIGH 4u
#define RTC_BYTES     0x24u

static uint64_t goldfish_rtc_read_ns(void)
{
	volatile char __iomem *registers = ioremap(machine.rtc.base, RTC_BYTES);
	uint64_t time_ns;

	if (!registers)
		return 0;
	time_ns = readl(registers + RTC_TIME_LOW);
	time_ns |= (uint64_t)readl(registers + RTC_TIME_HIGH) << 32;
	iounmap(registers);
	return time_ns;
}

void goldfish_rtc_init(void)
{
	if (machine.rtc.base != 0 && machine.rtc.size >= RTC_BYTES)
		realtime_set_source(goldfish_rtc_read_ns);
}
