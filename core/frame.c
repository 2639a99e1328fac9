/* SPDX-License-Identifier: MIT */
/*
 * A preempted thread: its registers go from the frame of the trap into its
 * struct, those of the next one the other way. FS and VS of the saved sstatus say
 * what memory holds: clean, or (initial) nothing.
 */
#include <assert.h>
#include <string.h>

#include "arch/asm_offsets.h"
#include "arch/csr.h"
#include "core/machine.h"
#include "core/switch.h"
#include "core/thread.h"

static_assert(offsetof(struct thread, frame) == 0, "");
static_assert(offsetof(struct thread, preempted) == THREAD_PREEMPTED, "");
static_assert(offsetof(struct thread, fpu) == THREAD_FPU, "");
static_assert(offsetof(struct thread, fpu_is_saved) == THREAD_FPU_IS_SAVED, "");
static_assert(offsetof(struct thread, vector) == THREAD_VECTOR, "");
static_assert(offsetof(struct fpu_state, fcsr) == FPU_FCSR, "");

/* x[] of what a call keeps: ra, sp, tp, s0, s1, s2 to s11 */
#define KEPT_REGISTERS 0x0ffc0316u

size_t thread_vector_bytes(void)
{
	size_t vlenb;

	if (!isa_has(ISA_V))
		return 0;
	__asm__ volatile("csrr %0, 0xc22" : "=r"(vlenb)); /* vlenb */
	return 32 + VECTOR_REGISTERS * vlenb;
}

void thread_forget_fpu(void)
{
	const unsigned long flags = irq_save();

	if (csr_read(fcsr) == 0) {
		current_thread()->fpu_is_saved = 0;
		csr_set(sstatus, SSTATUS_FS_DIRTY);
		csr_clear(sstatus, SSTATUS_FS_CLEAN); /* initial is left */
	}
	irq_restore_after_switch(flags);
}

/* Clean: they have not changed since they were saved, or loaded from there. */
static unsigned long save_vector(unsigned long status, void *vector)
{
	if (!vector)
		return 0;
	status &= SSTATUS_VS;
	if (status == SSTATUS_VS)
		vector_save(vector);
	return status > SSTATUS_VS_INITIAL ? SSTATUS_VS_CLEAN
	                                   : SSTATUS_VS_INITIAL;
}

void frame_save(struct trap_frame *frame, struct thread *last)
{
	unsigned long status = frame->sstatus;

	last->frame = *frame;
	last->preempted = 1;
	if ((status & SSTATUS_FS) == SSTATUS_FS_DIRTY) {
		fpu_save(&last->fpu);
		last->fpu_is_saved = 1;
	} else if ((status & SSTATUS_FS) == SSTATUS_FS_CLEAN) {
		last->fpu.fcsr = csr_read(fcsr); /* see core/switch.S */
	}
	status &= ~(SSTATUS_FS | SSTATUS_VS);
	status |= last->fpu_is_saved ? SSTATUS_FS_CLEAN : SSTATUS_FS_INITIAL;
	status |= save_vector(frame->sstatus, last->vector);
	last->frame.sstatus = status;
}

static void load_fpu(const struct thread *next)
{
	if (next->fpu_is_saved)
		fpu_load(&next->fpu);
	else
		__asm__ volatile("fscsr zero");
}

static void load_whole(struct trap_frame *frame, struct thread *next)
{
	*frame = next->frame;
	next->preempted = 0;
	if ((frame->sstatus & SSTATUS_VS) == SSTATUS_VS_CLEAN)
		vector_load(next->vector);
}

/* It goes on as if its call of thread_switch() returned: interrupts off. */
static void load_kept(struct trap_frame *frame, const struct thread *next)
{
	unsigned int i;

	for (i = 1; i < 32; i++) {
		if (KEPT_REGISTERS >> i & 1)
			frame->x[i] = next->frame.x[i];
	}
	frame->sepc = next->frame.x[1];
	if (frame->sstatus & SSTATUS_VS) {
		frame->sstatus &= ~SSTATUS_VS;
		frame->sstatus |= SSTATUS_VS_INITIAL;
	}
	frame->sstatus &= ~(SSTATUS_FS | SSTATUS_SPIE);
	frame->sstatus |=
		next->fpu_is_saved ? SSTATUS_FS_CLEAN : SSTATUS_FS_INITIAL;
}

void frame_load(struct trap_frame *frame, struct thread *next)
{
	load_fpu(next);
	if (next->preempted)
		load_whole(frame, next);
	else
		load_kept(frame, next);
}
