/* SPDX-License-Identifier: MIT */
/*
 * One spelling for what gcc, clang -Wthread-safety and sparse each know under
 * another name; the only file of core with preprocessor conditions.
 */
#ifndef CORE_COMPILER_H
#define CORE_COMPILER_H

#define __must_check        __attribute__((warn_unused_result))
#define __packed            __attribute__((packed))
#define __aligned(x)        __attribute__((aligned(x)))
#define __section(x)        __attribute__((section(x)))
#define __used              __attribute__((used))
#define __weak              __attribute__((weak))
#define __noinline          __attribute__((noinline))
#define __always_inline     inline __attribute__((always_inline))
#define __malloc_like       __attribute__((malloc))
#define __printf_like(f, a) __attribute__((format(printf, f, a)))
#define __cold              __attribute__((cold))
#define __dead              __attribute__((noreturn))

#include <stddef.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define ALIGN_UP(x, a) \
	(((x) + ((__typeof__(x))(a)-1)) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a)-1))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a)-1)) == 0)
#define IS_POWER_OF_2(x) ((x) != 0 && ((x) & ((x)-1)) == 0)

/*
 * An entry of the linker's list @list (sv39.ld): the address of @object, in images
 * in which @function is. What only such images need is found through the list and
 * named nowhere else. @function is of the file that says this, and not static;
 * that it is in the image must not hang on another list.
 */
#define LINKED_WITH(function, list, object)          \
	__asm__(".pushsection .linked." #list        \
	        ",\"ao\",@progbits,.text." #function \
	        "\n\t.balign 8\n\t.dword " #object "\n\t.popsection")

/* The caller of the function that says this: what vmallocinfo names. */
#define CALLER() __builtin_return_address(0)

/*
 * Neither inlined nor cloned for an argument: who calls it shows in the stack,
 * by its name.
 */
#if defined(__clang__) || defined(__CHECKER__)
#define __noipa __noinline
#else
#define __noipa __attribute__((noipa))
#endif

#if defined(__CHECKER__) /* sparse */
#define __bitwise __attribute__((bitwise))
#define __force   __attribute__((force))
#define __iomem   __attribute__((noderef, address_space(2)))
#else
#define __bitwise
#define __force
#define __iomem
#endif

/* Locks: clang alone, since sparse misses those that inline functions take. */
#if defined(__clang__)
#define __capability        __attribute__((capability("lock")))
#define __guarded_by(lock)  __attribute__((guarded_by(lock)))
#define __must_hold(...)    __attribute__((requires_capability(__VA_ARGS__)))
#define __assumes_held(...) __attribute__((assert_capability(__VA_ARGS__)))
#define __acquires(...)     __attribute__((acquire_capability(__VA_ARGS__)))
#define __try_acquires(...) \
	__attribute__((try_acquire_capability(true, __VA_ARGS__)))
#define __releases(...)    __attribute__((release_capability(__VA_ARGS__)))
#define __no_lock_analysis __attribute__((no_thread_safety_analysis))
#else
#define __capability
#define __guarded_by(lock)
#define __must_hold(...)
#define __assumes_held(...)
#define __acquires(...)
#define __try_acquires(...)
#define __releases(...)
#define __no_lock_analysis
#endif

#endif /* CORE_COMPILER_H */
