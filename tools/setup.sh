#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# setup.sh GROUP... [-- PACKAGE...] - have the Debian packages that make needs.
#
# tools/packages.txt lists them by group; PACKAGEs are further ones by name. What is missing is named and then
# installed through apt, as root or by sudo. With VIREO_OFFLINE=1, without apt
# or without the right to install, the message is all and the status is 1.
set -euo pipefail

cd "$(dirname "$0")"
LOCK_SECONDS=300

die()
{
	echo "vireo: $1" >&2
	exit 1
}

packages_of()
{
	local group=$1 line

	line=$(awk -v group="$group" '$1 == group { $1 = ""; print }' packages.txt)
	[ -n "$line" ] || die "tools/packages.txt has no group '$group'"
	echo "$line"
}

installed()
{
	# shellcheck disable=SC2016
	dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
		sed -n 's/^installed //p' || true
}

# apt waits for dpkg's lock, but not for that of its lists.
update_lists()
{
	local log=$1 deadline=$((SECONDS + LOCK_SECONDS)) said=

	shift
	until "$@" update </dev/null >"$log" 2>&1; do
		grep -q 'Could not get lock' "$log" || return 1
		[ "$SECONDS" -lt "$deadline" ] || return 1
		[ -n "$said" ] ||
			echo "vireo: another apt is at work; waiting for it" >&2
		said=y
		sleep 2
	done
}

install()
{
	local -a run=()
	local log

	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null ||
			die "missing packages: $*; install them as root"
		run=(sudo)
		[ -t 0 ] || run=(sudo -n)
	fi
	run+=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -qq
		-o "DPkg::Lock::Timeout=$LOCK_SECONDS")
	echo "vireo: installing missing packages: $*" >&2
	log=$(mktemp)
	if ! update_lists "$log" "${run[@]}" ||
		! "${run[@]}" install -y --no-install-recommends "$@" \
			</dev/null >"$log" 2>&1; then
		tail -n 10 "$log" >&2
		rm -f "$log"
		die "could not install: $*; see above, then install them by hand"
	fi
	rm -f "$log"
}

[ $# -ge 1 ] || die "usage: tools/setup.sh GROUP... [-- PACKAGE...]"
[ "${VIREO_SETUP:-}" != skip ] || exit 0
wanted=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	line=$(packages_of "$1")
	shift
	read -r -a names <<<"$line"
	wanted+=("${names[@]}")
done
wanted+=("${@:2}")

command -v dpkg-query >/dev/null ||
	die "this is no Debian: install what these packages hold, then set \
VIREO_SETUP=skip: ${wanted[*]}"
# make starts one of us for each group, all at once: the first installs.
mkdir -p ../build
exec 9>../build/setup.lock
flock 9
mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) \
	<(installed "${wanted[@]}" | sort -u))
[ ${#missing[@]} -gt 0 ] || exit 0
[ -z "${VIREO_OFFLINE:-}" ] ||
	die "missing packages: ${missing[*]}; VIREO_OFFLINE is set, so install \
them by hand"
command -v apt-get >/dev/null ||
	die "missing packages: ${missing[*]}; there is no apt-get, so install \
them by hand"
# A daemon that a package starts must not inherit the lock.
install "${missing[@]}" 9>&-
