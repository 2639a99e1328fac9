# SPDX-License-Identifier: MIT
# zlib with its own test program and with minigzip (main.c).
APP_SOURCE := zlib
APP_PATCHES := two-programs.patch
APP_SRCS := main.c $(patsubst %,zlib/%.c,adler32 compress crc32 deflate gzclose \
	gzlib gzread gzwrite infback inffast inflate inftrees trees uncompr zutil \
	test/example test/minigzip)
APP_CFLAGS = -I$(APP_TREE)/zlib -DHAVE_UNISTD_H -DHAVE_HIDDEN
