/* SPDX-License-Identifier: MIT */

/* const char targets_text[]: the file as a string */
	.section .rodata.targets_text, "a"
	.globl	targets_text
targets_text:
	.incbin	"apps/bench/targets.tsv"
	.byte	0
