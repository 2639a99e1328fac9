/* SPDX-License-Identifier: MIT */
/* Between the files about regular files. */
#ifndef POSIX_FS_REGULAR_INTERNAL_H
#define POSIX_FS_REGULAR_INTERNAL_H

#include "posix/fs/fs_internal.h"

/* posix/fs/regular.c: the first two with the content lock held for writing. */
void regular_drop_pages(struct inode *inode, uint64_t from, uint64_t to);
void regular_set_size(struct inode *inode, off_t size);
/*
 * The page at @number, of zeros unless another was quicker. NULL: no memory. No
 * lock need be held.
 */
struct page *regular_fill_hole(struct inode *inode, uint64_t number);

long regular_read(struct file *file, void *to, size_t count, off_t *position);
long regular_write(struct file *file, const void *from, size_t count,
                   off_t *position);

/* posix/fs/regular_size.c */
int regular_allocate(struct file *file, int mode, off_t offset, off_t length);
off_t regular_find(struct file *file, off_t offset, bool data);
int regular_pages(struct file *file, uint64_t number, size_t count, bool write,
                  struct page **pages);

#endif /* POSIX_FS_REGULAR_INTERNAL_H */
