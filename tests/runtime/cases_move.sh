#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# More cases: held starts, a move with its connections, namespaces of others, a real engine. Sourced by cases.sh.
# shellcheck source=tests/runtime/harness.sh
. /test/harness.sh

case_held_release() {
	held released '["/prey", "serve", "7009"]'
	give release
	wait "$starter" || fail "start failed"
	until_true grep -q ready /bundles/released/out
	is "$(talk 127.0.0.1 7009 1)" "1 1"
	end
}

case_held_skip() {
	held skipped '["/prey", "serve", "7010"]'
	give skip
	wait "$starter" || fail "start failed"
	is "$(exited)" 0
	delete
}

case_held_refuse() {
	held refused '["/prey", "serve", "7011"]'
	give refuse "text=the escape was called off"
	! wait "$starter" || fail "start succeeded"
	grep -q 'called off' /bundles/refused/start.err
	jq -se 'any(.msg | contains("called off"))' /bundles/refused/log >/dev/null
	is "$(exited)" 137
	delete
}

case_held_given_up() {
	held lonely '["/prey", "serve", "7012"]'
	kill -KILL "$starter"
	wait "$starter" 2>/dev/null && fail "start succeeded"
	is "$(exited)" 137
	nothing_left || fail "processes are left"
	delete
}

case_held_restore_fails() {
	serving source 7013 "$(pod)"
	mkdir /bundles/source/dump
	give snapshot dir=/bundles/source/dump
	end
	rm /bundles/source/dump/img/core-1.img
	held target '["/prey", "serve", "7013"]'
	refused RestoreFailed restore dir=/bundles/source/dump
	! wait "$starter" || fail "start succeeded"
	grep -q 'Error (criu' /bundles/target/start.err || fail "$(cat /bundles/target/start.err)"
	is "$(exited)" 137
	nothing_left || fail "processes are left"
	delete
}

case_joins_the_real_init() {
	serving owner 7014 "$(pod)"
	local keeper init
	keeper=$(told keeper) init=$(told init)
	bundle debug '["/prey", "wait"]' "$(pod)" "(.linux.namespaces[] | select(.type == \"pid\")).path = \"/proc/$keeper/ns/pid\""
	create debug
	is "$(readlink "/proc/$(told init)/ns/pid")" "$(readlink "/proc/$init/ns/pid")"
	jq -e '.linux.namespaces[] | select(.path == "/proc/'"$init"'/ns/pid")' /bundles/debug/config.json >/dev/null
	end
	ID=owner
	end
}

node_nets() { # two networks below this one, of which one has the address 10.9.0.2
	local node
	for node in a b; do
		ip netns add node-$node
		ip link add port-$node type veth peer name peer-$node netns node-$node
		ip link set port-$node up
		ip addr add 10.9.0.1/32 dev port-$node
		ip -n node-$node link set lo up
		ip -n node-$node link set peer-$node up
		ip -n node-$node route add 10.9.0.1/32 dev peer-$node
	done
	ip -n node-a addr add 10.9.0.2/32 dev peer-a
	ip route replace 10.9.0.2/32 dev port-a
}

nets_gone() {
	ip netns del node-a
	ip netns del node-b
}

in_net() { # NODE: a jq filter
	echo '.linux.namespaces += [{"type": "network", "path": "/run/netns/node-'"$1"'"}]'
}

moves() { # ARGS-JSON [JQ-FILTER]: from container "from" to "to", with a connection; the dump stays in /bundles/from/dump
	node_nets
	bundle from "$1" "$(pod)" "$(in_net a) | ${2:-.}"
	create from
	rt start from
	until_true grep -q ready /bundles/from/out
	held to "$1" "$(in_net b) | ${2:-.}"
	talk 10.9.0.2 7015 stream /tmp/stop >/tmp/stream &
	local client=$!
	until_true grep -q began /tmp/stream
	ID=from
	mkdir /bundles/from/dump
	ip -n node-a link set peer-a down
	give snapshot dir=/bundles/from/dump "flags=$KEEP_FROZEN" || fail "$reply"
	is "$(told state)" frozen
	portrait >/tmp/before
	ID=to
	ip -n node-b addr add 10.9.0.2/32 dev peer-b
	give restore dir=/bundles/from/dump "flags=$LIVE" || fail "$reply"
	portrait >/tmp/after
	diff /tmp/before /tmp/after || fail "not as before the move"
	# Not before: what reaches the new place before its connections are there is reset.
	ip route replace 10.9.0.2/32 dev port-b
	touch /tmp/stop
	wait $client || fail "$(cat /tmp/stream)"
	rm /tmp/stop
	echo "  $(tail -1 /tmp/stream)"
	ID=from
	end
	ID=to
}

case_move() {
	moves '["/prey", "serve", "7015"]'
	end
	nets_gone
}

prey_image() { # an image of nothing but prey
	mkdir -p /tmp/image/root
	cp /test/prey /tmp/image/root/
	tar -C /tmp/image/root -cf /tmp/image/layer.tar prey
	jq -n --arg sum "sha256:$(sha256sum </tmp/image/layer.tar | cut -d' ' -f1)" '{architecture: "amd64", os: "linux",
		config: {Entrypoint: ["/prey"]}, rootfs: {type: "layers", diff_ids: [$sum]}}' >/tmp/image/config.json
	echo '[{"Config": "config.json", "RepoTags": ["docker.io/local/prey:1"], "Layers": ["layer.tar"]}]' >/tmp/image/manifest.json
	tar -C /tmp/image -cf /tmp/prey.tar manifest.json config.json layer.tar
}

# The same under a real engine: its shim watches the keeper, mounts the root, counts the cgroup.
case_containerd() {
	has_controllers || return 0
	containerd --root /bundles/containerd --log-level warn >/bundles/containerd.log 2>&1 &
	local containerd=$!
	prey_image
	until_true ctr version
	ctr image import --local /tmp/prey.tar >/dev/null
	ctr run -d --runc-binary /usr/local/bin/escape-runc --net-host --cgroup "$CGROUP/ctr" docker.io/local/prey:1 ctr \
		/prey serve 7030
	ID=ctr
	is "$(ctr task ls | awk '$1 == "ctr" {print $2, $3}')" "$(told keeper) RUNNING"
	until_true talk 127.0.0.1 7030 0
	is "$(talk 127.0.0.1 7030 4)" "4 4"
	mkdir /bundles/snapshot
	give snapshot dir=/bundles/snapshot
	is "$(talk 127.0.0.1 7030 4)" "8 8"
	give restore dir=/bundles/snapshot
	is "$(talk 127.0.0.1 7030 1)" "5 5"
	is "$(ctr task ls | awk '$1 == "ctr" {print $3}')" RUNNING
	ctr task metrics ctr | grep -q memory || fail "no metrics after a rollback"
	local status=0
	ctr task exec --exec-id e1 ctr /prey exit 9 || status=$?
	is $status 9
	ctr task kill ctr
	until_true sh -c 'ctr task ls | grep -q STOPPED'
	ctr task delete ctr 2>&1 | grep -q 'exit code 7' || fail "the engine lost the exit status"
	ctr container delete ctr
	[ ! -e "$keepers/ctr" ] || fail "$keepers/ctr is left"
	kill "$containerd"
	wait "$containerd"
}
