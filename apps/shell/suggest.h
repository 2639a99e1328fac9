/* SPDX-License-Identifier: MIT */
/* "Did you mean": the nearest of some names to a mistyped one. */
#ifndef SHELL_SUGGEST_H
#define SHELL_SUGGEST_H

#include "command.h"

/* NULL when none is near. */
const char *suggest(const char *word, argument_names *names);

#endif /* SHELL_SUGGEST_H */
