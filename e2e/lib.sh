# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the demo and the e2e cases share: the installed stack, clients, attacks, and waiting for what the cluster says.
# Source it after setting BUILD (a CMake build directory).

E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
OUT=${OUT:-$E2E/../out}
RELEASE_NS=escape-system
ATTACK_LINE='REPORT book; id; cat /etc/passwd; ls -laR /etc; find /usr -name "*.so*"; ps aux; cat /proc/net/tcp; uname -a'

lab() { "$E2E/lab/lab" "$@"; }
k() { lab k "$@"; }
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
say() { printf '%s  %s\n' "$(date +%T)" "$*"; }
fail() {
	printf 'FAILED: %s\n' "$*" >&2
	return 1
}

WAIT_STEP=0.2 # seconds between two looks
# wait_until SECONDS DESCRIPTION COMMAND...: polls until the command succeeds.
wait_until() {
	local seconds=$1 what=$2 end
	shift 2
	end=$(($(now_ms) + seconds * 1000))
	until "$@"; do
		(($(now_ms) < end)) || {
			fail "waited $seconds s in vain: $what"
			return 1
		}
		sleep "$WAIT_STEP"
	done
}

stack_install() {
	lab images "$BUILD"
	lab helm upgrade --install escape "$E2E/../helm/escape" --namespace "$RELEASE_NS" --create-namespace \
		--set image.pullPolicy=Never "$@" >/dev/null
	wait_until 120 "operator and agents are ready" stack_ready
}

stack_ready() {
	k -n "$RELEASE_NS" rollout status deployment/escape-operator --timeout=1s >/dev/null 2>&1 &&
		k -n "$RELEASE_NS" rollout status daemonset/escape-agent --timeout=1s >/dev/null 2>&1 &&
		[[ $(k get nodereports -o json 2>/dev/null | jq '[.items[] | select(.status.canDetect and .status.canRestore)] | length') == 3 ]] &&
		[[ -n $(k get mutatingwebhookconfiguration escape-operator -o jsonpath='{.webhooks[0].clientConfig.caBundle}') ]]
}

# pod_of NAMESPACE APP [NODE]: the one running, ready pod as JSON.
pod_of() {
	k -n "$1" get pods -l "app=$2" -o json | jq -ce --arg node "${3:-}" '[.items[] | select(.metadata.deletionTimestamp == null
		and ($node == "" or .spec.nodeName == $node)
		and ([.status.conditions[]? | select(.type == "Ready" and .status == "True")] | length) > 0)] | first // empty'
}

# container_state NAMESPACE POD_UID: what the agent of its node says of it (one JSON object).
container_state() {
	k get nodereports -o json | jq -ce --arg uid "$2" '[.items[].status.containers[]? | select(.podUID == $uid)] | first // empty'
}

# Every container of the pod.
is_watching() {
	k get nodereports -o json | jq -e --arg uid "$2" '[.items[].status.containers[]? | select(.podUID == $uid)] | length > 0 and all(.state == "Watching")' >/dev/null
}
has_safe_snapshot() { [[ -n $(container_state "$1" "$2" | jq -r '.safeGeneration // empty') ]]; }

# escapes_since NAMESPACE MS: Escapes created since, oldest first, one JSON object a line.
escapes_since() {
	k -n "$1" get escapes -o json | jq -c --argjson since "$2" '[.items[]
		| select((.metadata.creationTimestamp | fromdateiso8601) >= ($since / 1000 | floor))] | sort_by(.metadata.creationTimestamp) | .[]'
}

# escape_ended NAMESPACE NAME: prints the Escape when it has ended.
escape_get() { k -n "$1" get escape "$2" -o json; }
escape_ended() { [[ $(escape_get "$1" "$2" | jq -r .status.phase) =~ ^(Succeeded|Aborted|Failed)$ ]]; }

# new_escape NAMESPACE KNOWN: name of an Escape that is not in the space-separated list KNOWN.
new_escape() {
	local name
	for name in $(k -n "$1" get escapes -o jsonpath='{.items[*].metadata.name}'); do
		[[ " $2 " == *" $name "* ]] || {
			echo "$name"
			return 0
		}
	done
	return 1
}

has_new_escape() { new_escape "$@" >/dev/null; }
known_escapes() { k -n "$1" get escapes -o jsonpath='{.items[*].metadata.name}'; }

# The address clients use: the one the service had first.
address_of() { jq -r '(.metadata.annotations["escape.dev/addresses"] // .status.podIP) | split(",")[0]' <<<"$1"; }

# on_lan COMMAND...: runs in the control plane's network namespace, which reaches every pod by plain routes.
on_lan() { nsenter --net="$(lab netns cp)" "$@"; }

CLIENT_PIDS=()
CLIENT_ANSWER_MS=20000 # a request that long without answer counts as lost
# client_start NAME HOST INTERVAL_MS [RECONNECT_EVERY [IDLE_MS]]: logs to OUT/NAME.log.
client_start() {
	mkdir -p "$OUT"
	rm -f "$OUT/$1.log"
	nsenter --net="$(lab netns cp)" "$BUILD/e2e/demo-client" run "$2" 7000 "$OUT/$1.log" "$3" "${4:-0}" "${5:-0}" "$CLIENT_ANSWER_MS" </dev/null >/dev/null 2>&1 &
	CLIENT_PIDS+=($!)
}

clients_stop() {
	local pid
	for pid in "${CLIENT_PIDS[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	CLIENT_PIDS=()
}

client_summary() { "$BUILD/e2e/demo-client" summary "$OUT/$1.log" "$2" "$3"; }
client_answers_after() { [[ -f $OUT/$1.log && $(client_summary "$1" "$2" 99999999999999 | jq '.requests - .lost') -ge ${3:-5} ]]; }

# attack HOST: exploits the service's weakness; prints the ms at which it was sent.
attack() { on_lan "$BUILD/e2e/demo-client" attack "$1" 7000 "$ATTACK_LINE"; }

# anomaly_after NODE POD_UID MS: the first anomaly of that pod detected at or after MS.
anomaly_after() {
	k get nodereport "$1" -o json | jq -ce --arg uid "$2" --argjson since "$3" 'def ms: sub("\\.(?<f>[0-9]+)Z$"; "Z") as $s
		| ($s | fromdateiso8601 * 1000) + ((capture("\\.(?<f>[0-9]{3})").f // "0") | tonumber);
		[.status.anomalies[]? | select(.podUID == $uid and (.detectedAt | ms) >= $since)
		| . + {detectedMs: (.detectedAt | ms), frozenMs: (if .frozenAt then (.frozenAt | ms) else null end)}] | first // empty'
}

has_anomaly_after() { anomaly_after "$@" >/dev/null; }

# Applies the demo's objects and drives load until everything is learned and the service has a safe snapshot.
world_up() {
	local pod node
	k apply -f "$E2E/demo/demo.yaml" >/dev/null
	wait_until 90 "the ledger is ready" pod_of shop ledger >/dev/null
	for node in node-a node-b node-c; do
		wait_until 90 "a guestbook on $node is ready" pod_of tenant guestbook "$node" >/dev/null
	done
	pod=$(pod_of shop ledger)
	client_start learn "$(address_of "$pod")" 5 150 2500
	wait_until 120 "the ledger's behaviour is learned" is_watching shop "$(jq -r .metadata.uid <<<"$pod")"
	for node in node-a node-b node-c; do
		wait_until 120 "the guestbook's behaviour on $node is learned" is_watching tenant "$(pod_of tenant guestbook "$node" | jq -r .metadata.uid)"
	done
	clients_stop
}

diagnose() {
	local dir=$OUT/diagnose
	mkdir -p "$dir"
	k get pods -A -o wide >"$dir/pods.txt" 2>&1 || true
	k get escapepolicies,nodereports,behaviorprofiles,escapes -A -o yaml >"$dir/objects.yaml" 2>&1 || true
	k get events -A --sort-by=.lastTimestamp >"$dir/events.txt" 2>&1 || true
	k -n "$RELEASE_NS" logs deployment/escape-operator --tail=-1 >"$dir/operator.log" 2>&1 || true
	local pod
	for pod in $(k -n "$RELEASE_NS" get pods -l app.kubernetes.io/component=agent -o name 2>/dev/null); do
		k -n "$RELEASE_NS" logs "$pod" --tail=-1 >"$dir/${pod##*/}.log" 2>&1 || true
	done
	echo "what the cluster said is in $dir" >&2
}
