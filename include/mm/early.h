/* SPDX-License-Identifier: MIT */
/* Ranges registered before vmalloc_init() become areas that are never freed. */
#ifndef MM_EARLY_H
#define MM_EARLY_H

/* Called by vmalloc_init(); an overlap is a bug of the image: panics. */
void early_areas_import(void);

#endif /* MM_EARLY_H */
