/* SPDX-License-Identifier: MIT */
/* Between the parts of the simulated machine. */
#ifndef MACHINE_SIM_INTERNAL_H
#define MACHINE_SIM_INTERNAL_H

#include <stdbool.h>

#include "core/hart.h"
#include "core/trap.h"
#include "mm/types.h"

/* --- boot (sim_boot.c) ---------------------------------------------------- */

/* Memory of the host behind physical @pa; NULL: there is no RAM. */
void *sim_ram(paddr_t pa);

/* Show one page of RAM at an address of the window, or nothing. */
void sim_show(vaddr_t va, paddr_t pa, bool writable);
void sim_hide(vaddr_t va);

/* --- what harts remember (sim_tlb.c) --------------------------------------- */

void tlb_forget_all(unsigned int hart);
void tlb_forget_page(unsigned int hart, vaddr_t va);

/* As hart @hart translates @va now; 0: it finds no valid leaf. */
pte_t tlb_translate(unsigned int hart, vaddr_t va, unsigned int *level_out);

/* The same from memory alone. */
pte_t tlb_walk_memory(vaddr_t va, unsigned int *level_out);

/* Each valid leaf that a hart remembers about a page must be so in memory. */
void tlb_check_page(unsigned int hart, vaddr_t va);
void tlb_check_leaves(unsigned int hart);

/* No hart remembers a table that is free, or, between calls, one that is gone. */
void tlb_check_tables(unsigned int hart, bool between_calls);

/* --- harts (sim_hart.c) ------------------------------------------------------ */

uint64_t sim_random(void);

/* Does the hart look at the window? An idle one does not. */
bool sim_is_awake(unsigned int hart);
fault_handler *sim_fault_handler(void);

/* --- accesses (sim_mmu.c) ------------------------------------------------------ */

void sim_mmu_init(void);
void sim_hide_all(void);

/* Whoever looks ahead looks near here. */
void sim_note_address(vaddr_t va);
vaddr_t sim_near_address(void);

bool sim_access(vaddr_t va, unsigned long scause, paddr_t *pa_out);

#endif /* MACHINE_SIM_INTERNAL_H */
