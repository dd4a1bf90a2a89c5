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
	marks_end
	exit "$rc"
}
trap case_end EXIT

# kubectl_escape ARGUMENT...: the admin's tool against the lab.
kubectl_escape() { KUBECONFIG=$(lab kubeconfig) on_lan "$BUILD/cli/kubectl-escape" "$@"; }

# choice_repeats NAMESPACE ESCAPE: chosen again from what is recorded, it is the same node.
choice_repeats() {
	local again
	again=$(kubectl_escape explain "$2" -n "$1" --replay) || fail "the choice does not repeat: $again"
	tail -1 <<<"$again"
}

# An admin's word on a node, and its end, at the latest with the case.
MARKED=()
node_mark() {
	MARKED+=("$1")
	k apply -f - >/dev/null <<<"{\"apiVersion\": \"escape.dev/v1alpha1\", \"kind\": \"NodeVerdict\", \"metadata\": {\"name\": \"$1\"},
		\"spec\": {\"mark\": \"Hacked\", \"reason\": \"an e2e case\"}}"
}
node_unmark() { k delete nodeverdict "$1" --ignore-not-found >/dev/null; }
marks_end() {
	local node
	for node in "${MARKED[@]}"; do node_unmark "$node" || true; done
}

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
