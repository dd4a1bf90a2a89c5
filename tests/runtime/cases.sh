#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The cases of component.sh, run inside its namespaces. Each is a function case_NAME; the first that fails ends the test.
set -eu
export PATH=/test:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
keepers=/run/escape/containers orders=0 uid=11111111-2222-3333-4444-555555555555
LIVE=2 KEEP_FROZEN=1

fail() {
	echo "FAILED in ${FUNCNAME[*]:1:3}: $*" >&2
	tail -n 20 "$keepers"/*/{runc,dump,restore}.log /bundles/*/{out,log} >&2 2>/dev/null || true
	exit 1
}

until_true() { # COMMAND: waits for it to succeed, at most 10 s
	local i
	for ((i = 0; i < 1000; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.01
	done
	fail "never true: $*"
}

bundle() { # ID ARGS-JSON [ANNOTATIONS-JSON [JQ-FILTER]]
	local b=/bundles/$1
	mkdir -p "$b"/{lower/dev,lower/proc,lower/sys,upper,work,rootfs}
	cp /test/prey "$b/lower/prey"
	mount -t overlay overlay -o "lowerdir=$b/lower,upperdir=$b/upper,workdir=$b/work" "$b/rootfs"
	runc spec --bundle "$b"
	jq --argjson args "$2" --arg cgroup "$CGROUP/$1" --argjson annotations "${3:-null}" '.process.args = $args
		| .process.terminal = false | .root.readonly = false | .linux.cgroupsPath = $cgroup
		| .annotations = $annotations | .linux.namespaces |= map(select(.type != "network" and .type != "cgroup"))
		| '"${4:-.}" "$b/config.json" >"$b/new.json"
	mv "$b/new.json" "$b/config.json"
}

pod() { # [CONTAINER-TYPE [ESCAPE]]: annotations
	jq -n --arg type "${1:-container}" --arg escape "${2:-}" --arg uid "$uid" '{"io.kubernetes.cri.sandbox-uid": $uid,
		"io.kubernetes.cri.container-type": $type} + if $escape == "" then {} else {"escape.dev/escape": $escape} end'
}

rt() { escape-runc --log "/bundles/$ID/log" --log-format json "$@"; }
create() {
	ID=$1
	shim "/bundles/$ID" escape-runc --log "/bundles/$ID/log" --log-format json create --bundle "/bundles/$ID" \
		--pid-file "/bundles/$ID/pid" "$ID"
}
serving() { # ID PORT [ANNOTATIONS]: a running container
	bundle "$1" "[\"/prey\", \"serve\", \"$2\"]" "${3:-null}"
	create "$1"
	rt start "$1"
	until_true grep -q ready "/bundles/$1/out"
}
told() { order "$ID" status | sed -n "s/^$1=//p"; }
exited() { until_true test -e "/bundles/$ID/exit" && cat "/bundles/$ID/exit"; }
give() { # VERB [key=value ...]: an order to $ID; the reply is in $reply
	local verb=$1
	shift
	orders=$((orders + 1))
	reply=$(order "$ID" "$verb" "order=$orders" ms=60000 "uid=$(told uid)" "$@") || return 1
	echo "  $ID $verb: $(sed -n 's/^ms=//p' <<<"$reply")"
}
refused() { # REASON VERB ...: an order that must fail
	local reason=$1
	shift
	! give "$@" || fail "$1 was carried out"
	is "$(sed -n 's/^reason=//p' <<<"$reply")" "$reason"
}
is() { [ "$1" = "$2" ] || fail "have \"$1\", want \"$2\"${reply:+; reply: $reply}"; }
nothing_left() { ! grep -q . /sys/fs/cgroup/*"$CGROUP/$ID"/cgroup.procs "/sys/fs/cgroup$CGROUP/$ID/cgroup.procs" 2>/dev/null; }
delete() {
	rt delete "$ID"
	[ ! -e "$keepers/$ID" ] || fail "$keepers/$ID is left"
	umount "/bundles/$ID/rootfs"
}
end() {
	rt kill "$ID" KILL
	is "$(exited)" 137
	delete
}

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
	rt exec verbs /prey exit 5 && fail "exec lost the exit status" || is $? 5
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
	is "$(order prey restore order=$orders "uid=$uid" dir=/bundles/prey/snapshot | sed -n 's/^rollbacks=//p')" 2
	is "$(talk 127.0.0.1 7002 1)" "14 14"
	end
}

for name in "${@:-}"; do
	for case in $(declare -F | sed -n "s/^declare -f case_//p"); do
		[ -z "$name" ] || [ "$name" = "$case" ] || continue
		echo "$case"
		reply=
		"case_$case"
	done
done
