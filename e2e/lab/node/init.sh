#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# pid 1 of a node: the file systems a booted machine has, then its services (run.sh). Killing this process is a power cut.
set -u
node=$1
# shellcheck source=/dev/null
. /etc/lab/node.env

mount -t sysfs sysfs /sys
mount --rbind /var/lib/lab/cgroup /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mkdir -p /run/lock /run/escape
# A booted machine has its own boot id: kubelet tells a reboot by it.
cat /proc/sys/kernel/random/uuid >/run/boot_id
mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
mount --make-rshared /
hostname "$node"

for hierarchy in /sys/fs/cgroup/*/; do
	[[ -L ${hierarchy%/} ]] && continue
	mkdir -p "$hierarchy$CGROUP/$node"
	# A new cpuset is empty, and an empty one admits no process.
	[[ -f ${hierarchy}cpuset.cpus ]] || continue
	for group in "$hierarchy$CGROUP" "$hierarchy$CGROUP/$node"; do
		cat "${hierarchy}cpuset.cpus" >"$group/cpuset.cpus"
		cat "${hierarchy}cpuset.mems" >"$group/cpuset.mems"
	done
done

exec lab-run containerd kubelet kube-proxy
