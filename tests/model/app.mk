# SPDX-License-Identifier: MIT
# The model as a test image of its own: its tables would not fit small machines.
APP_SRCS := ../image/main.c ../image/check.c ../image/state.c ../image/pages.c \
	$(patsubst tests/%,../%,$(sort $(wildcard tests/model/*.c)))
APP_CFLAGS := -Itests/image -Itests/model
