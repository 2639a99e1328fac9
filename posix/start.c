/* SPDX-License-Identifier: MIT */
/*
 * What Linux's execve() leaves on the stack of a new process, as one struct: the
 * C library only asks that argv, environment and auxiliary vector follow each
 * other. There are no ELF headers in memory: posix/glue/tls.c does without.
 */
#include "posix/start.h"

#include <elf.h>
#include <stdint.h>

#include "arch/sections.h"
#include "core/assert.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "core/random.h"
#include "core/thread.h"
#include "mm/types.h"
#include "posix/file.h"
#include "posix/process.h"
#include "posix/terminal.h"

#define RANDOM_BYTES 16 /* stack canary and malloc's secret */
#define AUX_ENTRIES  6
#define ENVIRONMENT  2

static char environment[ENVIRONMENT][16] = { "HOME=/", "TERM=vt100" };
static unsigned char random_bytes[RANDOM_BYTES];

/* argv, NULL, environment, NULL, auxiliary vector; argv as long as it is. */
#define BLOCK_WORDS (CMDLINE_MAX_ARGS + 1 + ENVIRONMENT + 1 + 2 * AUX_ENTRIES)

static void make_aux(uintptr_t *aux, const char *program)
{
	const uintptr_t pairs[][2] = {
		{ AT_PAGESZ, PAGE_SIZE },
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

/* In images that have the network. */
static void start_network(void)
{
	void (*start)(void) = __linked_network[0];

	if (start)
		start();
	else if (cmdline_get("ip"))
		log_warn("ip=: this image has no network");
}

/* Constructors have used the F registers, main() perhaps never does. */
static int begin(int argc, char **argv, char **variables)
{
	thread_forget_fpu();
	return main(argc, argv, variables);
}

void posix_start(int argc, char **argv)
{
	uintptr_t
		block[BLOCK_WORDS]; /* main()'s for good: this never returns */
	char **const arguments = (char **)block;
	char **next = arguments;
	int i;

	ASSERT(argc <= CMDLINE_MAX_ARGS);
	(void)thread_set_allowed_harts(current_thread(), ~0ul);
	fd_init();
	terminal_init();
	random_fill(random_bytes, sizeof(random_bytes));
	start_network();

	for (i = 0; i < argc; i++)
		*next++ = argv[i];
	*next++ = NULL;
	for (i = 0; i < ENVIRONMENT; i++)
		*next++ = environment[i];
	*next++ = NULL;
	make_aux((uintptr_t *)next, arguments[0]);

	__libc_start_main(begin, argc, arguments, NULL, NULL, NULL);
	__builtin_unreachable();
}
