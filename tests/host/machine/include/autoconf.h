/* SPDX-License-Identifier: MIT */
/*
 * Configuration of the simulated machine, included first in every file. Two
 * builds: MODEL_CHECKS=1 with every check, MODEL_CHECKS=0 with the short paths
 * that those switch off.
 */
#ifndef HOST_AUTOCONF_H
#define HOST_AUTOCONF_H

#define CONFIG_NR_HARTS       4
#define CONFIG_CHECK          MODEL_CHECKS
#define CONFIG_DEBUG_ASSERT   MODEL_CHECKS
#define CONFIG_LOCK_DEBUG     MODEL_CHECKS
#define CONFIG_RACE_WINDOWS   0
#define CONFIG_VM_COMPAT_FREE 0
#define CONFIG_LOG_LEVEL      2

/* Before the C library's headers, which define some of its names their way. */
#include "core/compiler.h"

#endif /* HOST_AUTOCONF_H */
