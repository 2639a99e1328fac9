# SPDX-License-Identifier: MIT
# The test image: every suite of tests/, run by name (tests/image/main.c).
APP_SRCS := main.c archive.c beside.c check.c crew.c state.c pages.c race.c typing.c $(patsubst tests/%,../%,$(sort \
	$(wildcard tests/core/*.c tests/cost/*.c tests/drivers/*.c tests/lib/*.c tests/mm/*.c tests/posix/*.c tests/stress/*.c)))
APP_CFLAGS := -Itests/image -Itests/stress
