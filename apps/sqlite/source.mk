# SPDX-License-Identifier: MIT
# SQLite as apps/sqlite and apps/sqlite_bench have it: with the same flags, so that
# it is compiled once for both.
APP_SOURCE := sqlite3
APP_PREPARE := ../sqlite/amalgamate.sh
APP_PACKAGES := tcl gcc libc6-dev
APP_CFLAGS = -D__linux__ -D__unix__ -DSQLITE_OMIT_LOAD_EXTENSION \
	-DSQLITE_ENABLE_MATH_FUNCTIONS -DHAVE_USLEEP=1 \
	-isystem $(APP_TREE)/sqlite3
# The parser of SQL and expressions call themselves.
APP_STACK_KB := 512
