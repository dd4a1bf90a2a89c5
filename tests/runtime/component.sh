#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# escape-runc against the real runc and CRIU, without an engine: component.sh ESCAPE_RUNC TOOLS_DIR [CASE ...]
# Runs in namespaces of its own, in an overlay of the node tree (ESCAPE_NODE_TREE); cases are in cases.sh beside this file.
set -eu
runc=$(realpath "$1") tools=$(realpath "$2") here=$(dirname "$(realpath "$0")")
tree=${ESCAPE_NODE_TREE:-}
[ -n "$tree" ] || for tree in "${ESCAPE_CACHE:-/var/cache/escape}"/node-*/tree; do :; done # the last is as good as any

skip() {
	echo "skipped: $1"
	exit 77
}

[ "$(id -u)" = 0 ] || skip "needs root"
[ -x "$tree/usr/sbin/criu" ] || skip "no node tree at $tree"

if [ "${ESCAPE_COMPONENT_INSIDE:-}" != 1 ]; then
	work=$(mktemp -d "${TMPDIR:-/var/tmp}/escape-runtime.XXXXXX")
	cgroup=/escape-runtime-${work##*.}
	trap 'find /sys/fs/cgroup -depth -type d -path "*$cgroup*" -exec rmdir {} \; ; rm -rf "$work"' EXIT
	ESCAPE_COMPONENT_INSIDE=1 ESCAPE_WORK=$work CGROUP=$cgroup \
		unshare --mount --pid --net --ipc --uts --fork --kill-child "$0" "$@"
	exit
fi

mount --make-rprivate /
root=$ESCAPE_WORK/root
mkdir "$ESCAPE_WORK"/{upper,work,root,bundles}
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$ESCAPE_WORK/upper,workdir=$ESCAPE_WORK/work" "$root"
mkdir -p "$root"/{test,bundles,old}
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
if [ "${ESCAPE_CGROUP:-}" = v2 ]; then
	# Shown nothing else, runc, CRIU and the keeper take the host for one of cgroup v2.
	v2=$(findmnt -n -t cgroup2 -o TARGET | head -1)
	[ -n "$v2" ] || skip "no cgroup v2 hierarchy"
	mount --bind "$v2" "$root/sys/fs/cgroup"
elif ! findmnt -n -t cgroup -O freezer >/dev/null; then
	skip "no cgroup v1 freezer"
else
	mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
fi
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$ESCAPE_WORK/bundles" "$root/bundles"
cp "$runc" "$root/usr/local/bin/escape-runc"
for tool in prey talk shim order console; do cp "$tools/runtime-$tool" "$root/test/$tool"; done
cp "$here"/{harness,cases,cases_move,cases_secure}.sh "$here/seccomp.json" "$root/test/"
cd "$root"
pivot_root . old
umount -l /old
mount --make-rshared /
ip link set lo up
shift 2
exec /bin/bash /test/cases.sh "$@" </dev/null
