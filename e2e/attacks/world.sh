# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The attack lab's world: each service in two variants, each watched by its own detector, with its users and its intruder. Needs lib.sh.

ATTACKS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
NS=attacks
VARIANTS=(fused bosc)
REPLICAS=${REPLICAS:-2}
declare -A DETECTOR=([fused]=Fused [bosc]=BoSC)

services_all() { find "$ATTACKS/services" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort; }
port_of() { sed -n 's/^PORT = //p' "$ATTACKS/outside/$1.py"; }
image_folders_of() {
	printf '%s\n' "$ATTACKS/images/debian" "$ATTACKS/images/outside"
	(($# == 0)) || printf "$ATTACKS/services/%s\n" "$@"
}

# Services are spread over the nodes in the order of their names.
node_of() {
	local nodes=(node-a node-b node-c) i=0 service
	for service in $(services_all); do
		[[ $service != "$1" ]] || echo "${nodes[i % 3]}"
		i=$((i + 1))
	done
}

# policy_apply SERVICE VARIANT MODE LEARNING
policy_apply() {
	k apply -f - >/dev/null <<Y
apiVersion: escape.dev/v1alpha1
kind: EscapePolicy
metadata: {name: $1-$2, namespace: $NS}
spec:
  selector: {matchLabels: {app: $1, variant: $2}}
  workload: {type: Stateful}
  detection: {detector: ${DETECTOR[$2]}, mode: $3, learning: {$4}}
  response: {rollbacks: 20, within: 10m, snapshotInterval: 10s, safeAfter: 3s, snapshotsKept: 3}
Y
}

policy_known() { k -n "$NS" get escapepolicy "$1" -o json | jq -e '.metadata.generation == .status.observedGeneration' >/dev/null; }

# Who serves under an account of its own keeps what a container has by default; the others get by without any of it.
security_of() {
	[[ $1 == nginx || $1 == ftp ]] || printf 'allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, '
	printf 'seccompProfile: {type: RuntimeDefault}'
}

# service_apply SERVICE VARIANT
service_apply() {
	k apply -f - >/dev/null <<Y
apiVersion: v1
kind: Service
metadata: {name: $1-$2, namespace: $NS}
spec: {selector: {app: $1, variant: $2}, ports: [{port: $(port_of "$1")}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1-$2, namespace: $NS}
spec:
  replicas: $REPLICAS
  strategy: {rollingUpdate: {maxSurge: 100%, maxUnavailable: 0}}
  selector: {matchLabels: {app: $1, variant: $2}}
  template:
    metadata: {labels: {app: $1, variant: $2}}
    spec:
      terminationGracePeriodSeconds: 5
      nodeSelector: {kubernetes.io/hostname: $(node_of "$1")}
      containers:
        - name: service
          image: docker.io/local/$1:1
          imagePullPolicy: Never
          ports: [{containerPort: $(port_of "$1")}]
          readinessProbe: {tcpSocket: {port: $(port_of "$1")}, periodSeconds: 2, failureThreshold: 10}
          resources: {limits: {memory: 256Mi}}
          securityContext: {$(security_of "$1")}
Y
}

# outside_pod NAME NODE ARGS...
outside_pod() {
	local name=$1 node=$2
	shift 2
	k apply -f - >/dev/null <<Y
apiVersion: v1
kind: Pod
metadata: {name: $name, namespace: $NS, labels: {app: $name}}
spec:
  terminationGracePeriodSeconds: 0
  nodeSelector: {kubernetes.io/hostname: $node}
  volumes: [{name: outside, configMap: {name: outside}}]
  containers:
    - name: outside
      image: docker.io/local/outside:1
      imagePullPolicy: Never
      args: $(jq -cn '$ARGS.positional' --args -- "$@")
      env: [{name: PYTHONDONTWRITEBYTECODE, value: "1"}, {name: PYTHONPATH, value: /outside}]
      volumeMounts: [{name: outside, mountPath: /outside}]
Y
}

outside_scripts() {
	k create namespace "$NS" --dry-run=client -o yaml | k apply -f - >/dev/null
	k -n "$NS" delete configmap outside --ignore-not-found >/dev/null
	k -n "$NS" create configmap outside --from-file="$ATTACKS/outside" --from-file="$ATTACKS/acts" >/dev/null
}

# service_up SERVICE: all variants, their users, and the intruder. MODE and LEARNING are the policies', learning without end
# unless they say otherwise.
service_up() {
	local variant
	for variant in "${VARIANTS[@]}"; do
		policy_apply "$1" "$variant" "${MODE:-Observe}" "${LEARNING:-minEpochs: 1000000}"
		wait_until 30 "the policy of $1-$variant is known" policy_known "$1-$variant"
		service_apply "$1" "$variant"
	done
	for variant in "${VARIANTS[@]}"; do
		wait_until 120 "$1-$variant is ready" variant_pods "$1" "$variant" >/dev/null
		outside_pod "users-of-$1-$variant" "$(node_of "$1")" /outside/use.py "$1" \
			"$(k -n "$NS" get service "$1-$variant" -o jsonpath='{.spec.clusterIP}')"
	done
	outside_pod "intruder-$1" "$(node_of "$1")" -c 'import time; time.sleep(1e9)'
	wait_until 60 "the intruder is there" pod_of "$NS" "intruder-$1" >/dev/null
}

# variant_pods SERVICE VARIANT: its pods as one JSON array, when all are ready and none ends.
variant_pods() {
	k -n "$NS" get pods -l "app=$1,variant=$2" -o json | jq -ce --argjson n "$REPLICAS" '.items | select(length == $n)
		| select(all(.metadata.deletionTimestamp == null and ([.status.conditions[]? | select(.type == "Ready" and .status == "True")] | length) == 1))'
}

variant_watched() {
	local pods
	pods=$(variant_pods "$1" "$2") && k get nodereports -o json | jq -e --argjson pods "$pods" '[.items[].status.containers[]? | select(.state == "Watching") | .podUID] as $watched
		| [$pods[].metadata.uid] - $watched == []' >/dev/null
}

all_watched() {
	local variant
	for variant in "${VARIANTS[@]}"; do
		variant_watched "$1" "$variant" || return
	done
}

# service_house SERVICE SIGNAL: tells the entry of all its pods to keep house: USR1 rotate, HUP reload, USR2 back up, TERM end.
service_house() {
	local pod
	for pod in $(k -n "$NS" get pods -l "app=$1,variant" --field-selector status.phase=Running -o name); do
		k -n "$NS" exec "$pod" -- kill "-$2" 1 >/dev/null 2>&1 || say "$pod: no house was kept ($2)"
	done
}

# service_renew SERVICE: a rolling update of all variants, until the new ones are watched.
service_renew() {
	local variant
	for variant in "${VARIANTS[@]}"; do
		k -n "$NS" rollout restart deployment "$1-$variant" >/dev/null
	done
	for variant in "${VARIANTS[@]}"; do
		k -n "$NS" rollout status deployment "$1-$variant" --timeout=240s >/dev/null
	done
	wait_until 120 "the new pods of $1 are watched" all_watched "$1"
}

# container_pids POD_JSON: the processes of its container, as the host numbers them.
container_pids() {
	local id
	id=$(jq -r '.status.containerStatuses[0].containerID | split("//")[1]' <<<"$1")
	find /sys/fs/cgroup -path "*$id/cgroup.procs" -exec cat {} + 2>/dev/null | sort -nu
}

# container_init POD_JSON: the container's own process 1.
container_init() {
	local pid
	for pid in $(container_pids "$1"); do
		[[ $(sed -n 's/^NSpid:.*\t//p' "/proc/$pid/status" 2>/dev/null) != 1 ]] || {
			echo "$pid"
			return
		}
	done
	return 1
}

# container_runs POD_JSON REGEX: one of its command lines matches.
container_runs() {
	local pid
	for pid in $(container_pids "$1"); do
		[[ ! $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) =~ $2 ]] || return 0
	done
	return 1
}

# intrude SERVICE ACT ADDRESS: carries it out; prints what attack.py says.
intrude() {
	local me
	me=$(k -n "$NS" get pod "intruder-$1" -o jsonpath='{.status.podIP}')
	timeout 120 "$E2E/lab/lab" k -n "$NS" exec "intruder-$1" -- python3 /outside/attack.py "$2" "$1" "$3" "$me"
}

# served SERVICE ADDRESS: one user gets an answer.
served() { k -n "$NS" exec "intruder-$1" -- timeout 10 python3 -c 'import importlib, sys; importlib.import_module(sys.argv[1]).once(sys.argv[2])' "$1" "$2" >/dev/null 2>&1; }
