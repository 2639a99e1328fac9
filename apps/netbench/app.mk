# SPDX-License-Identifier: MIT
# What `make bench-net` measures: one epoll server, the same source for any POSIX
# system.
APP_PORTS := 80 7 9 19 1
