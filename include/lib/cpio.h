/* SPDX-License-Identifier: MIT */
/*
 * cpio archives of the kind "newc" (cpio -H newc), read in place: an entry points
 * into the archive. Nothing outside of it is read, whatever it says. Pure.
 *
 *         cpio_start(&cpio, bytes, size);
 *         while (cpio_next(&cpio, &entry))
 *                 ...
 *         if (cpio.problem)
 *                 "at byte cpio.at it <problem>"
 *
 * Several archives may follow one another, with zeros between and behind them.
 */
#ifndef LIB_CPIO_H
#define LIB_CPIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* With the NUL: PATH_MAX of Linux. */
#define CPIO_PATH_BYTES 4096u

struct cpio {
	const char *bytes;
	size_t size;
	size_t at;           /* the next header, or the one that is wrong */
	bool open;           /* no trailer has come since the last entry */
	const char *problem; /* what ended it; NULL: its end */
};

struct cpio_entry {
	/*
	 * Ends with NUL; relative, without "./" before it, with no ".." in it.
	 * Empty: the root itself.
	 */
	const char *name;
	uint32_t mode; /* S_IF* and permissions */
	uint32_t inode;
	uint32_t links; /* above 1: others have the same inode and device */
	uint32_t mtime; /* seconds since 1970 */
	uint32_t device_major, device_minor; /* that the inode is of */
	uint32_t node_major, node_minor;     /* of a device node */
	/* A file's contents, or where a symbolic link leads (no NUL behind). */
	const char *data;
	size_t bytes;
};

void cpio_start(struct cpio *cpio, const void *bytes, size_t size);

/*
 * The next entry; false: there is none, and ->problem says why if that is no
 * good end. After a problem there is none any more.
 */
bool cpio_next(struct cpio *cpio, struct cpio_entry *entry);

#endif /* LIB_CPIO_H */
