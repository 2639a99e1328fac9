/* SPDX-License-Identifier: MIT */
/*
 * A hart may remember that a page was not mapped (priv. spec 4.2.1), and after
 * mapping we do not fence: so a fault on a page whose entry permits the access
 * is repaired by fencing that page, then everything, and trying again. If that
 * does not help, the machine refuses the entry for a reason of its own (a memory
 * type or NAPOT bit it does not have), and the same instruction would fault for
 * ever: after ATTEMPTS in a row the fault is what it seems.
 *
 * A page that is not there yet is for whoever made the mapping to bring.
 */
#include "mm/fault.h"

#include <signal.h>

#include "arch/csr.h"
#include "core/hart.h"
#include "core/panic.h"
#include "core/trap.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"

#define ATTEMPTS 8u
/* Faults in a row: so few instructions from one to the next. */
#define ROW_INSTRUCTIONS 2000ul

struct last_repair {
	unsigned long address;
	unsigned long instruction;
	unsigned long instret;
	unsigned int attempts;
};

static fault_backing *backing;
static struct last_repair last_repairs[CONFIG_NR_HARTS]; /* [H] */

static pte_t needed_permission(unsigned long scause)
{
	switch (scause) {
	case EXC_STORE_PAGE:
		return PTE_W;
	case EXC_INST_PAGE:
		return PTE_X;
	default:
		return PTE_R;
	}
}

/* Does the page table permit the access now? Takes no lock. */
static bool entry_permits(const struct trap_frame *frame)
{
	pte_t needed = needed_permission(frame->scause) | PTE_A;
	unsigned int level;
	const pte_t *pte;

	if (frame->scause == EXC_STORE_PAGE)
		needed |= PTE_D;
	pte = pgtable_lookup(frame->stval, &level);
	return pte && (READ_ONCE(*pte) & (needed | PTE_U)) == needed;
}

/* How often in a row this access has faulted, this time included. */
static unsigned int count_attempt(const struct trap_frame *frame)
{
	struct last_repair *last = &last_repairs[this_hart->index];
	unsigned long now = read_instret();

	if (last->address == frame->stval && last->instruction == frame->sepc &&
	    now - last->instret < ROW_INSTRUCTIONS)
		last->attempts++;
	else
		last->attempts = 1;
	last->address = frame->stval;
	last->instruction = frame->sepc;
	last->instret = now;
	return last->attempts;
}

/*
 * The fence of an address orders its leaf entry alone (priv. spec 4.2.1): what a
 * hart remembers as invalid from before the leaf's table was made takes a fence
 * of everything.
 */
static bool repair_stale(const struct trap_frame *frame)
{
	unsigned int attempts;

	if (!entry_permits(frame))
		return false;
	attempts = count_attempt(frame);
	if (attempts > ATTEMPTS)
		return false;
	if (attempts == 1)
		tlb_flush_local_page(frame->stval);
	else
		tlb_flush_local();
	tlb_count_repair();
	return true;
}

/*
 * Code that runs with interrupts on holds no spinlock and is in the middle of
 * nothing that belongs to its hart: memory may be allocated in its name.
 */
static bool may_back(const struct trap_frame *frame)
{
	return backing && frame->sstatus & SSTATUS_SPIE && !in_interrupt();
}

static int repair_fault(struct trap_frame *frame)
{
	if (repair_stale(frame))
		return 0;
	if (!may_back(frame))
		return SIGSEGV;
	return backing(frame->stval, needed_permission(frame->scause));
}

void fault_set_backing(fault_backing *function)
{
	backing = function;
}

void fault_init(void)
{
	trap_set_page_fault_handler(repair_fault);
	panic_set_address_describer(address_describe);
}
