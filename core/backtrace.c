/* SPDX-License-Identifier: MIT */
/*
 * One step: find the function of pc, scan its code up to pc for the frame, read
 * the return address. Only the first frame, and the one that a trap interrupted,
 * may have its return address still in ra. The walk ends at return address 0,
 * outside known functions, or where a frame's size cannot be told.
 */
#include "core/backtrace.h"

#include <stdbool.h>

#include "core/hart.h"
#include "core/trap.h"
#include "core/trap_asm.h"
#include "lib/prologue.h"

struct walk {
	uintptr_t pc;
	uintptr_t sp;
	uintptr_t ra;
	bool ra_valid; /* nothing was called since: ra may be the way back */
	struct backtrace_memo *memo;
};

static bool walk_read(uintptr_t address, uintptr_t *value_out)
{
	return IS_ALIGNED(address, sizeof(*value_out)) &&
	       probe_read((const void *)address, value_out,
	                  sizeof(*value_out)) == 0;
}

static void walk_resume(struct walk *walk, const struct trap_frame *frame)
{
	walk->pc = frame->sepc;
	walk->sp = frame->x[2];
	walk->ra = frame->x[1];
	walk->ra_valid = true;
}

/* From a handler's frame to the code that the trap interrupted. */
static bool walk_leave_trap(struct walk *walk)
{
	struct trap_frame frame;
	uintptr_t *words = (uintptr_t *)&frame;
	unsigned int i;

	for (i = 0; i < sizeof(frame) / sizeof(*words); i++) {
		if (!walk_read(walk->sp + i * sizeof(*words), &words[i]))
			return false;
	}
	walk_resume(walk, &frame);
	return true;
}

/* A jump to no code: the caller is where ra points. */
static bool walk_leave_unknown(struct walk *walk)
{
	if (!walk->ra_valid)
		return false;
	walk->pc = walk->ra;
	walk->ra_valid = false;
	return walk->pc != 0;
}

static bool walk_scan(const struct walk *walk, struct prologue_frame *frame)
{
	/* A return address belongs to the call before it. */
	uintptr_t inside = walk->ra_valid ? walk->pc : walk->pc - 1;
	uintptr_t start;

	if (!symbol_lookup(inside, &start))
		return false;
	prologue_scan((const uint8_t *)start, walk->pc - start, frame);
	return true;
}

/* The frame at walk->pc; false: no function is there. */
static bool walk_frame(const struct walk *walk, struct prologue_frame *frame)
{
	struct backtrace_memo *memo = walk->memo;
	uintptr_t key = walk->pc | walk->ra_valid;
	size_t at;

	if (!memo)
		return walk_scan(walk, frame);
	at = (key ^ key >> 8) % ARRAY_SIZE(memo->places);
	if (memo->places[at].key != key) {
		if (!walk_scan(walk, frame))
			return false;
		memo->places[at].key = key;
		memo->places[at].frame = *frame;
	}
	*frame = memo->places[at].frame;
	return true;
}

static bool walk_step(struct walk *walk)
{
	struct prologue_frame frame;

	if (walk->pc == (uintptr_t)trap_return)
		return walk_leave_trap(walk);
	if (!walk_frame(walk, &frame))
		return walk_leave_unknown(walk);
	if (!frame.known || (!frame.ra_saved && !walk->ra_valid))
		return false;
	walk->pc = walk->ra;
	if (frame.ra_saved &&
	    !walk_read(walk->sp + (uintptr_t)frame.ra_offset, &walk->pc))
		return false;
	walk->sp += (uintptr_t)frame.frame_bytes;
	walk->ra_valid = false;
	return walk->pc != 0;
}

static unsigned int walk_all(struct walk *walk, uintptr_t *pcs,
                             unsigned int max)
{
	unsigned int count = 0;

	while (count < max) {
		pcs[count++] = walk->pc;
		if (!walk_step(walk))
			break;
	}
	return count;
}

unsigned int backtrace_walk(uintptr_t pc, uintptr_t sp, uintptr_t ra,
                            uintptr_t *pcs, unsigned int max)
{
	struct walk walk = { pc, sp, ra, true, NULL };

	return walk_all(&walk, pcs, max);
}

unsigned int backtrace_trap(const struct trap_frame *frame, uintptr_t *pcs,
                            unsigned int max, struct backtrace_memo *memo)
{
	struct walk walk = { .memo = memo };

	walk_resume(&walk, frame);
	return walk_all(&walk, pcs, max);
}

unsigned int __noinline backtrace_here(uintptr_t *pcs, unsigned int max)
{
	struct walk walk = { .ra_valid = true };

	/* This very instruction, then one step up: the caller. */
	__asm__ volatile("auipc %0, 0\n\tmv %1, sp\n\tmv %2, ra"
	                 : "=&r"(walk.pc), "=&r"(walk.sp), "=&r"(walk.ra));
	if (!walk_step(&walk))
		return 0;
	return walk_all(&walk, pcs, max);
}
