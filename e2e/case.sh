# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The start of every e2e case: `. case.sh BUILD_DIR NAME`. A case exits 0 when all it checks is so; when not, what the cluster said is kept.
set -euo pipefail
shopt -s inherit_errexit
BUILD=${1:?usage: CASE BUILD_DIR}
OUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/out/e2e/$(basename "$0")
mkdir -p "$OUT"
# shellcheck source=e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=e2e/acts.sh
. "$(dirname "${BASH_SOURCE[0]}")/acts.sh"

case_end() {
	local rc=$?
	clients_stop
	((rc == 0)) || diagnose
	exit "$rc"
}
trap case_end EXIT

# A case that needs somewhere to go waits until what earlier cases did to the nodes is forgiven.
nodes_forgiven() { [[ $(k -n shop get escapepolicy ledger -o jsonpath='{.status.hackedNodes}') =~ ^0?$ ]]; }
nobody_hacked() { wait_until 120 "earlier alarms are forgiven" nodes_forgiven; }

# client_connect: one client over one connection to the service, from now on.
client_connect() {
	client_start client "$(address_of "$(pod_of shop ledger)")" 5
	wait_until 20 "the client is served" client_answers_after client 0 50
}

# copies_running: how many copies of the service run on all nodes together (frozen ones do not run).
copies_running() {
	local node n=0
	for node in node-a node-b node-c; do
		# shellcheck disable=SC2016
		n=$((n + $(lab on "$node" sh -c 'n=0; for p in $(pgrep -f "^/usr/local/bin/ledger /data/book 8"); do
			c=$(sed -n "s/^[0-9]*:freezer://p" /proc/$p/cgroup)
			if [ -n "$c" ]; then s=$(cat /sys/fs/cgroup/freezer$c/freezer.state)
			else s=$(cat /sys/fs/cgroup$(sed -n "s/^0:://p" /proc/$p/cgroup)/cgroup.freeze); fi
			case $s in FROZEN | FREEZING | 1) ;; *) n=$((n + 1)) ;; esac; done; echo $n')))
	done
	echo "$n"
}

# escape_reaches NAMESPACE NAME REGEX: its phase matches.
escape_reaches() { [[ $(escape_get "$1" "$2" | jq -r '.status.phase // "Pending"') =~ ^($3)$ ]]; }

kill_agent() {
	local pid
	pid=$(lab on "$1" pgrep -x escape-agent)
	lab on "$1" kill -9 "$pid"
	say "killed the agent of $1 (pid $pid)"
}

# kill_operator: on whichever node it runs.
kill_operator() {
	local node pid
	node=$(k -n "$RELEASE_NS" get pods -l app.kubernetes.io/component=operator -o jsonpath='{.items[0].spec.nodeName}')
	pid=$(lab on "$node" pgrep -x escape-operator)
	lab on "$node" kill -9 "$pid"
	say "killed the operator on $node (pid $pid)"
}
