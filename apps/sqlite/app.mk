# SPDX-License-Identifier: MIT
# SQLite's shell.
include apps/sqlite/source.mk
APP_SRCS := sqlite3/sqlite3.c sqlite3/shell.c
