/* SPDX-License-Identifier: MIT */
/*
 * Copies that may trap: lib/string does them, with the mark of
 * arch/fault_mark.h behind the call.
 */
#include "arch/fault_mark.h"

	.macro MARKED_CALL function
	addi sp, sp, -16
	sd ra, 8(sp)
	call \function
	.option push
	.option norvc
	lui zero, FAULT_MARK
	li a0, 0                        # skipped after a trap
	.option pop
	ld ra, 8(sp)
	addi sp, sp, 16
	ret
	.endm

	.text

/* int copy_from_user(void *to, const void *from, size_t bytes) */
	.globl copy_from_user
	.type copy_from_user, @function
/* int copy_to_user(void *to, const void *from, size_t bytes) */
	.globl copy_to_user
	.type copy_to_user, @function
copy_from_user:
copy_to_user:
	MARKED_CALL memcpy
	.size copy_to_user, . - copy_to_user
	.size copy_from_user, . - copy_from_user

/* int clear_user(void *to, size_t bytes) */
	.globl clear_user
	.type clear_user, @function
clear_user:
	mv a2, a1
	li a1, 0
	MARKED_CALL memset
	.size clear_user, . - clear_user
