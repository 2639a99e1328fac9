#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# check_style.sh - rules that one line of text can break; prints the lines.
set -uo pipefail

cd "$(dirname "$0")/.." || exit 1
folders=()
for folder in include boot core lib mm drivers net posix apps tests; do
	[ -d "$folder" ] && folders+=("$folder")
done
mapfile -t code < <(find "${folders[@]}" -name '*.[chS]' | sort)
mapfile -t texts < <(find . -path ./.git -prune -o -path ./build -prune -o \
	-name __pycache__ -prune -o -type f -print | sort)
found=0

# refuse WHAT PATTERN FILE...: each line that matches breaks the rule.
refuse()
{
	local what=$1 pattern=$2
	shift 2
	[ $# -gt 0 ] || return 0
	if grep -nHIE -e "$pattern" "$@"; then
		echo "^ $what"
		found=1
	fi
}

# Files of a list that match a pattern, or that do not with -v.
those()
{
	local pattern=$1
	shift
	printf '%s\n' "$@" | grep -E -e "$pattern"
}

mapfile -t sources < <(those '\.c$' "${code[@]}")
refuse "no extern in a .c: declare it in the module's header" \
	'^[[:space:]]*extern\b' "${sources[@]}"

# A header may guard itself; the guard is the path in capitals.
mapfile -t unconditional < <(printf '%s\n' "${code[@]}" |
	grep -vE '^(include/arch/|include/core/compiler\.h$|net/lwip/|tests/host/)')
refuse "no preprocessor conditions: say if (CONFIG_X)" \
	'^[[:space:]]*#[[:space:]]*(if|ifdef|elif)\b' "${unconditional[@]}"
refuse "no preprocessor conditions: say if (CONFIG_X)" \
	'^[[:space:]]*#[[:space:]]*ifndef\b.*[^H]$' "${unconditional[@]}"

# A patch has them where its context has empty lines, and others' words.
mapfile -t unpadded < <(printf '%s\n' "${texts[@]}" | grep -v '\.patch$')
refuse "blanks at the end of a line" '[[:blank:]]+$' "${unpadded[@]}"
# Spelled so that this file does not find itself.
refuse "open ends: finish it, or open an issue" \
	'\b(TOD[O]|FIXM[E]|XX[X])\b' "${unpadded[@]}"
refuse "a path of one machine" \
	'(^|[^A-Za-z0-9_.}/-])/(wor[k]|hom[e]|roo[t])/' "${texts[@]}"
refuse "name no host that serves packages" \
	'(de[b]|snapsho[t]|securit[y]|ft[p])\.debian\.org|py[p]i\.|npmj[s]\.' \
	"${texts[@]}"

# Line ends that differ make one of a whole file, which is others' source.
mapfile -t patches < <(those '\.patch$' "${texts[@]}")
refuse "a patch of hundreds of lines at once" '^@@ -[0-9]+,[0-9]{3,} ' \
	"${patches[@]}"

mapfile -t licensed < <(those '\.([chS]|py|sh|ld)$' "${texts[@]}")
while read -r file; do
	echo "$file: no SPDX-License-Identifier in its first three lines"
	found=1
done < <(for file in "${licensed[@]}"; do
	head -n 3 "$file" | grep -q SPDX-License-Identifier: || echo "$file"
done)

# The order of locks: every rank is explained, and some lock has it.
while read -r rank; do
	grep -q "^| \`$rank\` |" docs/locking.md ||
		{ echo "docs/locking.md has no line for $rank"; found=1; }
	grep -qE "SPINLOCK_INIT\($rank\b" "${code[@]}" ||
		{ echo "include/core/lock.h: no lock has rank $rank"; found=1; }
done < <(sed -n '/^enum lock_rank/,/^}/s/^\t\(LOCK_[A-Z_]*\).*/\1/p' \
	include/core/lock.h)

exit "$found"
