/* SPDX-License-Identifier: MIT */
/*
 * The root file system as the kernel sees it: making what is there at boot,
 * devices, synthetic files. Paths are the kernel's own strings, absolute or from
 * the root on. The file system itself is made when the first path is used.
 *
 * Context: threads, no lock held.
 */
#ifndef POSIX_FS_H
#define POSIX_FS_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "core/compiler.h"
#include "posix/file.h"

/*
 * Called once when the root has been made, before any path of the application is
 * resolved; it may use everything below. In posix/root/populate.c.
 */
void fs_populate(void);

/* 0, or -errno as the calls of these names; the umask does not count. */
int fs_mkdir(const char *path, mode_t mode) __must_check;
int fs_symlink(const char *target, const char *path) __must_check;
int fs_link(const char *existing, const char *path) __must_check;

/*
 * A folder with names that change by themselves: @refresh is called before a path
 * that leads to it, or through it, goes on there, and then makes and removes them.
 * Paths that @refresh uses itself find it at work already: it returns at once.
 * Context of it: threads, no lock held.
 */
int fs_live_folder(const char *path, mode_t mode,
                   void (*refresh)(void)) __must_check;

/*
 * A character device (@mode has S_IFCHR; mknod() of the same @device is the same
 * one) or a synthetic file (S_IFREG): to open it makes a file with @ops, @data in
 * file->data and the inode in file->inode, and calls ops->open().
 */
int fs_node(const char *path, mode_t mode, dev_t device,
            const struct file_ops *ops, void *data) __must_check;

/* As open(); NULL and the errno, negative, in *@error_out. */
struct file *fs_open(const char *path, int flags, mode_t mode,
                     int *error_out) __must_check;

int fs_set_times(const char *path, const struct timespec times[2]) __must_check;

/* RLIMIT_FSIZE: no file becomes larger. UINT64_MAX: no limit. */
extern uint64_t fs_size_limit; /* [A] */

/* File mode creation mask. */
extern unsigned int fs_umask; /* [A] */

#endif /* POSIX_FS_H */
