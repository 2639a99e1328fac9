#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# run.sh NAME=value... - `make run` with the exit status of main().
#
# make itself ends with 2 whatever the image's status is.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
settings=()
for setting in "$@"; do
	case $setting in
	*=*) settings+=("$setting") ;;
	*) echo "vireo: usage: tools/run.sh NAME=value... (as for make)" >&2
	   exit 2 ;;
	esac
done

cd "$top"
make image build/.have/run "${settings[@]}" >/dev/null || exit
command=$(make qemu-cmd "${settings[@]}")
status=0
eval "$command" || status=$?
[ "$status" = 0 ] || echo "vireo: exit status $status" >&2
exit "$status"
