/* SPDX-License-Identifier: MIT */
/* Sizes as people read them; rounded down, so that a sum is never overstated. */
#include "lib/human.h"

#include "lib/printf.h"

const char *human_size(char buf[HUMAN_BYTES], size_t bytes)
{
	static const char *const units[] = { "B",   "KiB", "MiB", "GiB",
		                             "TiB", "PiB", "EiB" };
	unsigned int unit = 0;
	size_t whole = bytes;
	size_t tenths = 0;

	while (whole >= 1024) {
		tenths = whole % 1024 * 10 / 1024;
		whole /= 1024;
		unit++;
	}
	if (whole < 10 && tenths > 0) {
		ksnprintf(buf, HUMAN_BYTES, "%zu.%zu %s", whole, tenths,
		          units[unit]);
	} else {
		ksnprintf(buf, HUMAN_BYTES, "%zu %s", whole, units[unit]);
	}
	return buf;
}
