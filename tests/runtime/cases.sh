#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The cases of component.sh, run inside its namespaces. Each is a function case_NAME; the first that fails ends the test.
# shellcheck source=tests/runtime/harness.sh
. /test/harness.sh

case_exit_code() {
	bundle exit '["/prey", "exit", "23"]'
	create exit
	is "$(told state)" created
	is "$(told keeper)" "$(cat /bundles/exit/pid)"
	grep -q "$CGROUP/exit" "/proc/$(told keeper)/cgroup" || fail "the keeper is not in the container's cgroup"
	rt start exit
	is "$(exited)" 23
	delete
}

case_verbs() {
	serving verbs 7001
	! grep -q "$CGROUP/verbs" "/proc/$(told keeper)/cgroup" || fail "the keeper is still in the container's cgroup"
	is "$(rt state verbs | jq -r .status)" running
	is "$(rt state verbs | jq -r .pid)" "$(told init)"
	rt ps verbs | grep -q prey
	local status=0
	rt exec verbs /prey exit 5 || status=$?
	is $status 5
	rt update --pids-limit 50 verbs
	rt pause verbs
	is "$(told state)" frozen
	rt resume verbs
	is "$(told state)" running
	rt kill verbs TERM
	is "$(exited)" 7
	delete
	escape-runc --version | grep -q '^runc version'
	escape-runc features | jq -e .ociVersionMax >/dev/null
}

case_rollback() {
	serving prey 7002 "$(pod)"
	local keeper
	keeper=$(told keeper)
	is "$(talk 127.0.0.1 7002 10)" "10 10"
	mkdir /bundles/prey/snapshot
	give snapshot dir=/bundles/prey/snapshot
	is "$(told state)" running
	is "$(talk 127.0.0.1 7002 5)" "15 15"
	local round
	for round in 1 2; do
		talk 127.0.0.1 7002 hold >/tmp/held &
		local client=$!
		until_true grep -q . /tmp/held
		give restore dir=/bundles/prey/snapshot || fail "$reply"
		wait $client
		is "$(tail -1 /tmp/held)" eof
		is "$(told rollbacks)" $round
		is "$(told keeper)" "$keeper"
		is "$(talk 127.0.0.1 7002 3)" "13 13"
		is "$(rt state prey | jq -r .pid)" "$(told init)"
	done
	is "$(order prey restore "order=$orders" "uid=$uid" dir=/bundles/prey/snapshot | sed -n 's/^rollbacks=//p')" 2
	is "$(talk 127.0.0.1 7002 1)" "14 14"
	end
}

case_fence() {
	bundle fenced '["/prey", "wait"]' "$(pod)"
	mkdir -p /run/escape/fences
	touch "/run/escape/fences/$uid"
	create fenced && fail "create went past the fence"
	jq -e '.level == "error" and (.msg | contains("escaped"))' /bundles/fenced/log >/dev/null
	rm "/run/escape/fences/$uid"
	create fenced
	end
}

case_sandbox_is_plain() {
	bundle sandbox '["/prey", "wait"]' "$(pod sandbox)"
	create sandbox
	[ ! -e "$keepers/sandbox" ] || fail "the sandbox has a keeper"
	is "$(rt state sandbox | jq .pid)" "$(cat /bundles/sandbox/pid)"
	rt start sandbox
	rt kill sandbox KILL
	exited >/dev/null
	delete
}

case_protocol() {
	serving proto 7003 "$(pod)"
	order proto garbage || fail "an unknown verb was answered"
	is "$(told state)" running
	refused WrongState release
	refused WrongState start
	refused WrongPod freeze uid=other
	refused DumpIncomplete restore dir=/bundles
	! give restore dir=/bundles/../etc || fail "a path with .. was taken"
	is "$(told state)" running
	end
}

case_freeze_and_kill() {
	serving frozen 7004 "$(pod)"
	give freeze
	is "$(told state)" frozen
	mkdir /bundles/frozen/snapshot
	give snapshot dir=/bundles/frozen/snapshot
	is "$(told state)" frozen
	give thaw
	is "$(talk 127.0.0.1 7004 1)" "1 1"
	give freeze
	give kill
	is "$(exited)" 137
	nothing_left || fail "processes are left"
	delete
}

case_dump_refused() {
	bundle uring '["/prey", "uring"]' "$(pod)"
	create uring
	rt start uring
	until_true grep -q ready /bundles/uring/out
	mkdir /bundles/uring/snapshot
	refused DumpFailed snapshot dir=/bundles/uring/snapshot
	grep -q 'Error' <<<"$reply" || fail "CRIU's reason is missing: $reply"
	is "$(told state)" running
	end
}

case_busy_exec() {
	serving busy 7005 "$(pod)"
	rt exec --detach busy /prey wait
	mkdir /bundles/busy/snapshot
	refused BusyExec snapshot dir=/bundles/busy/snapshot
	is "$(told state)" running
	is "$(talk 127.0.0.1 7005 1)" "1 1"
	end
	nothing_left || fail "processes are left"
}

case_tampered() {
	serving tampered 7006 "$(pod)"
	mkdir /bundles/tampered/snapshot
	give snapshot dir=/bundles/tampered/snapshot
	truncate -s 100 /bundles/tampered/snapshot/img/pages-1.img
	refused RestoreFailed restore dir=/bundles/tampered/snapshot
	is "$(exited)" 137
	nothing_left || fail "processes are left"
	delete
}

case_verbs_in_the_gap() {
	serving gap 7007 "$(pod)"
	mkdir /bundles/gap/snapshot
	give snapshot dir=/bundles/gap/snapshot
	give restore dir=/bundles/gap/snapshot &
	until_true sh -c "order gap status | grep -q busy"
	is "$(rt state gap | jq -r .status)" running
	local status=0
	rt exec gap /prey exit 3 || status=$?
	is $status 3
	wait
	is "$(told state)" running
	end
}

case_dead_keeper() {
	serving orphan 7008
	local init
	init=$(told init)
	kill -KILL "$(told keeper)"
	exited >/dev/null
	delete
	[ ! -e "/proc/$init" ] || fail "the container outlived its keeper and its deletion"
}

case_held_release() {
	held released 7009
	give release
	wait "$starter" || fail "start failed"
	is "$(talk 127.0.0.1 7009 1)" "1 1"
	end
}

case_held_skip() {
	held skipped 7010
	give skip
	wait "$starter" || fail "start failed"
	is "$(exited)" 0
	delete
}

case_held_refuse() {
	held refused 7011
	give refuse "text=the escape was called off"
	! wait "$starter" || fail "start succeeded"
	grep -q 'called off' /bundles/refused/start.err
	jq -se 'any(.msg | contains("called off"))' /bundles/refused/log >/dev/null
	is "$(exited)" 137
	delete
}

case_held_given_up() {
	held lonely 7012
	kill -KILL "$starter"
	! wait "$starter" 2>/dev/null
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
	held target 7013
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

case_move() {
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
	local in_a='.linux.namespaces += [{"type": "network", "path": "/run/netns/node-a"}]'
	bundle from '["/prey", "serve", "7015"]' "$(pod)" "$in_a"
	create from
	rt start from
	until_true grep -q ready /bundles/from/out
	held to 7015 "${in_a//node-a/node-b}"
	talk 10.9.0.2 7015 stream /tmp/stop >/tmp/stream &
	local client=$!
	sleep 0.3
	ID=from
	mkdir /bundles/from/dump
	ip -n node-a link set peer-a down
	give snapshot dir=/bundles/from/dump flags=$KEEP_FROZEN
	is "$(told state)" frozen
	ID=to
	ip -n node-b addr add 10.9.0.2/32 dev peer-b
	ip route replace 10.9.0.2/32 dev port-b
	give restore dir=/bundles/from/dump flags=$LIVE || fail "$reply"
	sleep 0.3
	touch /tmp/stop
	wait $client || fail "$(cat /tmp/stream)"
	echo "  $(cat /tmp/stream)"
	ID=from
	end
	ID=to
	end
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
	command -v containerd >/dev/null || return 0
	containerd --root /bundles/containerd --log-level warn >/bundles/containerd.log 2>&1 &
	local containerd=$!
	prey_image
	until_true ctr version
	ctr image import --local /tmp/prey.tar >/dev/null
	ctr run -d --runc-binary /usr/local/bin/escape-runc --net-host --cgroup "$CGROUP/ctr" docker.io/local/prey:1 ctr \
		/prey serve 7030
	ID=ctr
	is "$(ctr task ls | awk '$1 == "ctr" {print $2, $3}')" "$(told keeper) RUNNING"
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

for name in "${@:-}"; do
	for case in $(declare -F | sed -n "s/^declare -f case_//p"); do
		[ -z "$name" ] || [ "$name" = "$case" ] || continue
		echo "$case"
		reply=
		"case_$case"
	done
done
