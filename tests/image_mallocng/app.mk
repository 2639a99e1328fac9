# SPDX-License-Identifier: MIT
# The suites that malloc() concerns, with musl's own.
include tests/image/app.mk
APP_SRCS := $(patsubst %,../image/%,$(filter-out ../%,$(APP_SRCS)) \
	$(addprefix ../posix/test_,malloc.c mmap.c mremap.c pthread.c stdio.c))
APP_CONFIG := CONFIG_MALLOC_MUSL=y
