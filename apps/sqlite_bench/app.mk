# SPDX-License-Identifier: MIT
include apps/sqlite/source.mk
APP_SRCS := database.c main.c phases.c threads.c ../coremark/counter.c \
	sqlite3/sqlite3.c
