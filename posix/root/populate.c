/* SPDX-License-Identifier: MIT */
/*
 * In this order, so that an initial RAM disk has the last word on files. What goes
 * wrong is a line in the log, and what can be there is there.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "arch/sections.h"
#include "core/log.h"
#include "core/machine.h"
#include "mm/memblock.h"
#include "mm/page.h"
#include "posix/fs.h"
#include "posix/root.h"

void root_made(const char *path, int err)
{
	static bool said; /* populating is done once, by one thread */

	if (!err || err == -EEXIST || said)
		return;
	said = true;
	log_error("%s cannot be made (error %d), and maybe more", path, -err);
}

static void unpack_initrd(void)
{
	const struct phys_range *initrd = &machine.initrd;

	if (initrd->start == initrd->end)
		return;
	unpack_archive("initrd", phys_to_virt(initrd->start),
	               initrd->end - initrd->start);
	memory_release_initrd();
}

void fs_populate(void)
{
	unpack_archive("APP_FILES", app_files,
	               (size_t)(app_files_end - app_files));
	unpack_initrd();
	dev_populate();
	proc_populate();
	root_made("/tmp", fs_mkdir("/tmp", S_ISVTX | 0777));
}
