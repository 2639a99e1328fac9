# SPDX-License-Identifier: MIT
APP_STACK_KB := 32
