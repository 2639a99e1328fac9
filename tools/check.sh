#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# check.sh [format] - every static check, as `make check` calls it.
#
# Each gate is a function that prints what is wrong and returns a status; a gate
# that says nothing has passed. CHECK_INCLUDES holds the compiler's include
# flags, GCC_INCLUDE its own headers, SYSCALL_NAMES the header that tools/musl.sh
# writes, OBJDUMP the disassembler.
set -uo pipefail

cd "$(dirname "$0")/.." || exit 1
folders=()
for folder in include boot core lib mm drivers net posix apps tests; do
	[ -d "$folder" ] && folders+=("$folder")
done
mapfile -t all < <(find "${folders[@]}" -name '*.[ch]' | sort)
# What is compiled for the image. Tests on the host are compiled by `make test`;
# what wraps an allocator of others includes all its source, which is not ours.
mapfile -t image_sources < <(printf '%s\n' "${all[@]}" |
	grep -E '\.c$' | grep -vE '^(tests/host|posix/malloc)/')
mapfile -t scripts < <(find tools tests .ci -name '*.sh' 2>/dev/null; ls .ci/run)
read -r -a includes <<<"${CHECK_INCLUDES:-}"
# Folders that an app's own flags add, for instance the test image's.
mapfile -t -O ${#includes[@]} includes < <(
	grep -hoE -e '-I[A-Za-z0-9_./-]+' apps/*/app.mk tests/*/app.mk 2>/dev/null |
		sort -u)
# Headers of packages are found through the link that the app's build makes.
mapfile -t -O ${#includes[@]} includes < <(
	grep -oE -e '-isystem \$\(APP_TREE\)[A-Za-z0-9_./-]*' apps/*/*.mk |
		sed -E "s|^apps/([^/]*)/[^:]*:-isystem .{11}|-isystem\n$BUILD/default/\1/source|")
clang_flags=(--target=riscv64-unknown-elf -march=rv64gc -mcmodel=medany
	-std=gnu11 -nostdlibinc "${includes[@]}")

# Braces first, one file at a time since headers are shared; then the shape.
if [ "${1:-}" = format ]; then
	for file in "${image_sources[@]}"; do
		clang-tidy --quiet --fix --checks=-*,readability-braces* \
			"${clang_flags[@]/#/--extra-arg=}" "$file" >/dev/null 2>&1
	done
	exec clang-format -i "${all[@]}"
fi

# each N COMMAND...: run it on N sources a call, as many calls as processors.
each()
{
	printf '%s\0' "${image_sources[@]}" | xargs -0 -P "$(nproc)" -n "$1" "${@:2}"
}

gate_format()
{
	clang-format --dry-run -Werror "${all[@]}"
}

# gcc's warnings are errors in every build: the kernel as default and as debug,
# and every app of the tree. What make says is the finding, unless it tells what it
# does.
gate_build()
{
	local app told='^vireo: (fetching |.*bytes stripped)'

	"$MAKE" -s -k image CONFIG=debug APP=hello 2>&1 >/dev/null |
		grep -vE "$told"
	for app in apps/*/; do
		"$MAKE" -s -k image CONFIG=default APP="$(basename "$app")" \
			2>&1 >/dev/null | grep -vE "$told"
	done
	true
}

gate_clang()
{
	each 8 clang -fsyntax-only -Wall -Wextra -Wthread-safety -Werror \
		-Wno-missing-field-initializers "${clang_flags[@]}"
}

# sparse ends with 0 whatever it finds: any output is a finding, unless it is
# about a header of a third-party part. Tests mix kinds of pointers on purpose.
gate_sparse()
{
	! each 1 sparse --arch=riscv64 --os=none -std=gnu11 -nostdinc -Wsparse-all \
		-Wno-undef -Wno-declaration-after-statement \
		-Wno-constant-suffix -Wno-flexible-array-sizeof \
		-Wno-universal-initializer -Wno-unknown-attribute \
		"${includes[@]}" -isystem "$GCC_INCLUDE" 2>&1 |
		grep -vE '^(build/third-party|tests)/|: note: in included file'
}

# The analyzer gives up a function after so many states; an eighth of its own
# limit takes a fifth of the time and found the same.
gate_tidy()
{
	local -a flags=("${clang_flags[@]}"
		-Xclang -analyzer-config -Xclang max-nodes=30000)

	each 4 sh -c 'clang-tidy --quiet "$@" 2>/dev/null' sh \
		"${flags[@]/#/--extra-arg=}"
}

gate_cppcheck()
{
	cppcheck -q -j "$(nproc)" --std=c11 --platform=unix64 --inconclusive \
		--enable=warning,style,performance,portability --inline-suppr \
		--suppressions-list=tools/cppcheck.txt --error-exitcode=1 \
		-Iinclude -I. --include="$BUILD/default/autoconf.h" \
		--include="$SYSCALL_NAMES" \
		-U__ASSEMBLER__ -U__CHECKER__ -U__clang__ "${image_sources[@]}"
}

gate_layers()
{
	tools/check_layers.py
}

gate_style()
{
	tools/check_style.sh
}

gate_spelling()
{
	codespell --check-filenames --ignore-words-list=hart,ans,nd,iff,sie \
		--skip='*/__pycache__/*,*.patch' "${folders[@]}" tools configs docs \
		Makefile Kconfig sv39.ld README.md .ci
}

gate_shell()
{
	shellcheck "${scripts[@]}"
}

# All firmware calls go through one function.
gate_ecall()
{
	local image

	for image in "$BUILD"/{default,debug}/*/vireo.elf; do
		[ -e "$image" ] || continue
		"$OBJDUMP" -d --no-show-raw-insn "$image" | awk -v image="$image" '
			/^[0-9a-f]+ <.*>:$/ { name = substr($2, 2, length($2) - 3) }
			$2 == "ecall" && name != "sbi_call" {
				print image ": ecall in " name "()"; bad = 1
			}
			END { exit bad }' || return 1
	done
}

failed=()
for gate in format style layers spelling shell build ecall clang sparse \
	cppcheck tidy; do
	if ! output=$("gate_$gate" 2>&1) || [ -n "$output" ]; then
		printf '%s\n' "$output" >&2
		failed+=("$gate")
	fi
done

if [ ${#failed[@]} -gt 0 ]; then
	echo "vireo: make check: failed: ${failed[*]}" >&2
	exit 1
fi
echo "vireo: every static check passed"
