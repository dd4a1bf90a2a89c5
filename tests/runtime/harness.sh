#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the cases in cases.sh are written with. Sourced.
# shellcheck disable=SC2034
set -eEu
export PATH=/test:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
keepers=/run/escape/containers orders=0 uid=11111111-2222-3333-4444-555555555555
export LIVE=2 KEEP_FROZEN=1 starter=

trap 'echo "FAILED: line $LINENO: $BASH_COMMAND" >&2' ERR

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
	mkdir -p "$b"/{layers/1/{dev,proc,sys,gone,opaque/old},layers/2,upper,work,rootfs}
	cp /test/prey "$b/layers/1/prey"
	(cd "$b" && mount -t overlay overlay \
		-o "lowerdir=${lowerdir:-$b/layers/2:$b/layers/1},upperdir=$b/upper,workdir=$b/work" "$b/rootfs")
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
has_controllers() { # a v2 hierarchy beside v1 ones has none
	[ ! -e /sys/fs/cgroup/cgroup.controllers ] || grep -q memory /sys/fs/cgroup/cgroup.controllers ||
		! echo "  left out: no controllers"
}
container_pids() { cat "/sys/fs/cgroup$CGROUP/$ID/cgroup.procs" "/sys/fs/cgroup/pids$CGROUP/$ID/cgroup.procs" 2>/dev/null || true; }
portrait() { # of each thread of $ID, by its pid in the container: who it is, what it may; its limits and its cgroup's
	local pid task
	for pid in $(container_pids); do
		for task in "/proc/$pid/task"/*; do
			awk -F'\t' '/^NSpid/ {print "pid " $NF}' "$task/status"
			grep -E '^(Name|Uid|Gid|Groups|Threads|NoNewPrivs|Seccomp.*|Cap...):' "$task/status"
			cat "$task/limits"
			echo "oom $(cat "/proc/$pid/oom_score_adj") label $(cat "$task/attr/current" 2>/dev/null || true)"
		done | awk '/^pid / {pid = $2} {print pid " " $0}'
	done | sort -s -n -k 1,1
	for pid in memory.max cpu.max pids.max; do
		[ ! -e "/sys/fs/cgroup$CGROUP/$ID/$pid" ] || echo "$pid $(cat "/sys/fs/cgroup$CGROUP/$ID/$pid")"
	done
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
held() { # ID ARGS-JSON [JQ-FILTER]: a successor whose start is held
	bundle "$1" "$2" "$(pod container esc-1)" "${3:-.}"
	create "$1"
	is "$(told successor)" 1
	escape-runc --log "/bundles/$1/log" --log-format json start "$1" 2>"/bundles/$1/start.err" &
	starter=$!
	until_true sh -c "order $1 status | grep -q held"
}
