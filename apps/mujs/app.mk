# SPDX-License-Identifier: MIT
# MuJS: its shell; one.c includes all other files.
APP_SOURCE := mujs
APP_SRCS := mujs/one.c mujs/main.c
# The parser and regular expressions call themselves.
APP_STACK_KB := 512
APP_FILES := root
