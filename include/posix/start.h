/* SPDX-License-Identifier: MIT */
/*
 * From the kernel into the C library: builds argv, environment and auxiliary
 * vector, calls musl's __libc_start_main(main, ...), and main's value becomes
 * the exit status of the machine.
 */
#ifndef POSIX_START_H
#define POSIX_START_H

#include "core/compiler.h"

/*
 * Runs on the app's stack; tp is 0 on entry.
 *
 * pre: argc <= CMDLINE_MAX_ARGS; argv stays valid
 */
void posix_start(int argc, char **argv) __dead;

/* The application's. */
int main(int argc, char **argv, char **environment);

/* musl's; it has no header for this. Calls main(), then exit(). */
int __libc_start_main(int (*function)(int, char **, char **), int argc,
                      char **argv, void (*init)(void), void (*fini)(void),
                      void (*loader_fini)(void));

#endif /* POSIX_START_H */
