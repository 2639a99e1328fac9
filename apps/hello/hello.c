/* SPDX-License-Identifier: MIT */
/* The smallest application: one line, and the end. */
#include <stdio.h>

int main(void)
{
	puts("Hello from Vireo, a unikernel for RISC-V.");
	return 0;
}
