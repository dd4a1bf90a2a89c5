# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Nodes that are virtual machines with a stock kernel (e2e/vm): the same tree, the same files of an installer, the same network and
# store as the nodes in namespaces, but a kernel, cgroup v2 and a pid 1 of their own. Their data disk outlives a power cut.

VMNODE_PORT=9000
VMNODE_MEMORY=2048
VMNODE_DATA=8G
VMNODE_IMAGES=(pause escape-agent ledger) # others would cost time for nothing
declare -A VMNODE_KERNEL=() VMNODE_INIT=()

vmnode_is() {
	[[ -n ${VMNODE_KERNEL[$1]:-} ]]
}

vmnode_tool() {
	"$LAB_SRC/../vm/vm" "$@"
}

# Which nodes of the lab that is up are machines: one a line, NODE KERNEL INIT.
vmnode_load() {
	local node kernel init
	[[ -f $DISKS/vm-nodes ]] || return 0
	while read -r node kernel init; do
		vmnode_take "$node" "$kernel" "$init"
	done <"$DISKS/vm-nodes"
}

vmnode_take() {
	local node kept=()
	for node in "${NODES[@]}"; do
		[[ $node == "$1" ]] || kept+=("$node")
	done
	NODES=("${kept[@]}" "$1")
	VMNODE_KERNEL[$1]=$2
	VMNODE_INIT[$1]=$3
}

# vmnode_parse NODE=KERNEL[:systemd]: prints the record.
vmnode_parse() {
	local node=${1%%=*} kernel=${1#*=} init=lab
	if [[ $kernel == *:systemd ]]; then
		kernel=${kernel%:systemd} init=systemd
	fi
	[[ -n ${NODE_NUMBER[$node]:-} && $1 == *=* ]] || die "--vm $1: NODE=KERNEL[:systemd], NODE one of ${!NODE_NUMBER[*]}"
	vmnode_tool kernels | cut -d' ' -f1 | grep -qxF -e "$kernel" || die "--vm $1: no kernel '$kernel' (see e2e/vm/vm kernels)"
	echo "$node $kernel $init"
}

# vmnode_wanted --vm SPEC...: prints a record for each that is not in the lab yet.
vmnode_wanted() {
	local record node kernel init
	while (($#)); do
		[[ $1 == --vm && -n ${2:-} ]] || die "up takes --vm NODE=KERNEL[:systemd], not '$1'"
		record=$(vmnode_parse "$2")
		read -r node kernel init <<<"$record"
		if vmnode_is "$node"; then
			[[ ${VMNODE_KERNEL[$node]} == "$kernel" && ${VMNODE_INIT[$node]} == "$init" ]] ||
				die "$node is in the lab with kernel ${VMNODE_KERNEL[$node]} and init ${VMNODE_INIT[$node]}"
		else
			! proc_alive "$node" || die "$node is in the lab already, without a machine"
			echo "$record"
		fi
		shift 2
	done
}

vmnode_kubernetes() {
	echo "$CACHE/vm-$(basename "$(cache_kubernetes)")"
}

# Not of the node tree: the programs of Kubernetes on a disk of their own, for all machines.
vmnode_kubernetes_build() {
	truncate -s $(($(du -sm "$(cache_kubernetes)/node" | cut -f1) + 32))M "$1/disk"
	mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$(cache_kubernetes)/node" "$1/disk"
}

vmnode_prepare() {
	vmnode_tool prepare "$@"
	cache_need "$(vmnode_kubernetes)" vmnode_kubernetes_build
}

# vmnode_join_all RECORDS: those that vmnode_wanted has printed.
vmnode_join_all() {
	local node kernel init
	[[ -n $1 ]] || return 0
	# shellcheck disable=SC2046
	vmnode_prepare $(cut -d' ' -f2 <<<"$1" | sort -u)
	while read -r node kernel init; do
		vmnode_join "$node" "$kernel" "$init" </dev/null
	done <<<"$1"
}

# vmnode_join NODE KERNEL INIT: makes it one of the lab's nodes; it boots like the others.
vmnode_join() {
	local node=$1 other
	vmnode_take "$@"
	pki_node "$node"
	net_ip cp route replace "$(node_pods "$node")" via "$(node_ip "$node")"
	for other in "${NODES[@]}"; do
		[[ $other == "$node" ]] || ! proc_alive "$other" ||
			node_enter "$other" ip route replace "$(node_pods "$node")" via "$(node_ip "$node")"
	done
	node_install "$node"
	vmnode_install "$node"
	echo "$*" >>"$DISKS/vm-nodes"
}

# What an installer does otherwise on a real machine: none of what only namespaces need, and systemd where it is pid 1.
vmnode_install() {
	local node=$1 disk upper
	disk=$(node_disk "$node")
	upper=$disk/upper
	sed -i '/^cgroupRoot\|^failCgroupV1\|^enforceNodeAllocatable\|^oomScoreAdj\|^localStorage/d' "$upper/etc/kubernetes/kubelet.yaml"
	sed -i '/restrict_oom_score_adj/d' "$upper/etc/containerd/config.toml"
	echo 'KUBELET_FLAGS="--v=0 --housekeeping-interval=60s"' >>"$upper/etc/lab/node.env"
	install -m 755 "$LAB_SRC/node/shell.sh" "$upper/usr/local/sbin/lab-shell"
	if [[ ${VMNODE_INIT[$node]} == systemd ]]; then
		sed -i 's/^cgroupDriver:.*/cgroupDriver: systemd/' "$upper/etc/kubernetes/kubelet.yaml"
		sed -i 's/SystemdCgroup = false/SystemdCgroup = true/' "$upper/etc/containerd/config.toml"
		mkdir -p "$upper/etc/systemd/system"
		install -m 644 "$LAB_SRC/node/lab.target" "$LAB_SRC/node/lab@.service" "$upper/etc/systemd/system/"
		ln -s lab.target "$upper/etc/systemd/system/default.target"
	fi
	vmnode_seed "$node"
	# A journal: a power cut is what this disk is for.
	mke2fs -q -t ext4 -E lazy_itable_init=1 -m 0 -d "$disk" "$(vmnode_data "$node")" "$VMNODE_DATA" >/dev/null
}

vmnode_wants_image() {
	! vmnode_is "$1" || [[ " ${VMNODE_IMAGES[*]} " == *" $2 "* ]]
}

# The images that are built, as containerd would have them after importing them.
vmnode_seed() {
	local disk name archives=()
	disk=$(node_disk "$1")
	for name in "${VMNODE_IMAGES[@]}"; do
		[[ -f $IMAGES/$name.stamp ]] || continue
		archives+=("$IMAGES/$name.tar")
		cp "$IMAGES/$name.stamp" "$disk/loaded/$name"
	done
	((${#archives[@]})) || return 0
	unshare --mount --pid --fork --kill-child -- "$BASH" "$LAB_SRC/node/seed.sh" "$(cache_node_tree)" "$disk/containerd" \
		"${archives[@]}" >"$disk/seed.log" 2>&1 || die "the images of $1 could not be imported (see $disk/seed.log)"
	rmdir "$disk/containerd/seed"
}

vmnode_data() {
	echo "$(node_disk "$1").data"
}

vmnode_boot() {
	local node=$1 disk other
	disk=$(node_disk "$node")
	net_ip lan link show "ve-$node" >/dev/null 2>&1 || net_ip lan tuntap add "ve-$node" mode tap
	net_ip lan link set "ve-$node" master br0 up
	mkdir -p "$disk/boot"
	install -m 755 "$LAB_SRC/node/machine.sh" "$disk/boot/run"
	{
		echo "NODE=$node ADDRESS=$(node_ip "$node")/24 GATEWAY=$PLANE_IP INIT=${VMNODE_INIT[$node]}"
		for other in "${NODES[@]}"; do
			[[ $other == "$node" ]] || echo "ROUTES+=('$(node_pods "$other") via $(node_ip "$other")')"
		done
	} >"$disk/boot/env"
	vmnode_share "$node"
	proc_start "$node" "$disk/boot.log" nsenter --net="$(net_path lan)" -- \
		"$LAB_SRC/../vm/vm" boot --memory "$VMNODE_MEMORY" --append "mitigations=off rcupdate.rcu_expedited=1 audit=0" --init /vm/run "${VMNODE_KERNEL[$node]}" "$disk/boot" -- \
		-object "memory-backend-memfd,id=memory,size=${VMNODE_MEMORY}M,share=on" -machine memory-backend=memory \
		-chardev "socket,id=store,path=$STATE/$node.store" -device vhost-user-fs-pci,chardev=store,tag=store \
		-drive "id=kubernetes,if=none,format=raw,readonly=on,file=$(vmnode_kubernetes)/disk" \
		-device virtio-blk-pci,drive=kubernetes,serial=kubernetes \
		-drive "id=data,if=none,format=raw,cache=writeback,file=$(vmnode_data "$node")" -device virtio-blk-pci,drive=data,serial=data \
		-netdev "tap,id=net,ifname=ve-$node,script=no,downscript=no" \
		-device "virtio-net-pci,netdev=net,romfile=,mac=52:54:00:88:00:0${NODE_NUMBER[$node]}"
	# Each look costs the machine a good part of a second.
	WAIT_STEP=2 wait_until 300 "$node boots" vmnode_runs_containerd "$node" || node_fail "$node"
}

# The store as a file system that the machine shares with the host; its daemon ends with the machine.
vmnode_share() {
	local node=$1
	rm -f "$STATE/$node.store"
	proc_start "$node.store" "$(node_disk "$node")/store.log" /usr/lib/qemu/virtiofsd --socket-path="$STATE/$node.store" -f \
		-o "source=$STORE,sandbox=chroot,cache=none,xattr" --rlimit-nofile=0
	wait_until 10 "the store of $node is shared" test -S "$STATE/$node.store"
}

vmnode_runs_containerd() {
	proc_alive "$1" || node_fail "$1"
	vmnode_enter "$1" test -S /run/containerd/containerd.sock 2>/dev/null
}

# A power cut. The tap stays: it is the cable in the bridge's port.
vmnode_kill() {
	proc_kill "$1"
	proc_kill "$1.store"
}

# vmnode_enter NODE COMMAND...: standard input goes along when it is a file.
vmnode_enter() {
	local node=$1 answer rc=0
	shift
	proc_alive "$node" || die "$node is powered off"
	answer=$(mktemp)
	vmnode_ask "$(node_ip "$node")" "$@" >"$answer" 2>/dev/null || true
	vmnode_tell "$answer" || rc=$?
	rm -f "$answer"
	return "$rc"
}

# The words, with a NUL behind each, and the size of what follows them, in one line; see node/shell.sh.
vmnode_ask() {
	local address=$1 size=0
	# shellcheck disable=SC2016
	local talk='exec 3<>"/dev/tcp/$0/$1" && cat >&3 && cat <&3'
	shift
	[[ ! -f /dev/stdin ]] || size=$(stat -L -c %s /dev/stdin)
	{
		echo "$size $(printf '%s\0' "$@" | base64 -w0)"
		((size == 0)) || cat
	} | nsenter --net="$(net_path cp)" -- "$BASH" -c "$talk" "$address" "$VMNODE_PORT"
}

# Standard output, standard error, and in 13 digits the size of the latter and the status.
vmnode_tell() {
	local size errors status
	size=$(stat -c %s "$1")
	if ((size < 13)); then
		say "the machine does not answer"
		return 255
	fi
	errors=$(tail -c 13 "$1" | head -c 10)
	status=$(tail -c 3 "$1")
	head -c $((size - 13 - 10#$errors)) "$1"
	tail -c $((13 + 10#$errors)) "$1" | head -c $((10#$errors)) >&2
	return $((10#$status))
}
