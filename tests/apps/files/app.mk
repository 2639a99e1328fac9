# SPDX-License-Identifier: MIT
# A folder that becomes /, a file by its name, a file by another name.
APP_FILES := root data.txt data.txt=/usr/share/files/data
