/* SPDX-License-Identifier: MIT */
/*
 * Views of the address space for applications: meminfo_show(), counters_show(),
 * addrmap_show() and the leak finder. vmallocinfo_show() is in
 * <linux/vmalloc.h>.
 */
#ifndef VIREO_VMINFO_H
#define VIREO_VMINFO_H

#include "mm/vminfo.h"

#endif /* VIREO_VMINFO_H */
