#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# pid 1 of a virtual machine that is a node, while it still is in the system's throw-away layer (see e2e/vm): puts the node's root
# together from the system, the programs of Kubernetes and the disk that outlives a power cut, and hands over to the node's init.
set -eu
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ROUTES=()
# shellcheck source=/dev/null
. /vm/env

disk() {
	local serial
	for serial in /sys/block/vd*/serial; do
		[[ $(<"$serial") != "$1" ]] || echo "/dev/$(basename "${serial%/serial}")"
	done
}

modprobe -a virtio_net virtiofs
mkdir -p /node/{system,kubernetes,data,root}
mount -t ext4 -o ro "$(disk root)" /node/system
mount -t ext4 -o ro "$(disk kubernetes)" /node/kubernetes
mount -t ext4 "$(disk data)" /node/data
root=/node/root
mount -t overlay overlay -o lowerdir=/node/kubernetes:/node/system,upperdir=/node/data/upper,workdir=/node/data/work "$root"
for own in containerd kubelet escape; do
	mount --bind "/node/data/$own" "$root/var/lib/$own"
done
mount -t virtiofs store "$root/var/lib/escape/store"
mkdir -p "$root/usr/lib/modules"
mount --move /usr/lib/modules "$root/usr/lib/modules"
cat >"$root/usr/local/sbin/lab-machine-init" <<END
#!/bin/bash
$(tail -n +2 /sbin/vm-mounts)
exec lab-run shell containerd kubelet kube-proxy
END
chmod 755 "$root/usr/local/sbin/lab-machine-init"

# A moved pod's address is reached over another interface than the subnet's: no reverse-path check.
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
ip link set lo up
ip link set eth0 up
ip address add "$ADDRESS" dev eth0
ip route add default via "$GATEWAY"
for route in "${ROUTES[@]}"; do
	# shellcheck disable=SC2086
	ip route add $route
done

for folder in proc sys dev; do
	mount --move "/$folder" "$root/$folder"
done
cd "$root"
mount --move . /
case $INIT in
systemd) exec chroot . /usr/lib/systemd/systemd ;;
lab) exec chroot . /usr/local/sbin/lab-machine-init ;;
esac
