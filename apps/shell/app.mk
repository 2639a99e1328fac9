# SPDX-License-Identifier: MIT
# The harness is linked in, for the command `bench`.
APP_SRCS := $(notdir $(wildcard apps/shell/*.c)) $(patsubst apps/%,../%,\
	$(filter-out %/main.c,$(wildcard apps/bench/*.[cS])))
$(BUILD)/$(CONFIG)/shell/app/../bench/targets.S.o: apps/bench/targets.tsv
