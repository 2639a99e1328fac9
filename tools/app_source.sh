#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# app_source.sh path|get APP_DIR SOURCE PATCHES PREPARE PACKAGES - the third-party
# source that an app is made from.
#
# SOURCE to PACKAGES are what app.mk sets APP_SOURCE, APP_PATCHES, APP_PREPARE and
# APP_PACKAGES to. The source packages are unpacked side by side into one folder,
# each under its name; then the patches are applied and the script is run, both in
# that folder. Its name holds a hash of everything that makes it what it is, so it
# is never changed: another patch is another folder, and apps and configurations
# that ask for the same share it.
#
# path: print the folder's name, or `! ` and what is wrong. get: make it.
set -euo pipefail

cd "$(dirname "$0")/.."
action=$1
app=$2
read -r -a sources <<<"$3"
read -r -a patches <<<"$4"
prepare=$5
read -r -a packages <<<"$6"

wrong()
{
	if [ "$action" = path ]; then
		echo "! $1"
		exit 0
	fi
	echo "vireo: $1" >&2
	exit 1
}

# The app's own pins come before the tree's.
lock_of()
{
	local lock

	for lock in "$app/deps.lock" tools/deps.lock; do
		if [ -e "$lock" ] && grep -q "^$1[[:blank:]]" "$lock"; then
			echo "$lock"
			return
		fi
	done
}

# Everything that the folder's text depends on.
ingredients()
{
	local source file

	for source in "${sources[@]}"; do
		grep "^${source}[[:blank:]]" "$(lock_of "$source")" | cut -f 1,4-
	done
	for file in "${patches[@]}" $prepare; do
		cat "$app/$file"
	done
}

for source in "${sources[@]}"; do
	[ -n "$(lock_of "$source")" ] ||
		wrong "APP_SOURCE: neither $app/deps.lock nor tools/deps.lock \
has a part named '$source'"
done
for file in "${patches[@]}" $prepare; do
	[ -r "$app/$file" ] || wrong "there is no $app/$file"
done
folder=build/third-party/apps/${sources[0]}-$(ingredients | sha256sum |
	cut -c 1-12)
if [ "$action" = path ]; then
	echo "$folder"
	exit
fi

# Another make may do the same.
mkdir -p build/third-party/apps
exec 9>"$folder.lock"
flock 9
[ ! -e "$folder" ] || exit 0
work=$PWD/$folder.part
app=$(cd "$app" && pwd)
log=$PWD/$folder.log
rm -rf "$work"
mkdir "$work"

[ ${#patches[@]} = 0 ] || packages+=(patch)
for source in "${sources[@]}"; do
	lock=$(lock_of "$source")
	! grep -q "^${source}[[:blank:]].*\.bz2[[:blank:]]" "$lock" ||
		packages+=(bzip2)
done
tools/setup.sh build -- "${packages[@]}"
for source in "${sources[@]}"; do
	tools/fetch.sh -l "$(lock_of "$source")" -o "$work/$source" "$source"
done
for file in "${patches[@]}"; do
	# A patch has lines as everybody has them, whatever its source has.
	sed -nE 's|^--- a/([^[:blank:]]*).*|\1|p' "$app/$file" |
		(cd "$work" && xargs -r -d '\n' sed -i 's/\r$//')
	patch -d "$work" -p1 -f --no-backup-if-mismatch <"$app/$file" \
		>"$log" 2>&1 || {
		cat "$log" >&2
		wrong "$app/$file does not apply"
	}
done
if [ -n "$prepare" ]; then
	(cd "$work" && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
		bash -eu "$app/$prepare" </dev/null) >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		wrong "$app/$prepare failed (see above and $folder.log)"
	}
fi
# Nobody edits this by mistake.
find "$work" -type f -exec chmod a-w {} +
mv "$work" "$folder"
rm -f "$folder.lock" "$log"
