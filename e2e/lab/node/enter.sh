#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# First process of a node, in its new mount, pid, uts and ipc namespaces: mounts the node's root and hands over to its init.
# Arguments: NODE RECORD DISK STORE LOWER (overlay's lower layers). All mounts are private: they end with the node.
set -eu
node=$1 record=$2 disk=$3 store=$4 lower=$5

# /proc is still the host's, so this is the pid by which the host knows this process.
read -r -a stat </proc/self/stat
printf '%s %s\n' "${stat[0]}" "${stat[21]}" >"$record"

mount --make-rprivate /
root=$disk/root
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$disk/upper,workdir=$disk/work" "$root"
mount --rbind /dev "$root/dev"
mkdir -p "$root/sys" "$root/var/lib/lab/cgroup"
mount --rbind /sys/fs/cgroup "$root/var/lib/lab/cgroup"
for own in containerd kubelet escape; do
	mount --bind "$disk/$own" "$root/var/lib/$own"
done
mount --bind "$store" "$root/var/lib/escape/store"

cd "$root"
mkdir -p old
pivot_root . old
mount -t proc proc /proc
umount --lazy /old
exec /usr/local/sbin/lab-init "$node"
