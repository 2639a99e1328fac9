# SPDX-License-Identifier: MIT
# Debian's source package is the tree that SQLite is developed in; its own rules
# make the one file from it that everybody compiles, and the shell.
cd sqlite3
make -f main.mk TOP=. BCC="gcc -O1" OPTS= sqlite3.c shell.c
# Some 30 MB that nothing here needs.
rm -rf art doc test tsrc vsixtest
