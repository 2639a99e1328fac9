/* SPDX-License-Identifier: MIT */
/*
 * The thread-local variables of main()'s thread. musl's own __init_tls(), which is
 * weak, finds them through ELF headers and takes what is larger than a few words
 * from mmap(), so that every image would have all of mmap(). Here the linker knows
 * how large they are and leaves room in .bss (sv39.ld).
 */
#include <stdint.h>

#include "arch/asm_offsets.h"
#include "arch/sections.h"
#include "core/assert.h"
#include "glue.h"

#define LEAST_ALIGN       8u
#define DEFAULT_STACK_MAX (8u << 20)

/* A thread's stack is as large as main()'s unless musl's own is larger. */
static void set_stack_size(void)
{
	const size_t size = (uintptr_t)__app_stack_kb << 10;

	if (size > __default_stacksize)
		__default_stacksize =
			size < DEFAULT_STACK_MAX ? size : DEFAULT_STACK_MAX;
}

size_t glue_tls_bytes(void)
{
	return __libc.tls_size;
}

void __init_tls(size_t *aux)
{
	static struct tls_module module;
	const uintptr_t image = (uintptr_t)__tdata_start;
	const size_t size = (uintptr_t)__tls_size;
	size_t align = (uintptr_t)__tls_align;
	const char *end;

	(void)aux;
	set_stack_size();
	if (align < LEAST_ALIGN)
		align = LEAST_ALIGN;
	module.image = __tdata_start;
	module.len = (uintptr_t)__tdata_size;
	module.size = size + (-(size + image) & (align - 1));
	module.align = align;
	module.offset = image & (align - 1);
	__libc.tls_head = &module;
	__libc.tls_cnt = 1;
	__libc.tls_align = align;
	__libc.tls_size = TLS_FIXED_BYTES + module.offset + module.size + align;
	(void)__init_tp(__copy_tls((unsigned char *)__main_tls));
	/* TLS_FIXED_BYTES are enough: variables, then two words, then the end. */
	__asm__ volatile("mv %0, tp" : "=r"(end));
	end += module.offset + module.size;
	ASSERT(end + 2 * sizeof(void *) <= __main_tls + __libc.tls_size &&
	       __main_tls + __libc.tls_size <= __main_tls_end);
}
