/* SPDX-License-Identifier: MIT */
/*
 * Between two looks at what another hart is about to do. Waits are short as a
 * rule, so the first looks are close together. But with more harts than
 * processors below them (a virtual machine) the other hart may not be running,
 * and a spinning one keeps it from that: so a wait that lasts naps between looks.
 *
 *         struct pause pause = { 0 };
 *
 *         while (not yet)
 *                 pause_before_next_look(&pause);
 *
 * Context: any; interrupts as they are, and taken when they are on.
 */
#ifndef CORE_PAUSE_H
#define CORE_PAUSE_H

struct pause {
	unsigned int looks; /* so far */
};

void pause_before_next_look(struct pause *pause);

#endif /* CORE_PAUSE_H */
