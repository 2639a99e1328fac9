# SPDX-License-Identifier: MIT
# The test image with a kernel for one hart: no atomics, no fences to others.
include tests/image/app.mk
APP_SRCS := $(addprefix ../image/,$(APP_SRCS))
APP_CONFIG := CONFIG_NR_HARTS=1
