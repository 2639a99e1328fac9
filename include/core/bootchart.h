/* SPDX-License-Identifier: MIT */
/*
 * Where boot time goes: one mark per phase, in instructions and nanoseconds.
 * Cost: about 20 instructions a mark.
 */
#ifndef CORE_BOOTCHART_H
#define CORE_BOOTCHART_H

#include <stdint.h>

struct boot_mark {
	const char *phase;     /* what ended at this mark */
	uint64_t instructions; /* of S-mode's instret since entry */
	uint64_t ns;           /* since entry */
};

/* @instret, @time: values read by the first instructions of _start. */
void bootchart_start(uint64_t instret, uint64_t time);
void bootchart_mark(const char *phase);

/* The marks so far; returns how many. */
unsigned int bootchart_marks(const struct boot_mark **marks_out);

/* Nanoseconds from reset (time 0) to the first S-mode instruction. */
uint64_t bootchart_firmware_ns(void);

#endif /* CORE_BOOTCHART_H */
