#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# netns.sh run COMMAND... - run COMMAND in a network namespace of its own, which has a
# tap device for NET=tap and goes when COMMAND ends.
#
# netns.sh create | remove - one that stays, named vireo, for two terminals:
# netns.sh exec COMMAND... - run COMMAND in it.
#
# This side of the wire is 10.9.0.1 and fd09::1, the image's 10.9.0.2 and fd09::2.
# TAP_QUEUES=N: the tap has N queues. Needs root.
set -euo pipefail

name=vireo
usage="usage: tools/netns.sh run COMMAND..., create, exec COMMAND..., remove"

die()
{
	echo "vireo: $1" >&2
	exit 1
}

# In the namespace. Duplicate address detection would make fd09::1 late.
set_up()
{
	local -a several=()

	[ "${TAP_QUEUES:-1}" = 1 ] || several=(multi_queue)
	ip link set lo up
	ip tuntap add tap0 mode tap "${several[@]}"
	echo 0 >/proc/sys/net/ipv6/conf/tap0/accept_dad 2>/dev/null || true
	ip address add 10.9.0.1/24 dev tap0
	ip address add fd09::1/64 dev tap0 nodad
	ip link set tap0 up
}

inside()
{
	ip netns exec "$name" "$@"
}

[ $# -ge 1 ] || die "$usage"
action=$1
shift
[ "$(id -u)" = 0 ] || die "a network namespace needs root"
command -v ip >/dev/null || "$(dirname "$0")/setup.sh" netns
case $action in
run)
	[ $# -ge 1 ] || die "$usage"
	exec unshare --net -- "$0" begin "$@"
	;;
begin)
	set_up
	exec "$@"
	;;
create)
	! ip netns list | grep -q "^$name\b" || die "the namespace $name exists"
	ip netns add "$name"
	inside "$0" begin true || { ip netns delete "$name"; exit 1; }
	;;
exec)
	[ $# -ge 1 ] || die "$usage"
	ip netns list | grep -q "^$name\b" ||
		die "there is no namespace $name: tools/netns.sh create makes it"
	exec ip netns exec "$name" "$@"
	;;
remove)
	ip netns delete "$name"
	;;
*)
	die "$usage"
	;;
esac
