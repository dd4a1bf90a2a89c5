#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fills a folder with what containerd keeps of images, in mount and pid namespaces of its own: under emulation a machine would
# take minutes to import them. Arguments: LOWER (overlay's lower layers) FOLDER ARCHIVE...
set -eu
lower=$1 folder=$2
shift 2
mount --make-rprivate /
work=$folder/seed
mkdir "$work"
mount -t tmpfs tmpfs "$work"
mkdir "$work"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$work/upper,workdir=$work/work" "$work/root"
mkdir -p "$work/root"/{var/lib/containerd,images}
mount -t proc proc "$work/root/proc"
mount --rbind /dev "$work/root/dev"
mount -t tmpfs tmpfs "$work/root/run"
mount --bind "$folder" "$work/root/var/lib/containerd"
for archive in "$@"; do
	: >"$work/root/images/${archive##*/}"
	mount --bind "$archive" "$work/root/images/${archive##*/}"
done
# shellcheck disable=SC2016
exec chroot "$work/root" /bin/bash -eu -c '
	containerd --log-level warn &
	timeout 120 bash -c "until ctr version >/dev/null 2>&1; do sleep 0.1; done"
	for archive in /images/*; do
		ctr -n k8s.io images import --local --digests=false "$archive" >/dev/null
	done
	kill $!
	wait $! || true'
