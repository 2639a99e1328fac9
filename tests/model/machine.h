/* SPDX-License-Identifier: MIT */
/*
 * What the model needs of the machine it runs on: accesses to the window that
 * may fault, and harts to make them from. In an image that is the processor; on
 * the host it is a simulated MMU, which can also be asked what it remembers.
 */
#ifndef MODEL_MACHINE_H
#define MODEL_MACHINE_H

#include <stdbool.h>

#include "mm/types.h"

/* Once or more often; before anything else. */
void machine_boot(void);

/* The value of an option like "model.seed", or NULL. */
const char *machine_option(const char *key);

/* 8 bytes, aligned. False: the access faults, and no repair helps. */
bool machine_load(vaddr_t va, uint64_t *value_out);
bool machine_store(vaddr_t va, uint64_t value);

unsigned int machine_harts(void);

/* Calls and accesses are this hart's from here on. */
void machine_switch(unsigned int hart);

/*
 * What @pages from @va on are now, mapped anew or unmapped and flushed, is all
 * that any hart may remember of them.
 */
void machine_check_fresh(vaddr_t va, unsigned long pages);

/* No hart may remember a mapping that the page table does not hold now. */
void machine_check_flushed(void);

/* What holds between any two calls. */
void machine_check_step(void);

#endif /* MODEL_MACHINE_H */
