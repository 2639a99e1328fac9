/* SPDX-License-Identifier: MIT */
/*
 * What is in the root file system before the application puts anything there:
 * APP_FILES, the initial RAM disk, /dev, /proc, /tmp (docs/root.md).
 *
 * Context: threads, no lock held that a file operation takes.
 */
#ifndef POSIX_ROOT_H
#define POSIX_ROOT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/compiler.h"

/*
 * Entries of a cpio archive; each replaces what is there by its name, but for
 * folders, which keep what is in them. The first that cannot be made ends it with
 * one line in the log, which begins with @what; devices that do not exist are left
 * out. Returns how many entries there were up to that.
 */
unsigned long unpack_archive(const char *what, const void *bytes, size_t size);

/*
 * What making @path for the root came to: the first that could not be made is one
 * line in the log. -EEXIST is fine: an archive brought it.
 */
void root_made(const char *path, int err);

/* /dev and what is in it, unless it is there. */
void dev_populate(void);

/* A node for the device with this number. -ENXIO: there is none. */
int dev_node(const char *path, mode_t mode, dev_t device) __must_check;

/* /proc and what is in it. */
void proc_populate(void);

#endif /* POSIX_ROOT_H */
