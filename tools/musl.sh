#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# musl.sh PREFIX - build musl's libc.a and install it with its headers.
#
# The source stays as it is. posix/glue comes first on the include path (through
# CC, since musl's own -I flags win over CFLAGS), which replaces syscall_arch.h.
# The objects named in `ours` are left out of the archive: glue with ecall in it
# and the memory functions that lib/ has its own of. Missing ones are then link
# errors, never silently musl's.
set -euo pipefail
unset MAKEFLAGS MFLAGS MAKEOVERRIDES CPPFLAGS LDFLAGS # the caller's, not musl's

[ $# -eq 1 ] || { echo "vireo: usage: tools/musl.sh PREFIX" >&2; exit 1; }
prefix=$1
top=$(cd "$(dirname "$0")/.." && pwd)
source=$top/build/third-party/src/musl
cross=${CROSS_COMPILE:-riscv64-unknown-elf-}
ours=(thread/riscv64/clone thread/riscv64/syscall_cp
	thread/riscv64/__unmapself signal/riscv64/restore
	string/memcpy string/memmove string/memset string/memcmp
	string/strcmp)

# posix/syscalls.list as one macro over the names.
syscall_list()
{
	echo "/* Written by tools/musl.sh from posix/syscalls.list. */"
	printf '#define SYSCALL_LIST(X)'
	awk '!/^#/ && NF { printf " \\\n\tX(%s)", $1 } END { print "" }' \
		"$top/posix/syscalls.list"
}

# Every system call that Linux has, for the report of one that is missing.
syscall_names()
{
	echo "/* Written by tools/musl.sh from musl's bits/syscall.h. */"
	printf '#define SYSCALL_NAMES(X)'
	awk '$2 ~ /^__NR_/ && $2 !~ /arch_specific/ { printf " \\\n\tX(%s)", substr($2, 6) }
		END { print "" }' "$source/arch/riscv64/bits/syscall.h.in"
}

# Wait for another make that builds the same; then there is nothing to do.
mkdir -p "$(dirname "$prefix")"
exec 9>"$prefix.lock"
flock 9
[ ! -e "$prefix/lib/libc.a" ] || exit 0

echo "vireo: building musl (once)" >&2
"$top/tools/fetch.sh" musl
work=$prefix.work
rm -rf "$work" "$prefix"
mkdir -p "$work/obj" "$work/prefix/include"
syscall_list >"$work/prefix/include/syscall_list.h"
syscall_names >"$work/prefix/include/syscall_names.h"

cd "$work/obj"
filter=("${ours[@]/%/.o}")
{
	"$source/configure" --target=riscv64 --disable-shared \
		--prefix="$work/prefix" \
		CC="${cross}gcc -I$top/posix/glue -I$work/prefix/include \
-ffile-prefix-map=$work/obj=. -ffile-prefix-map=$source=musl" \
		AR="${cross}ar" RANLIB="${cross}ranlib" \
		CFLAGS="-march=rv64gc -mabi=lp64d -mcmodel=medany -O2 \
-ffunction-sections -fdata-sections" &&
		make -j2 lib/libc.a \
			"AOBJS=\$(filter-out ${filter[*]/#/%/},\$(LIBC_OBJS))" &&
		make install-headers
} </dev/null >"$work/log" 2>&1 || {
	tail -n 20 "$work/log" >&2
	echo "vireo: building musl failed (see above and $work/log)" >&2
	exit 1
}

mkdir -p "$work/prefix/lib"
cp lib/libc.a "$work/prefix/lib/libc.a"
mv "$work/prefix" "$prefix"
rm -rf "$work" "$prefix.lock"
