# SPDX-License-Identifier: MIT
APP_SRCS := counter.c crc.c list.c main.c matrix.c states.c
