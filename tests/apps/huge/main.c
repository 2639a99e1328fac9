/* SPDX-License-Identifier: MIT */
/* An image that needs 40 MiB for its variables alone. */
#include <stdio.h>

static volatile char large[40 << 20];

int main(int argc, char **argv)
{
	for (unsigned int i = 0; i < sizeof(large); i += 4096)
		large[i] = (char)argc;
	printf("%d of %s\n", large[argc * 8192], argv[0]);
	return 0;
}
