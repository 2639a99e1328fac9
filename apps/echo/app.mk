# SPDX-License-Identifier: MIT
# A datagram's buffer is static, a connection's comes from malloc().
APP_STACK_KB := 32
APP_PORTS := 7
