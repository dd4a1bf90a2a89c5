# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The lab's network: a namespace "lan" with one bridge, and on it the control plane ("cp") and the nodes. Pods of all
# nodes are reached by plain routes, as a host-gateway CNI would make them.

net_path() {
	echo "$STATE/netns/$1"
}

net_exists() {
	[[ $(stat -f -c %T "$(net_path "$1")" 2>/dev/null) == nsfs ]]
}

net_ip() {
	local name=$1
	shift
	nsenter --net="$(net_path "$name")" -- ip "$@"
}

net_add() {
	local path
	path=$(net_path "$1")
	mkdir -p "${path%/*}"
	: >"$path"
	unshare --net="$path" true
	net_ip "$1" link set lo up
}

net_remove() {
	local path
	path=$(net_path "$1")
	while net_exists "$1"; do
		umount --lazy "$path"
	done
	rm -f "$path"
}

net_enter() {
	local name=$1
	shift
	net_exists "$name" || die "the lab has no network '$name' (is it up?)"
	exec nsenter --net="$(net_path "$name")" -- "$@"
}

node_ip() {
	echo "10.88.0.$((NODE_NUMBER[$1] + 1))"
}

node_pods() {
	echo "10.244.${NODE_NUMBER[$1]}.0/24"
}

net_make_lan() {
	net_add lan
	net_ip lan link add br0 type bridge stp_state 0
	net_ip lan link set br0 up
}

# net_join NAME ADDRESS: a new namespace NAME on the bridge.
net_join() {
	net_add "$1"
	net_ip lan link add "ve-$1" type veth peer name eth0 netns "$(net_path "$1")"
	net_ip lan link set "ve-$1" master br0 up
	net_ip "$1" addr add "$2/24" dev eth0
	net_ip "$1" link set eth0 up
}

net_make_plane() {
	local node
	net_join cp "$PLANE_IP"
	for node in "${NODES[@]}"; do
		net_ip cp route add "$(node_pods "$node")" via "$(node_ip "$node")"
	done
}

net_make_node() {
	local node=$1 other
	net_join "$node" "$(node_ip "$node")"
	# A moved pod's address is reached over another interface than the subnet's: no reverse-path check.
	nsenter --net="$(net_path "$node")" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
	net_ip "$node" route add default via "$PLANE_IP"
	for other in "${NODES[@]}"; do
		[[ $other == "$node" ]] ||
			net_ip "$node" route add "$(node_pods "$other")" via "$(node_ip "$other")"
	done
}

# The cable, seen from the bridge: the node itself keeps its addresses and routes.
net_cable() {
	net_exists lan || die "the lab is not up"
	net_ip lan link set "ve-$1" "$2"
}

net_is_cut() {
	! net_ip lan -o link show "ve-$1" 2>/dev/null | grep -q '[<,]UP[,>]'
}
