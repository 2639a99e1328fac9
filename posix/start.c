/* SPDX-License-Identifier: MIT */
/*
 * What Linux's execve() leaves on the stack of a new process, as one struct: the
 * C library only asks that argv, environment and auxiliary vector follow each
 * other. No ELF headers are in memory, so the two that the C library looks at
 * are made by hand from linker symbols: the thread-local template and the size
 * of a thread's stack.
 */
#include "posix/start.h"

#include <elf.h>
#include <stdint.h>

#include "arch/sections.h"
#include "core/assert.h"
#include "core/cmdline.h"
#include "mm/types.h"
#include "posix/process.h"
#include "posix/random.h"
#include "posix/terminal.h"

#define RANDOM_BYTES 16 /* stack canary and malloc's secret */
#define AUX_ENTRIES  16
#define ENVIRONMENT  2

enum { TLS_HEADER, STACK_HEADER, HEADERS };

static char environment[ENVIRONMENT][16] = { "HOME=/", "TERM=vt100" };
static unsigned char random_bytes[RANDOM_BYTES];
static Elf64_Phdr headers[HEADERS];

/* argv, NULL, environment, NULL, auxiliary vector; argv as long as it is. */
static uintptr_t
	block[CMDLINE_MAX_ARGS + 1 + ENVIRONMENT + 1 + 2 * AUX_ENTRIES];

static void make_headers(void)
{
	headers[TLS_HEADER] = (Elf64_Phdr){
		.p_type = (uintptr_t)__tls_size ? PT_TLS : PT_NULL,
		.p_vaddr = (uintptr_t)__tdata_start,
		.p_filesz = (uintptr_t)__tdata_size,
		.p_memsz = (uintptr_t)__tls_size,
		.p_align = (uintptr_t)__tls_align,
	};
	headers[STACK_HEADER] = (Elf64_Phdr){
		.p_type = PT_GNU_STACK,
		.p_memsz = (uintptr_t)__app_stack_kb << 10,
	};
}

static void make_aux(uintptr_t *aux, const char *program)
{
	const uintptr_t pairs[][2] = {
		{ AT_PAGESZ, PAGE_SIZE },
		{ AT_PHDR, (uintptr_t)headers },
		{ AT_PHENT, sizeof(headers[0]) },
		{ AT_PHNUM, HEADERS },
		{ AT_RANDOM, (uintptr_t)random_bytes },
		{ AT_EXECFN, (uintptr_t)program },
		{ AT_CLKTCK, 100 },
		{ AT_NULL, 0 },
	};
	unsigned int i;

	_Static_assert(ARRAY_SIZE(pairs) <= AUX_ENTRIES, "AUX_ENTRIES");
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		*aux++ = pairs[i][0];
		*aux++ = pairs[i][1];
	}
}

void posix_start(int argc, char **argv)
{
	char **const arguments = (char **)block;
	char **next = arguments;
	int i;

	ASSERT(argc <= CMDLINE_MAX_ARGS);
	terminal_init();
	random_fill(random_bytes, sizeof(random_bytes));
	make_headers();

	for (i = 0; i < argc; i++)
		*next++ = argv[i];
	*next++ = NULL;
	for (i = 0; i < ENVIRONMENT; i++)
		*next++ = environment[i];
	*next++ = NULL;
	make_aux((uintptr_t *)next, arguments[0]);

	__libc_start_main(main, argc, arguments, NULL, NULL, NULL);
	__builtin_unreachable();
}
