#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# musl.sh PREFIX - build musl's libc.a and install it with its headers.
#
# libc-no-malloc.a is the same for images that bring a malloc() of their own.
#
# The source stays as it is. posix/glue comes first on the include path (through
# CC, since musl's own -I flags win over CFLAGS), which replaces syscall_arch.h and
# atomic_arch.h. The objects named in `ours` are left out of the archive: glue with
# ecall in it, what takes the number of a call at run time, what one process makes
# unnecessary, and the memory functions that lib/ has its own of. Missing ones are
# then link errors, never silently musl's.
set -euo pipefail
unset MAKEFLAGS MFLAGS MAKEOVERRIDES CPPFLAGS LDFLAGS # the caller's, not musl's

[ $# -eq 1 ] || { echo "vireo: usage: tools/musl.sh PREFIX" >&2; exit 1; }
prefix=$1
top=$(cd "$(dirname "$0")/.." && pwd)
source=$top/build/third-party/src/musl
cross=${CROSS_COMPILE:-riscv64-unknown-elf-}
ours=(thread/riscv64/clone thread/riscv64/syscall_cp
	thread/riscv64/__unmapself signal/riscv64/restore
	thread/__syscall_cp thread/synccall misc/syscall unistd/setxid
	thread/pthread_attr_setstacksize time/clock_gettime
	string/memcpy string/memmove string/memset string/memcmp
	string/strcmp time/clock_gettime)

# Stacks of threads come from posix/glue/stack.c.
redirect_stacks()
{
	local object

	for object in obj/src/thread/pthread_{create,join}.o; do
		"${cross}objcopy" --redefine-sym __mmap=thread_stack_map \
			--redefine-sym __mprotect=thread_stack_protect \
			--redefine-sym __munmap=thread_stack_unmap "$object" &&
			"${cross}ar" r lib/libc.a "$object" || return 1
	done
}

# Every system call that Linux has, as one macro over the names.
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
		redirect_stacks &&
		cp lib/libc.a "$work/libc.a" &&
		rm lib/libc.a &&
		make lib/libc.a "AOBJS=\$(filter-out ${filter[*]/#/%/} \
%/src/malloc/% obj/src/malloc/%,\$(LIBC_OBJS))" &&
		make install-headers
} </dev/null >"$work/log" 2>&1 || {
	tail -n 20 "$work/log" >&2
	echo "vireo: building musl failed (see above and $work/log)" >&2
	exit 1
}

mkdir -p "$work/prefix/lib"
cp lib/libc.a "$work/prefix/lib/libc-no-malloc.a"
cp "$work/libc.a" "$work/prefix/lib/libc.a"
mv "$work/prefix" "$prefix"
rm -rf "$work" "$prefix.lock"
