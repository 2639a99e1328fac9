/* SPDX-License-Identifier: MIT */
/*
 * Two harts in a race, with the help of core/race_window.h: one is held between
 * two steps while the other acts. A held hart goes on after some time in any
 * case, so that code which makes the other wait (as it should) is no deadlock.
 */
#ifndef TESTS_RACE_H
#define TESTS_RACE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/race_window.h"

/* What a hart waits for surely comes, or surely does not. */
#define RACE_SOON_NS  10000000ul
#define RACE_NEVER_NS 5000000000ul

typedef void race_act(void);

/* [A] all: how far the harts of the running race are. */
extern struct race {
	unsigned int arrived; /* harts that have come to the window */
	bool acted;           /* the other hart has done its part */
	bool open;            /* the held hart may go on */
	race_act *act;        /* [I] what the other hart does */
	uint64_t limit_ns;    /* [I] of holding */
} race;

bool race_is_set(const bool *flag);
void race_set(bool *flag);
void race_wait_until(const bool *flag, uint64_t limit_ns);
void race_wait_for_arrivals(unsigned int count);

/* Count the caller's arrival; is it the first? */
bool race_is_first(void);

/* Skips the test where there are no windows or too few harts. */
void race_begin(unsigned int harts_needed);

/* Hart 1 runs @act until it comes to @point, where it is held ... */
void race_hold_at(enum race_point point, race_act *act);
/* ... until this, which waits for the end of @act. */
void race_let_go(enum race_point point);

/* The function of race_hold_at(), for a hart 1 that needs no @act. */
void race_hold_hart_1(void *unused);

/* When this hart gets to @point, hart 1 runs @act, and this hart waits. */
void race_act_at(enum race_point point, race_act *act);
void race_end_act(enum race_point point);

/* Both harts run @act and go on from @point together. */
void race_meet_at(enum race_point point, race_act *act);

#endif /* TESTS_RACE_H */
