/* SPDX-License-Identifier: MIT */
#ifndef LINUX_SLAB_H
#define LINUX_SLAB_H

#include <linux/gfp.h>

#include "mm/kmem.h"

#endif /* LINUX_SLAB_H */
