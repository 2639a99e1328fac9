/* SPDX-License-Identifier: MIT */
/*
 * Harts, their fences, and what they do unasked. One runs at a time; the others
 * are idle or look ahead, at any moment at which mm touches the interrupt bit,
 * which is between any two steps of an operation. Fences that firmware makes on
 * other harts are there at once; an interrupt without somebody who waits for it
 * is taken in the other hart's own time.
 */
#include "arch/csr.h"
#include "arch/sbi.h"
#include "core/panic.h"
#include "core/pause.h"
#include "core/work.h"
#include "mm/pgtable.h"
#include "sim_internal.h"
#include "tests/model/model.h"

#define RELAX_MOST 100000u

unsigned long sim_sstatus = SSTATUS_SIE;
unsigned long sim_instret;

static uint64_t random_state = 1;
static hart_hook *wake_hook;
static hart_hook *interrupt_hook;
static bool pending[CONFIG_NR_HARTS]; /* an interrupt is not yet taken */
static fault_handler *handler;
static bool ticking;

uint64_t sim_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state >> 8;
}

bool sim_is_awake(unsigned int hart)
{
	return !harts[hart]->idle;
}

void hart_set_hooks(hart_hook *wake, hart_hook *interrupt)
{
	wake_hook = wake;
	interrupt_hook = interrupt;
}

void trap_set_page_fault_handler(fault_handler *new_handler)
{
	handler = new_handler;
}

fault_handler *sim_fault_handler(void)
{
	return handler;
}

void sim_wait_in_vain(void)
{
	static unsigned int times;

	if (++times > RELAX_MOST)
		panic("a hart waits for ever");
}

void pause_before_next_look(struct pause *pause)
{
	(void)pause;
	sim_wait_in_vain();
}

/* --- whose turn it is ----------------------------------------------------------------- */

static void wake(unsigned int hart)
{
	struct hart *was = this_hart;

	this_hart = harts[hart];
	if (harts[hart]->flush_on_wake)
		wake_hook();
	this_hart->idle = 0;
	this_hart = was;
}

/* @hart leaves what it is at, runs @function if there is one, and goes back. */
static void interrupt(unsigned int hart, hart_function *function,
                      void *argument)
{
	struct hart *interrupted = this_hart;
	bool was_idle = harts[hart]->idle;
	unsigned long sstatus = sim_sstatus;

	sim_hide_all();
	sim_sstatus &= ~SSTATUS_SIE;
	wake(hart);
	this_hart = harts[hart];
	this_hart->irq_depth++;
	pending[hart] = false;
	interrupt_hook();
	if (function)
		function(argument);
	this_hart->irq_depth--;
	this_hart->idle = was_idle;
	this_hart = interrupted;
	sim_sstatus = sstatus;
}

void hart_interrupt(unsigned int index, hart_function *function, void *argument)
{
	MUST(this_hart->locks_held == 0, "I-22: an interrupt under a lock");
	interrupt(index, function, argument);
}

void sim_take_interrupts(void)
{
	if (sim_sstatus & SSTATUS_SIE && pending[this_hart->index])
		interrupt(this_hart->index, NULL, NULL);
}

unsigned int machine_harts(void)
{
	return nr_harts;
}

/* The hart that leaves may go to sleep. */
void machine_switch(unsigned int hart)
{
	if (hart == this_hart->index)
		return;
	sim_hide_all();
	this_hart->idle = sim_random() % 2 && !pending[this_hart->index];
	wake(hart);
	this_hart = harts[hart];
	sim_take_interrupts();
}

/* --- looking ahead -------------------------------------------------------------- */

void sim_tick(void)
{
	unsigned int hart = (unsigned int)(sim_random() % nr_harts);
	unsigned int level;

	if (ticking || !wake_hook || sim_random() % 4 != 0)
		return;
	ticking = true;
	if (sim_is_awake(hart)) {
		tlb_check_tables(hart, false);
		(void)tlb_translate(hart, sim_near_address(), &level);
	}
	if (pending[hart] && harts[hart] != this_hart && sim_random() % 8 == 0)
		interrupt(hart, NULL, NULL);
	ticking = false;
}

/* --- fences -------------------------------------------------------------------------- */

/* I-20: until the fence each hart may use what it remembers. */
static void look_ahead_everywhere(void)
{
	for (unsigned int hart = 0; hart < nr_harts; hart++)
		if (sim_is_awake(hart))
			tlb_check_tables(hart, false);
}

void sim_fence_all(void)
{
	look_ahead_everywhere();
	sim_hide_all();
	tlb_forget_all(this_hart->index);
}

void sim_fence_page(uintptr_t va)
{
	sim_hide_all();
	tlb_forget_page(this_hart->index, va);
}

static void fence(unsigned int hart, unsigned long start, unsigned long bytes)
{
	if (start == 0 && bytes == ~0ul) {
		tlb_forget_all(hart);
		return;
	}
	for (unsigned long va = start; va < start + bytes; va += PAGE_SIZE)
		tlb_forget_page(hart, va);
}

struct sbi_result sbi_call(unsigned long extension, unsigned long function,
                           unsigned long arg0, unsigned long arg1,
                           unsigned long arg2, unsigned long arg3)
{
	struct sbi_result result = { 0 };
	bool is_fence = extension == SBI_EXT_RFENCE &&
	                function == SBI_RFENCE_SFENCE_VMA;

	MUST(is_fence || extension == SBI_EXT_IPI, "SBI call %#lx of %#lx",
	     function, extension);
	MUST(this_hart->locks_held == 0, "I-22: a flush under a lock");
	for (unsigned int hart = 0; hart < nr_harts; hart++) {
		if (harts[hart]->id < arg1 ||
		    !(arg0 >> (harts[hart]->id - arg1) & 1))
			continue;
		if (is_fence)
			fence(hart, arg2, arg3);
		else
			pending[hart] = true;
	}
	return result;
}

/* --- what the model asks ------------------------------------------------------------------ */

/* Some harts see all of it now, some a few pages, some what lies around. */
static void look_at(unsigned int hart, vaddr_t va, unsigned long pages)
{
	unsigned int level;
	unsigned int mode = (unsigned int)(sim_random() % 4);
	unsigned long step = mode == 0 ? 1 : mode == 1 ? 3 : pages + 2;

	for (unsigned long i = 0; mode < 3 && i < pages + 4; i += step)
		(void)tlb_translate(hart, va + (i << PAGE_SHIFT), &level);
}

void machine_check_fresh(vaddr_t va, unsigned long pages)
{
	sim_note_address(va);
	sim_note_address(va + (pages << PAGE_SHIFT));
	for (unsigned int hart = 0; hart < nr_harts; hart++) {
		if (!sim_is_awake(hart))
			continue;
		for (unsigned long i = 0; i < pages; i++)
			tlb_check_page(hart, va + (i << PAGE_SHIFT));
		look_at(hart, va, pages);
	}
}

void machine_check_flushed(void)
{
	for (unsigned int hart = 0; hart < nr_harts; hart++)
		if (sim_is_awake(hart))
			tlb_check_leaves(hart);
}

void machine_check_step(void)
{
	sim_hide_all();
	MUST(sim_sstatus & SSTATUS_SIE && this_hart->irq_depth == 0 &&
	             this_hart->locks_held == 0,
	     "I-22: a call left interrupts off, or a lock held");
	for (unsigned int hart = 0; hart < nr_harts; hart++)
		if (sim_is_awake(hart))
			tlb_check_tables(hart, true);
}

/* No worker: what interrupts leave waits for the next call. */
bool work_has_worker(void)
{
	return false;
}

void work_queue(struct work *work)
{
	(void)work;
}
