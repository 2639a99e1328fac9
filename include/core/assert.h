/* SPDX-License-Identifier: MIT */
/*
 * Broken invariants. ASSERT is always on and O(1); DEBUG_ASSERT only where
 * CONFIG_DEBUG_ASSERT is. World's state is never asserted: it is an errno.
 */
#ifndef CORE_ASSERT_H
#define CORE_ASSERT_H

#include "core/compiler.h"
#include "core/panic.h"

#define ASSERT(cond)                                                       \
	do {                                                               \
		if (unlikely(!(cond)))                                     \
			panic("%s:%d: %s: assertion failed: %s", __FILE__, \
			      __LINE__, __func__, #cond);                  \
	} while (0)

#define DEBUG_ASSERT(cond)               \
	do {                             \
		if (CONFIG_DEBUG_ASSERT) \
			ASSERT(cond);    \
	} while (0)

#endif /* CORE_ASSERT_H */
