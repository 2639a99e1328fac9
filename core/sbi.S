/* SPDX-License-Identifier: MIT */
/* The only ecall of the image; include/arch/sbi.h is its contract. */

	.text

/*
 * struct sbi_result sbi_call(unsigned long extension, unsigned long function,
 *                            unsigned long arg0, unsigned long arg1,
 *                            unsigned long arg2, unsigned long arg3)
 */
	.globl sbi_call
	.type sbi_call, @function
sbi_call:
	mv a7, a0
	mv a6, a1
	mv a0, a2
	mv a1, a3
	mv a2, a4
	mv a3, a5
	ecall
	ret                             # a0 = error, a1 = value
	.size sbi_call, . - sbi_call
