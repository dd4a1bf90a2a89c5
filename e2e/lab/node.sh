# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A node: namespaces over an overlay of the cached tree. Its disk ($DISKS/nodes/NODE) outlives a power cut, its network
# namespace, mounts, processes and cgroups do not.

node_check() {
	[[ -n ${1:-} && " ${NODES[*]} " == *" $1 "* ]] || die "no such node: '${1:-}' (there are: ${NODES[*]})"
}

node_disk() {
	echo "$DISKS/nodes/$1"
}

# Writes what an installer would have put on the node's disk.
node_install() {
	local node=$1 disk upper
	disk=$(node_disk "$node")
	upper=$disk/upper
	mkdir -p "$disk"/{upper,work,root,containerd,kubelet,escape/store,loaded} "$STORE" \
		"$upper"/{etc/{cni/net.d,containerd,kubernetes,lab},opt/escape/bin,usr/local/sbin,var/log} \
		"$upper"/var/lib/{containerd,kubelet,escape,lab}
	install -m 755 "$LAB_SRC/node/init.sh" "$upper/usr/local/sbin/lab-init"
	install -m 755 "$LAB_SRC/node/run.sh" "$upper/usr/local/sbin/lab-run"
	install -m 755 "$LAB_SRC/node/service.sh" "$upper/usr/local/sbin/lab-service"
	install -m 644 "$LAB_SRC/node/containerd.toml" "$upper/etc/containerd/config.toml"
	sed "s#@PODS@#$(node_pods "$node")#" "$LAB_SRC/node/cni.json" >"$upper/etc/cni/net.d/10-pods.conflist"
	sed "s#@NODE@#$node#; s#@CGROUP@#$CGROUP#" "$LAB_SRC/node/kubelet.yaml" >"$upper/etc/kubernetes/kubelet.yaml"
	cp "$PKI/ca.crt" "$PKI/proxy.conf" "$upper/etc/kubernetes/"
	cp "$PKI/$node.conf" "$upper/etc/kubernetes/kubelet.conf"
	cp "$PKI/$node.crt" "$upper/etc/kubernetes/node.crt"
	cp "$PKI/$node.key" "$upper/etc/kubernetes/node.key"
	echo "$node" >"$upper/etc/hostname"
	echo "127.0.0.1 localhost $node" >"$upper/etc/hosts"
	echo "nameserver 127.0.0.1" >"$upper/etc/resolv.conf"
	[[ -s $upper/etc/machine-id ]] || tr -d - </proc/sys/kernel/random/uuid >"$upper/etc/machine-id"
	cat >"$upper/etc/lab/node.env" <<END
NODE=$node
CGROUP=$CGROUP
NODE_IP=$(node_ip "$node")
NODE_LABELS=topology.kubernetes.io/zone=${NODE_ZONE[$node]},topology.kubernetes.io/region=$NODE_REGION,lab/machine=$(vmnode_is "$node" && echo yes || echo no)
POD_CIDR=$POD_CIDR
END
}

node_boot() {
	local node=$1 disk
	if vmnode_is "$node"; then
		vmnode_boot "$node"
		return
	fi
	disk=$(node_disk "$node")
	net_make_node "$node"
	proc_start "$node.parent" "$disk/boot.log" nsenter --net="$(net_path "$node")" -- \
		unshare --mount --pid --fork --kill-child --uts --ipc -- \
		"$BASH" "$LAB_SRC/node/enter.sh" "$node" "$STATE/procs/$node" "$disk" "$STORE" \
		"$(cache_kubernetes)/node:$(cache_node_tree)"
	wait_until 30 "$node boots" node_runs_containerd "$node" || node_fail "$node"
}

node_runs_containerd() {
	local pid
	proc_alive "$1.parent" || node_fail "$1"
	pid=$(proc_pid "$1") && [[ -S /proc/$pid/root/run/containerd/containerd.sock ]]
}

node_fail() {
	say "last lines of $(node_disk "$1")/boot.log:"
	tail -n 5 "$(node_disk "$1")/boot.log" >&2
	die "$1 did not boot"
}

# Everything in the node dies with its pid 1; what is left is the kernel's own, and goes here.
node_kill() {
	local node=$1
	if vmnode_is "$node"; then
		vmnode_kill "$node"
		return
	fi
	proc_kill "$node"
	proc_kill "$node.parent"
	net_remove "$node"
	cgroup_remove "$node"
}

node_enter() {
	local node=$1 pid
	shift
	node_check "$node"
	if vmnode_is "$node"; then
		vmnode_enter "$node" "$@"
		return
	fi
	pid=$(proc_pid "$node") || die "$node is powered off"
	# From /, as the caller's directory does not exist there.
	cd /
	nsenter --target "$pid" --mount --uts --ipc --net --pid -- \
		env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
}

node_is_ready() {
	[[ $(kubectl_quiet get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null) == True ]]
}

# A node's pod network is fixed by its CNI configuration; its Node object has to say the same.
node_tell_pods() {
	kubectl_quiet patch node "$1" --type merge -p \
		"{\"spec\":{\"podCIDR\":\"$(node_pods "$1")\",\"podCIDRs\":[\"$(node_pods "$1")\"]}}" >/dev/null
}

lab_power_off() {
	node_check "$1"
	proc_alive "$1" || die "$1 is powered off already"
	node_kill "$1"
	say "$1 is off"
}

lab_power_on() {
	node_check "$1"
	proc_alive apiserver || die "the lab is not up"
	if proc_alive "$1"; then
		die "$1 is powered on already"
	fi
	node_kill "$1"
	node_boot "$1"
	image_load_missing "$1"
	say "$1 is on"
}

lab_cut() {
	node_check "$1"
	proc_alive "$1" || die "$1 is powered off"
	net_cable "$1" down
	say "$1 is cut off"
}

lab_heal() {
	node_check "$1"
	proc_alive "$1" || die "$1 is powered off"
	net_cable "$1" up
	say "$1 is connected"
}
