/* SPDX-License-Identifier: MIT */
/*
 * What core/switch.S has, and core/frame.c around it; for core/ alone, but for the
 * registers that a signal's frame keeps as well.
 */
#ifndef CORE_SWITCH_H
#define CORE_SWITCH_H

#include <stddef.h>

#include "core/compiler.h"

struct fpu_state;
struct thread;
struct trap_frame;

void thread_switch(struct thread *last, struct thread *next,
                   unsigned long *lock_word);
void thread_switch_from_idle(struct thread *next,
                             unsigned long *lock_word) __dead;
void thread_resume(struct thread *next) __dead;
extern char thread_entry[];

void fpu_save(struct fpu_state *state);
void fpu_load(const struct fpu_state *state);
void vector_save(void *state);
void vector_load(const void *state);

/*
 * In a trap: the interrupted thread's registers are in @frame; keep them in
 * @last, and have @frame return to @next.
 */
void frame_save(struct trap_frame *frame, struct thread *last);
void frame_load(struct trap_frame *frame, struct thread *next);

#endif /* CORE_SWITCH_H */
