# SPDX-License-Identifier: MIT
# puts() needs little.
APP_STACK_KB := 16
