# SPDX-License-Identifier: MIT
# What httpd shows of the system, without a network to show it on.
APP_SRCS := main.c $(patsubst %,../../../apps/httpd/%.c,figures kernel map metrics \
	status text)
APP_CFLAGS := -Iapps/httpd
