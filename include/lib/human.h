/* SPDX-License-Identifier: MIT */
/* Sizes as people read them. Pure. */
#ifndef LIB_HUMAN_H
#define LIB_HUMAN_H

#include <stddef.h>

#define HUMAN_BYTES 16u

/* "512 B", "12 KiB", "1.5 MiB", "64 GiB": one decimal below 10. Returns buf. */
const char *human_size(char buf[HUMAN_BYTES], size_t bytes);

#endif /* LIB_HUMAN_H */
