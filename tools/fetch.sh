#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# fetch.sh [-l LOCK] [-o FOLDER] NAME [PATH...] - put the source of one
# third-party part under build/.
#
# The part's line in tools/deps.lock, or in the file LOCK, names a Debian source
# package, its upstream tarball and the tarball's SHA-256. The tarball comes from
# the folder VIREO_DEPS, or from this machine's own apt sources: a private apt
# configuration under build/ holds the same entries as `deb-src`, so the
# system's stays as it is. A file counts only once its checksum is right.
#
# NAME's tree ends up in build/third-party/src/NAME, or in FOLDER; the PATHs are
# the only ones to unpack (relative to the tarball's top folder).
#
# fetch.sh -p PACKAGE - print the line of a deps.lock for the version of a source
# package that apt has now.
set -euo pipefail

cd "$(dirname "$0")/.."
base=$PWD/build/third-party
apt_dir=$base/apt

die()
{
	echo "vireo: $1" >&2
	exit 1
}

usage="usage: tools/fetch.sh [-l LOCK] [-o FOLDER] NAME [PATH...], or -p PACKAGE"
lock=tools/deps.lock
out=
pin=
while getopts l:o:p: option; do
	case $option in
	l) lock=$OPTARG ;;
	o) out=$OPTARG ;;
	p) pin=$OPTARG ;;
	*) die "$usage" ;;
	esac
done
shift $((OPTIND - 1))
[ -n "$pin" ] || [ $# -ge 1 ] || die "$usage"

sha256_of()
{
	sha256sum <"$1" | cut -d' ' -f1
}

# Print the deb-src twin of every deb entry of one-line style files.
list_sources()
{
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		sed -nE 's/^[[:space:]]*deb[[:space:]]/deb-src /p' || true
}

# The same for deb822 files: the stanzas that offer `deb`, as `deb-src`.
deb822_sources()
{
	local f
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -r "$f" ] || continue
		sed '/^#/d' "$f" | awk '
			BEGIN { RS = ""; FS = "\n"; ORS = "\n\n" }
			/(^|\n)Enabled:[ \t]*no/ { next }
			/(^|\n)Types:[^\n]*deb([ \t\n]|$)/ {
				sub(/Types:[^\n]*/, "Types: deb-src")
				print
			}'
	done
}

private_apt()
{
	apt-get -qq -o Dir::Etc::SourceList="$apt_dir/vireo.list" \
		-o Dir::Etc::SourceParts="$apt_dir/parts" \
		-o Dir::State::Lists="$apt_dir/lists" \
		-o Dir::Cache="$apt_dir/cache" \
		-o Acquire::Languages=none -o APT::Sandbox::User= "$@"
}

prepare_apt()
{
	mkdir -p "$apt_dir"/{parts,lists/partial,cache/archives/partial}
	list_sources >"$apt_dir/vireo.list"
	deb822_sources >"$apt_dir/parts/vireo.sources"
	[ -s "$apt_dir/vireo.list" ] || [ -s "$apt_dir/parts/vireo.sources" ] ||
		die "cannot download $file: /etc/apt names no package source; \
add one, or put $file into a folder and set VIREO_DEPS to it"
	# A source that is down matters only if it holds what is wanted.
	private_apt update >"$apt_dir/log" 2>&1 || true
}

# A folder for what apt downloads, which goes with this script.
make_partial()
{
	partial=$base/download/partial.$$
	rm -rf "$partial"
	mkdir -p "$partial"
	trap 'rm -rf "$partial"' EXIT
}

# The pinned package version first; a later security revision of the same
# upstream version carries the same tarball, and the checksum decides anyway.
download()
{
	make_partial
	(cd "$partial" && for want in "$package=$version" "$package"; do
		private_apt source --download-only "$want" && break
	done) >>"$apt_dir/log" 2>&1 || true
	if [ ! -f "$partial/$file" ]; then
		grep '^[EW]:' "$apt_dir/log" | head -n 4 >&2 || true
		die "cannot download $file (see above): check the network, or \
put $file into a folder and set VIREO_DEPS to it"
	fi
	accept "$partial/$file"
}

# Move a file to its final name if its checksum is right.
accept()
{
	local got
	got=$(sha256_of "$1")
	[ "$got" = "$expected" ] ||
		die "$file has the wrong SHA-256: expected $expected, got $got; \
delete it where it came from and fetch it again, and do not use this one"
	mv "$1" "$tarball"
}

get_tarball()
{
	if [ -f "$tarball" ] && [ "$(sha256_of "$tarball")" = "$expected" ]; then
		return
	fi
	mkdir -p "$base/download"
	rm -f "$tarball"
	if [ -n "${VIREO_DEPS:-}" ]; then
		[ -r "$VIREO_DEPS/$file" ] ||
			die "VIREO_DEPS=$VIREO_DEPS holds no $file: put it there, \
or unset VIREO_DEPS to download it"
		cp "$VIREO_DEPS/$file" "$tarball.part"
		accept "$tarball.part"
	elif [ -n "${VIREO_OFFLINE:-}" ]; then
		die "$file is missing and VIREO_OFFLINE is set: put it into a \
folder and set VIREO_DEPS to it"
	elif ! command -v apt-get >/dev/null; then
		die "$file is missing and there is no apt-get: take it from \
Debian's source package $package $version, put it into a folder and set \
VIREO_DEPS to it"
	else
		echo "vireo: fetching $file (Debian source $package)" >&2
		prepare_apt
		download
	fi
}

# Unpack beside the final place and rename: a broken run leaves nothing there.
unpack()
{
	local dir=${out:-$base/src/$name} top
	local -a only=()

	top=$(tar -tf "$tarball" 2>/dev/null | sed -n '1s|/.*||p;1q' || true)
	[ -n "$top" ] || die "$file is not a tarball; delete $tarball"
	[ $# -eq 0 ] || only=("${@/#/$top/}")
	rm -rf "$dir" "$dir.part"
	mkdir -p "$dir.part"
	tar -xf "$tarball" -C "$dir.part" --strip-components=1 \
		--no-same-owner "${only[@]}"
	mv "$dir.part" "$dir"
}

# apt checks what it downloads against Debian's signatures. A package that is
# Debian's own has one tarball and no .orig.
print_pin()
{
	local file

	make_partial
	prepare_apt
	(cd "$partial" && private_apt source --download-only "$pin") \
		>>"$apt_dir/log" 2>&1 || true
	file=$(cd "$partial" && find . -name '*.orig.tar.*[!c]' -o \
		-name '*.tar.*' ! -name '*.orig*' ! -name '*.debian.tar.*' |
		sed 's|^\./||' | sort | head -n 1)
	if [ -z "$file" ]; then
		grep '^[EW]:' "$apt_dir/log" | head -n 4 >&2 || true
		die "cannot download the source package $pin (see above)"
	fi
	printf '%s\t%s\t%s\t%s\t%s\n' "$pin" "$pin" \
		"$(sed -n 's/^Version: //p' "$partial"/*.dsc)" "$file" \
		"$(sha256_of "$partial/$file")"
	mv "$partial/$file" "$base/download/$file"
}

# Another make may fetch the same part.
mkdir -p "$base/download"
exec 9>"$base/fetch.lock"
flock 9

if [ -n "$pin" ]; then
	print_pin
	exit
fi
name=$1
shift
line=$(awk -v name="$name" '$1 == name' "$lock")
[ -n "$line" ] || die "$lock has no part named '$name'"
read -r _ package version file expected <<<"$line"
tarball=$base/download/$file
get_tarball
unpack "$@"
