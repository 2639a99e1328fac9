/* SPDX-License-Identifier: MIT */
/*
 * Whole pages, and what the string functions need to know of the machine.
 * memcpy, memmove, memset, memcmp and strcmp are declared by <string.h> and
 * written in lib/string/. Context: any, also before translation is on.
 */
#ifndef LIB_PAGE_OPS_H
#define LIB_PAGE_OPS_H

/* Zero one page. cost: <= 560 instructions; 200 with blocks of 64 bytes */
void clear_page(void *page);

/*
 * What one cbo.zero clears, a power of two up to a page; 0: there is no such
 * instruction. The harts of a machine agree.
 */
extern unsigned short clear_page_block_bytes;

/* Copy one page to another that is not the same. cost: <= 1,050 instructions */
void copy_page(void *to, const void *from);

/*
 * How misaligned words are read. 0: hardware does it, so a copy whose ends are
 * not aligned alike uses plain misaligned loads. 1: firmware emulates each
 * access at hundreds of instructions, so copies shift and merge aligned words
 * and compares go by bytes. Correct either way.
 */
extern unsigned char string_misaligned_slow;

/*
 * Find out: a misaligned load that firmware emulates retires its instructions.
 * cost: about 150 instructions
 */
void string_probe_misaligned(void);

#endif /* LIB_PAGE_OPS_H */
