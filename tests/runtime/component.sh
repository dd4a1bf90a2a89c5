#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# escape-runc against the real runc and CRIU, without an engine: component.sh ESCAPE_RUNC TOOLS_DIR [CASE ...]
# Runs in namespaces of its own, in an overlay of the node tree (ESCAPE_NODE_TREE); cases are in cases.sh beside this file.
set -eu
runc=$(realpath "$1") tools=$(realpath "$2") here=$(dirname "$(realpath "$0")")
tree=${ESCAPE_NODE_TREE:-${ESCAPE_CACHE:-/var/cache/escape}/prep/tree}

skip() {
	echo "skipped: $1"
	exit 77
}

[ "$(id -u)" = 0 ] || skip "needs root"
[ -x "$tree/usr/sbin/runc" ] && [ -x "$tree/usr/sbin/criu" ] || skip "no node tree at $tree"

if [ "${ESCAPE_COMPONENT_INSIDE:-}" != 1 ]; then
	work=$(mktemp -d "${TMPDIR:-/var/tmp}/escape-runtime.XXXXXX")
	cgroup=/escape-runtime-${work##*.}
	leave() {
		for dir in /sys/fs/cgroup/*"$cgroup" /sys/fs/cgroup"$cgroup"; do
			[ ! -d "$dir" ] || find "$dir" -depth -type d -exec rmdir {} \; || true
		done
		rm -rf "$work"
	}
	trap leave EXIT
	ESCAPE_COMPONENT_INSIDE=1 WORK=$work CGROUP=$cgroup \
		unshare --mount --pid --net --ipc --uts --fork --kill-child "$0" "$@"
	exit
fi

mount --make-rprivate /
mkdir "$WORK"/{upper,work,root,bundles}
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$WORK/upper,workdir=$WORK/work" "$WORK/root"
root=$WORK/root
mkdir -p "$root"/{test,bundles,old}
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$WORK/bundles" "$root/bundles"
cp "$runc" "$root/usr/local/bin/escape-runc"
for tool in prey talk shim order; do cp "$tools/runtime-$tool" "$root/test/$tool"; done
cp "$here"/{harness,cases}.sh "$root/test/"
cd "$root"
pivot_root . old
umount -l /old
mount --make-rshared /
ip link set lo up
shift 2
exec /bin/bash /test/cases.sh "$@" </dev/null
