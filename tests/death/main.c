/* SPDX-License-Identifier: MIT */
/*
 * `death NAME` commits one forbidden act. Without a name it lists them all.
 * An act that must kill and does not ends in status 3.
 */
#include <stdio.h>
#include <string.h>

#include "acts.h"
#include "core/compiler.h"

static const struct act *const lists[] = { access_acts, stack_acts, misuse_acts,
	                                   thread_acts, process_acts };

int main(int argc, char **argv)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(lists); i++) {
		for (const struct act *act = lists[i]; act->name; act++) {
			if (argc < 2) {
				puts(act->name);
			} else if (strcmp(act->name, argv[1]) == 0) {
				act->commit();
				printf("still alive after %s\n", act->name);
				return 3;
			}
		}
	}
	return argc < 2 ? 0 : 2;
}
