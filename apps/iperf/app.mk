# SPDX-License-Identifier: MIT
# lwIP's own server and client of iperf 2, which are in the kernel's archive of lwIP.
APP_STACK_KB := 32
APP_PORTS := 5001
