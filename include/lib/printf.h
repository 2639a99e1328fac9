/* SPDX-License-Identifier: MIT */
/*
 * Text in a buffer. For the kernel, which never prints a floating-point number:
 * the C library's printf() brings 20 KiB of arithmetic for them into an image
 * whose application does not ask for it. Pure; a few hundred bytes of stack.
 *
 *   %d %i %u %x %p %s %c %%    - + # 0    width, .precision of %s, * for both
 *   with l, z: a long          anything else is printed as it stands
 *
 * As snprintf(): returns the length of the whole text, cuts what does not fit,
 * and ends it with NUL unless @size is 0.
 */
#ifndef LIB_PRINTF_H
#define LIB_PRINTF_H

#include <stdarg.h>
#include <stddef.h>

#include "core/compiler.h"

int ksnprintf(char *buf, size_t size, const char *format, ...)
	__printf_like(3, 4);
int kvsnprintf(char *buf, size_t size, const char *format, va_list args)
	__printf_like(3, 0);

#endif /* LIB_PRINTF_H */
