/* SPDX-License-Identifier: MIT */
/*
 * The least that can boot: one character through the firmware, and off.
 * tools/bench_boot.py measures the release image against it.
 */
	.globl _start
_start:
	li a0, '!'                      # not in what the firmware prints
	li a7, 1                        # SBI 0.1: console_putchar
	ecall
	li a0, 0                        # shutdown
	li a1, 0                        # no reason
	li a6, 0                        # system_reset
	li a7, 0x53525354               # "SRST"
	ecall
1:	wfi
	j 1b
