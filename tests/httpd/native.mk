# SPDX-License-Identifier: MIT
#
# The web server and the echo server as programs of this machine, under ASan and
# UBSan: make -f tests/httpd/native.mk. What the image's kernel tells, kernel.c
# beside this file makes up.
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash
.DEFAULT_GOAL := all
OUT ?= build/tests/httpd
APP_TREE = $(shell tools/app_source.sh path apps/httpd mbedtls '' '' '')
include apps/httpd/app.mk

CC := gcc
OWN := $(filter-out mbedtls/% kernel.c,$(APP_SRCS))
LIBRARY := $(filter mbedtls/%,$(APP_SRCS))
FLAGS := -std=gnu11 -g -O1 -fno-omit-frame-pointer -pthread
SANITIZE ?= -fsanitize=address,undefined -fno-sanitize-recover=all
WARNINGS := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wshadow \
	-Wundef -Wvla -Werror
OBJS := $(OWN:%=$(OUT)/%.o) $(OUT)/sample.o $(LIBRARY:%=$(OUT)/%.o)

all: $(OUT)/httpd $(OUT)/echo

$(OUT)/httpd: $(OBJS)
	$(CC) $(FLAGS) $(SANITIZE) -o $@ $^

$(OUT)/echo: apps/echo/main.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(WARNINGS) $(SANITIZE) -o $@ $^

$(OWN:%=$(OUT)/%.o): $(OUT)/%.o: apps/httpd/% $(wildcard apps/httpd/*.h) | $(APP_TREE)
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(WARNINGS) $(SANITIZE) $(APP_CFLAGS) -c -o $@ $<

$(OUT)/sample.o: tests/httpd/kernel.c apps/httpd/kernel.h
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(WARNINGS) $(SANITIZE) -I. -c -o $@ $<

$(LIBRARY:%=$(OUT)/%.o): $(OUT)/%.o: apps/httpd/tls_config.h | $(APP_TREE)
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -O2 $(APP_CFLAGS) -c -o $@ $(APP_TREE)/$*

$(APP_TREE):
	tools/app_source.sh get apps/httpd mbedtls '' '' ''
