#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# check_vars.sh NAME=value... - what is wrong with make's variables, as one line.
#
# Prints nothing when all is well; the Makefile stops with what it prints.
set -euo pipefail

wrong()
{
	echo "$name=$value: $1"
	exit 0
}

check_app()
{
	local dir=$value

	[[ ! $value =~ [[:space:]\'\"] ]] || wrong "the path may hold no blanks"
	[ ! -d "apps/$value" ] || dir=apps/$value
	[ -d "$dir" ] || wrong "neither apps/$value nor $value is a folder"
	compgen -G "$dir/*.[cS]" >/dev/null || [ -e "$dir/app.mk" ] ||
		wrong "$dir holds no C file and no app.mk"
}

check_config()
{
	[[ $value =~ ^[A-Za-z0-9_-]+$ ]] && [ -e "configs/${value}_defconfig" ] &&
		return
	wrong "there is no configs/${value}_defconfig; there are: $(
		cd configs && printf '%s\n' *_defconfig |
			sed 's/_defconfig//' | paste -sd' ')"
}

# Third-party parts and stamps are in build/ whatever BUILD is.
check_build()
{
	local dir

	[ -n "$value" ] || wrong "must name a folder"
	[[ ! $value =~ [[:space:]\'\"] ]] || wrong "the path may hold no blanks"
	for dir in build "$value"; do
		{ mkdir -p "$dir" 2>/dev/null && [ -w "$dir" ]; } ||
			wrong "the folder $dir cannot be written"
	done
}

# What is Debian's own is installed when it is needed.
check_qemu()
{
	[[ $value =~ ^(newest|qemu-system-riscv64)$ ]] ||
		command -v "${value%% *}" >/dev/null ||
		wrong "there is no such program"
}

for setting in "$@"; do
	name=${setting%%=*}
	value=${setting#*=}
	case $name in
	APP) check_app ;;
	BUILD) check_build ;;
	CONFIG) check_config ;;
	QEMU) check_qemu ;;
	SMP) [[ $value =~ ^[1-9][0-9]{0,2}$ && $value -le 128 ]] ||
		wrong "must be a number of harts from 1 to OpenSBI's 128" ;;
	MEM) [[ $value =~ ^[1-9][0-9]*[KMG]?$ ]] ||
		wrong "must be a size such as 16M or 2G" ;;
	NET) [[ $value =~ ^(user|tap|none)$ ]] ||
		wrong "must be user, tap or none" ;;
	PORTS) [[ $value =~ ^([0-9]+:[0-9]+(,[0-9]+:[0-9]+)*)?$ ]] ||
		wrong "must be host:guest,..." ;;
	LOOPS | RUNS) [[ $value =~ ^[1-9][0-9]*$ ]] ||
		wrong "must be a number, 1 or more" ;;
	ICOUNT) [[ $value =~ ^[01]?$ ]] || wrong "must be 0 or 1" ;;
	DISK | INITRD) [ -z "$value" ] || [ -r "$value" ] ||
		wrong "there is no such file" ;;
	esac
done
