# SPDX-License-Identifier: MIT
# vmalloc_init() is called through this app (ld --wrap), which is there before it.
APP_LDFLAGS := -Wl,--wrap=vmalloc_init
