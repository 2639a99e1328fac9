/* SPDX-License-Identifier: MIT */
/*
 * Configuration of the host builds, included first in every file. The headers
 * beside it stand for what a host has not: RISC-V's CSRs and the gp register.
 */
#ifndef HOST_AUTOCONF_H
#define HOST_AUTOCONF_H

#define CONFIG_NR_HARTS       2
#define CONFIG_CHECK          1
#define CONFIG_DEBUG_ASSERT   1
#define CONFIG_LOCK_DEBUG     0
#define CONFIG_RACE_WINDOWS   0
#define CONFIG_VM_COMPAT_FREE 0
#define CONFIG_LOG_LEVEL      2

/* Before the C library's headers, which define some of its names their way. */
#include "core/compiler.h"

#endif /* HOST_AUTOCONF_H */
