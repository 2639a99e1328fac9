# SPDX-License-Identifier: MIT
# Lua 5.4: its own interpreter, without modules that dlopen() would load.
APP_SOURCE := lua5.4
APP_SRCS := $(patsubst %,lua5.4/src/%.c,lapi lauxlib lbaselib lcode lcorolib \
	lctype ldblib ldebug ldo ldump lfunc lgc linit liolib llex lmathlib lmem \
	loadlib lobject lopcodes loslib lparser lstate lstring lstrlib ltable \
	ltablib ltm lua lundump lutf8lib lvm lzio)
APP_CFLAGS := -DLUA_USE_POSIX '-DLUA_PATH_DEFAULT="/usr/share/lua/?.lua;./?.lua"'
# Calls in calls: 200 levels in C, patterns and the parser.
APP_STACK_KB := 512
APP_FILES := root
