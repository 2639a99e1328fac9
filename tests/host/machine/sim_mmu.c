/* SPDX-License-Identifier: MIT */
/*
 * Accesses to the window. The test's own go through sim_access(). What mm reads
 * or writes there by itself, with plain loads and stores, traps as a
 * segmentation fault of the host: the handler translates it like any other
 * access, shows that page of RAM at that address, and lets it be repeated. What
 * is shown is taken away again at each fence and each change of harts, so no
 * access escapes the simulated TLB.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "arch/csr.h"
#include "sim_internal.h"
#include "tests/model/model.h"

#define SHOWN_MOST 1024u
#define RECENT     64u
/* From one access to the next; retries of one are closer (mm/fault.c). */
#define ACCESS_INSTRUCTIONS 5000ul
#define WRITE_BIT           2ul /* of the error code of an x86 page fault */

static vaddr_t shown[SHOWN_MOST];
static unsigned int nr_shown;
static vaddr_t recent[RECENT];
static unsigned int nr_recent;
static struct sigaction before;

void sim_note_address(vaddr_t va)
{
	recent[nr_recent++ % RECENT] = va;
}

vaddr_t sim_near_address(void)
{
	vaddr_t va = recent[sim_random() % RECENT];

	va += (sim_random() % 8 - 2) << PAGE_SHIFT;
	if (va < VMALLOC_START || va >= VMALLOC_END)
		va = VMALLOC_START + sim_random() % VMALLOC_SIZE;
	return va;
}

static bool permits(pte_t pte, unsigned long scause)
{
	pte_t needed = scause == EXC_STORE_PAGE ? PTE_W | PTE_D : PTE_R;

	return (pte & (needed | PTE_A)) == (needed | PTE_A);
}

/* As the hart does it: translate, and on a fault ask mm, and again. */
bool sim_access(vaddr_t va, unsigned long scause, paddr_t *pa_out)
{
	sim_instret += ACCESS_INSTRUCTIONS;
	for (unsigned int attempt = 0; attempt < 16; attempt++) {
		struct trap_frame frame = { .scause = scause,
			                    .stval = va,
			                    .sepc = 0x1000 };
		unsigned int level;
		pte_t pte = tlb_translate(this_hart->index, va, &level);
		unsigned long sstatus = sim_sstatus;
		bool repaired;

		if (permits(pte, scause)) {
			*pa_out = pte_translate(pte, level, va);
			sim_note_address(va);
			return true;
		}
		sim_sstatus &= ~SSTATUS_SIE;
		repaired = sim_fault_handler()(&frame) == 0;
		sim_sstatus = sstatus;
		if (!repaired)
			return false;
	}
	model_fail(__FILE__, __LINE__,
	           "I-11: %#lx faults for ever, and is repaired each time", va);
}

/* --- what mm does by itself --------------------------------------------------- */

static void on_segv(int number, siginfo_t *info, void *context)
{
	const ucontext_t *user = context;
	vaddr_t va = (vaddr_t)info->si_addr;
	bool write = user->uc_mcontext.gregs[REG_ERR] & WRITE_BIT;
	paddr_t pa;

	(void)number;
	if (va < VMALLOC_REGION_BASE || va >= VMALLOC_REGION_END) {
		sigaction(SIGSEGV, &before, NULL);
		return;
	}
	MUST(sim_access(va, write ? EXC_STORE_PAGE : EXC_LOAD_PAGE, &pa),
	     "mm %s %#lx, which faults", write ? "writes" : "reads", va);
	if (nr_shown == SHOWN_MOST)
		sim_hide_all();
	shown[nr_shown++] = ALIGN_DOWN(va, PAGE_SIZE);
	sim_show(ALIGN_DOWN(va, PAGE_SIZE), ALIGN_DOWN(pa, PAGE_SIZE), write);
}

void sim_hide_all(void)
{
	while (nr_shown > 0)
		sim_hide(shown[--nr_shown]);
}

void sim_mmu_init(void)
{
	struct sigaction action = { .sa_sigaction = on_segv,
		                    .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &action, &before);
}

/* mm clears pages of the window before anybody sees them: without the detour. */
void clear_page(void *page)
{
	vaddr_t va = (vaddr_t)page;
	paddr_t pa;

	if (va >= VMALLOC_REGION_BASE && va < VMALLOC_REGION_END) {
		MUST(sim_access(va, EXC_STORE_PAGE, &pa),
		     "mm clears %#lx, which faults", va);
		page = sim_ram(pa);
	}
	memset(page, 0, PAGE_SIZE);
}

/* --- what the model does --------------------------------------------------------- */

bool machine_load(vaddr_t va, uint64_t *value_out)
{
	paddr_t pa;

	if (!sim_access(va, EXC_LOAD_PAGE, &pa))
		return false;
	if (!sim_ram(pa))
		return false;
	memcpy(value_out, sim_ram(pa), sizeof(*value_out));
	return true;
}

bool machine_store(vaddr_t va, uint64_t value)
{
	paddr_t pa;

	if (!sim_access(va, EXC_STORE_PAGE, &pa))
		return false;
	memcpy(sim_ram(pa), &value, sizeof(value));
	return true;
}
