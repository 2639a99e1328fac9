# SPDX-License-Identifier: MIT
# The soak test: make soak MINUTES=
APP_SRCS := $(notdir $(wildcard tests/soak/*.c)) ../image/state.c
APP_CFLAGS := -Itests/image -Itests/soak
