/* SPDX-License-Identifier: MIT */
/*
 * Backtraces with names in every image, without frame pointers: the embedded
 * symbol table gives a function's first instruction, and a scan of its prologue
 * gives the frame's size and where ra was saved (lib/prologue.c).
 */
#ifndef CORE_BACKTRACE_H
#define CORE_BACKTRACE_H

#include <stdint.h>

#include "core/symbol.h"
#include "lib/prologue.h"

struct trap_frame;

/*
 * Frames that were scanned already, for whoever walks often: code does not
 * change. All zero is empty. Of one hart; an interrupt may not share it.
 */
struct backtrace_memo {
	struct {
		uintptr_t key; /* 0: empty */
		struct prologue_frame frame;
	} places[128];
};

/*
 * Return addresses from @pc, @sp, @ra on, @pc first, through trap frames too;
 * returns how many. Never faults. A return address names the instruction after
 * the call, which may be the next function's first: look up the byte before.
 */
unsigned int backtrace_walk(uintptr_t pc, uintptr_t sp, uintptr_t ra,
                            uintptr_t *pcs, unsigned int max);

/*
 * Of the code that @frame interrupted. With @memo, which may be NULL, places
 * that were met before cost some 60 instructions instead of thousands.
 */
unsigned int backtrace_trap(const struct trap_frame *frame, uintptr_t *pcs,
                            unsigned int max, struct backtrace_memo *memo);

/* Of the caller. */
unsigned int backtrace_here(uintptr_t *pcs, unsigned int max);

#endif /* CORE_BACKTRACE_H */
