#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# newest_qemu.sh DIR - the newest QEMU and OpenSBI that Debian 12 can have, from
# its backports, unpacked under DIR: nothing is installed. Backports keep one
# version for a short time, so none is pinned: apt's signatures are the check.
# What the machine's own sources call Debian 12 names the archive.
set -euo pipefail

mkdir -p "$(dirname "$1")"
dir=$(realpath "$1")
packages=(qemu-system-riscv opensbi)

die()
{
	echo "vireo: $1" >&2
	exit 1
}

[ -z "${VIREO_OFFLINE:-}" ] ||
	die "QEMU=newest has to be fetched and VIREO_OFFLINE is set"
command -v apt-get >/dev/null ||
	die "QEMU=newest comes from Debian's backports and there is no apt-get"
archive=$(apt-get indextargets --format "\$(REPO_URI) \$(SUITE) \$(CODENAME)" \
	'Created-By: Packages' | awk '/ bookworm$/ { print $1; exit }')
[ -n "$archive" ] ||
	die "QEMU=newest: /etc/apt names no archive of Debian 12 (bookworm)"

rm -rf "$dir" "$dir.part"
mkdir -p "$dir.part"/apt/{parts,lists/partial,cache/archives/partial}
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive \
bookworm-backports main" >"$dir.part/apt/backports.list"

backports()
{
	apt-get -qq -o Dir::Etc::SourceList="$dir.part/apt/backports.list" \
		-o Dir::Etc::SourceParts="$dir.part/apt/parts" \
		-o Dir::State::Lists="$dir.part/apt/lists" \
		-o Dir::Cache="$dir.part/apt/cache" \
		-o Acquire::Languages=none -o APT::Sandbox::User= "$@"
}

echo "vireo: fetching the newest QEMU (Debian's backports)" >&2
log=$dir.part/log
{ backports update && (cd "$dir.part" && backports download "${packages[@]}"); } \
	>"$log" 2>&1 || {
	grep '^[EW]:' "$log" | head -n 4 >&2 || true
	die "QEMU=newest cannot be fetched (see above)"
}
for package in "$dir.part"/*.deb; do
	dpkg-deb -x "$package" "$dir.part"
done
rm -rf "$dir.part"/{apt,log,*.deb}
mv "$dir.part" "$dir"
