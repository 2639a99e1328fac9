/* SPDX-License-Identifier: MIT */
/*
 * The mark behind an instruction that may trap without ending the system: a HINT
 * of the ISA (unprivileged spec, 2.9: lui with rd = x0 does nothing). Behind a
 * plain access, t6 becomes -EFAULT and the access is skipped. Behind the call of
 * a function of lib/string, the function ends at once and the instruction behind
 * the mark is skipped; a0 is -EFAULT.
 */
#ifndef ARCH_FAULT_MARK_H
#define ARCH_FAULT_MARK_H

#define FAULT_MARK 0xefa17 /* the immediate of the lui */

/* The instruction as it stands in memory. */
#define FAULT_MARK_WORD ((unsigned int)FAULT_MARK << 12 | 0x37u)

#ifndef __ASSEMBLER__
#define FAULT_STRING(x)    #x
#define FAULT_MARK_TEXT(x) "lui zero, " FAULT_STRING(x) "\n"

/* One access, 4 bytes long, with its mark. */
#define FAULT_MARKED(access)     \
	".option push\n"         \
	".option norvc\n" access \
	"\n" FAULT_MARK_TEXT(FAULT_MARK) ".option pop\n"
#endif

#endif /* ARCH_FAULT_MARK_H */
