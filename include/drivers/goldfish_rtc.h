/* SPDX-License-Identifier: MIT */
/* The machine's clock: a source for core/realtime.h. */
#ifndef DRIVERS_GOLDFISH_RTC_H
#define DRIVERS_GOLDFISH_RTC_H

/* When the machine has one. It is read when somebody asks. Context: boot. */
void goldfish_rtc_init(void);

#endif /* DRIVERS_GOLDFISH_RTC_H */
