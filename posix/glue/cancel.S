/* SPDX-License-Identifier: MIT */
/*
 * Where musl's signal handler sends a thread that is to be cancelled. The range
 * that it takes for a system call has one address, which is nowhere in the code
 * that runs: posix/signal_deliver.c shows it for a thread in a cancellation point.
 */
	.text
	.globl __cp_begin, __cp_end, __cp_cancel
	.hidden __cp_begin, __cp_end, __cp_cancel
	.weak __cancel
	.hidden __cancel
__cp_begin:
	nop
__cp_end:
__cp_cancel:
	tail __cancel
