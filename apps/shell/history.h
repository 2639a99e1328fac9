/* SPDX-License-Identifier: MIT */
/* The lines that were entered, newest last. */
#ifndef SHELL_HISTORY_H
#define SHELL_HISTORY_H

/* Empty lines and repetitions of the newest are left out. */
void history_add(const char *line);

/* The line @age entries back, 1 being the newest; NULL: there is none. */
const char *history_get(unsigned int age);

#endif /* SHELL_HISTORY_H */
