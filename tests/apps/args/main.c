/* SPDX-License-Identifier: MIT */
/* Prints its arguments one a line and ends with their number as the status. */
#include <stdio.h>

int main(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		printf("argv[%d] = <%s>\n", i, argv[i]);
	return argc;
}
