/* SPDX-License-Identifier: MIT */
/* Names of files for completion. */
#ifndef SHELL_PATHS_H
#define SHELL_PATHS_H

#include <stddef.h>

/* Look for paths that begin with the @length bytes at @word. */
void path_names_begin(const char *word, size_t length);

/*
 * The @index-th of them, folders with a slash behind them; NULL after the last.
 * Until the next path_names_begin().
 */
const char *path_name(unsigned int index);

#endif /* SHELL_PATHS_H */
