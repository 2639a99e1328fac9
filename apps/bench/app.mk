# SPDX-License-Identifier: MIT
# The assembler's .incbin leaves no dependency behind.
$(BUILD)/$(CONFIG)/bench/app/targets.S.o: apps/bench/targets.tsv
