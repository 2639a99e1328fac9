/* SPDX-License-Identifier: MIT */
/*
 * Access to memory that an application named: it may be anything. An access that
 * traps ends with -EFAULT instead of a panic; what was copied until then stays
 * copied. Kernel and application share one address space: this keeps mistakes,
 * not attacks, from ending the system.
 *
 * Such an access is followed by a mark, a load of zero's upper part, which does
 * nothing when it is executed; the trap handler looks for it (core/trap.c), skips
 * the access and puts -EFAULT into t6. So a good access costs two instructions
 * more, and there is no table.
 *
 * Context: threads with interrupts on, no spinlock held: memory that comes with its
 * first access (docs/memory-for-apps.md) is brought by the trap, which allocates.
 * With interrupts off nothing is brought, and the access is -EFAULT; kernel code
 * that touches such memory by other means than these then ends in panic. tp may
 * be 0.
 */
#ifndef CORE_USER_ACCESS_H
#define CORE_USER_ACCESS_H

#include <stddef.h>

#include "arch/fault_mark.h"
#include "core/compiler.h"

#define USER_LOAD(instruction, value, pointer, error)        \
	__asm__ volatile(FAULT_MARKED(instruction " %1, %2") \
	                 : "+r"(error), "=r"(value)          \
	                 : "m"(*(pointer)))

#define USER_STORE(instruction, value, pointer, error)        \
	__asm__ volatile(FAULT_MARKED(instruction " %z1, %2") \
	                 : "+r"(error)                        \
	                 : "rJ"(value), "m"(*(pointer))       \
	                 : "memory")

/*
 * @variable = *@pointer, and *@pointer = @value: 0 or -EFAULT. The type of
 * *@pointer is an integer or a pointer of 1, 2, 4 or 8 bytes, and aligned.
 */
#define get_user(variable, pointer)                                          \
	({                                                                   \
		const __typeof__(*(pointer)) *user_from = (pointer);         \
		unsigned long user_value;                                    \
		register long user_error __asm__("t6") = 0;                  \
                                                                             \
		switch (sizeof(*user_from)) {                                \
		case 1:                                                      \
			USER_LOAD("lbu", user_value, user_from, user_error); \
			break;                                               \
		case 2:                                                      \
			USER_LOAD("lhu", user_value, user_from, user_error); \
			break;                                               \
		case 4:                                                      \
			USER_LOAD("lw", user_value, user_from, user_error);  \
			break;                                               \
		default:                                                     \
			USER_LOAD("ld", user_value, user_from, user_error);  \
		}                                                            \
		(variable) = (__typeof__(*(pointer)))user_value;             \
		(int)user_error;                                             \
	})

#define put_user(value, pointer)                                           \
	({                                                                 \
		__typeof__(*(pointer)) *user_to = (pointer);               \
		const __typeof__(*(pointer)) user_given = (value);         \
		const unsigned long user_bits = (unsigned long)user_given; \
		register long user_error __asm__("t6") = 0;                \
                                                                           \
		switch (sizeof(*user_to)) {                                \
		case 1:                                                    \
			USER_STORE("sb", user_bits, user_to, user_error);  \
			break;                                             \
		case 2:                                                    \
			USER_STORE("sh", user_bits, user_to, user_error);  \
			break;                                             \
		case 4:                                                    \
			USER_STORE("sw", user_bits, user_to, user_error);  \
			break;                                             \
		default:                                                   \
			USER_STORE("sd", user_bits, user_to, user_error);  \
		}                                                          \
		(int)user_error;                                           \
	})

/* memcpy() and memset() of @bytes: 0 or -EFAULT. No overlap. */
int copy_from_user(void *to, const void *from, size_t bytes) __must_check;
int copy_to_user(void *to, const void *from, size_t bytes) __must_check;
int clear_user(void *to, size_t bytes) __must_check;

/*
 * A string with its NUL, at most @size bytes of it: its length; -EFAULT;
 * -ENAMETOOLONG when there is no NUL among them.
 */
long strncpy_from_user(char *to, const char *from, size_t size) __must_check;

#endif /* CORE_USER_ACCESS_H */
