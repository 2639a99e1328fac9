# SPDX-License-Identifier: MIT
# The web server without sockets: what a request costs it, by instructions.
APP_SRCS := main.c $(patsubst %,../../../apps/httpd/%.c,answer body cache condition \
	conn date file page path range request send serve status text types)
APP_CFLAGS := -Iapps/httpd
APP_FILES := root
