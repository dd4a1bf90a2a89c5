# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the cases on virtual machines share: two nodes with stock kernels, and two non-root services on the first of them, one to be attacked and
# its neighbour. Deadlines are ten times those of other cases: everything in a machine is emulated. Needs case.sh.

OLD_NODE="node-d" NEW_NODE="node-e"

# Looking often would take from the machines what little they get.
# shellcheck disable=SC2034
WAIT_STEP=2
# shellcheck disable=SC2034
CLIENT_ANSWER_MS=300000
OLD_KERNEL=6.1 NEW_KERNEL=newest

node_can() {
	k get nodereport "$1" -o json 2>/dev/null | jq -e '.status.canDetect and .status.canRestore' >/dev/null
}

machines_up() {
	local node
	lab up --vm "$OLD_NODE=$OLD_KERNEL" --vm "$NEW_NODE=$NEW_KERNEL:systemd"
	for node in "$OLD_NODE" "$NEW_NODE"; do
		wait_until 600 "the agent of $node is ready" node_can "$node"
	done
	k get nodereports "$OLD_NODE" "$NEW_NODE" -o json | jq -c '.items[] | {node: .metadata.name, kernel: .status.kernel,
		features: (.status.features | map({(.name): (if .available then .detail // "" else "no: " + (.detail // "") end)}) | add)}'
}

# The kernels, the cgroup driver and what the kernel can do are told as they are.
check_reports() {
	k get nodereports -o json | jq -e --arg old "$OLD_NODE" --arg new "$NEW_NODE" '
		def has($f): .features[] | select(.name == $f);
		(.items[] | select(.metadata.name == $old) | .status | (.kernel | startswith("6.1.")) and (has("cgroups").detail == "v2") and
			(has("cgroupDriver").detail == "cgroupfs") and has("softDirty").available and (has("pagemapScan").available | not) and has("bpfFentry").available)
		and (.items[] | select(.metadata.name == $new) | .status | (has("cgroups").detail == "v2") and (has("cgroupDriver").detail == "systemd") and
			has("pagemapScan").available and has("bpfFentry").available and (.cpuFeatures | test("\\bsse2\\b")))' >/dev/null ||
		fail "the NodeReports of the machines do not say what is so"
}

# The namespace refuses whatever is not restricted; successors are made in it as well.
services_up() {
	local app pod
	k cordon "$NEW_NODE" >/dev/null
	k apply -f - >/dev/null <<'Y'
apiVersion: v1
kind: Namespace
metadata: {name: mixed, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: escape.dev/v1alpha1
kind: EscapePolicy
metadata: {name: services, namespace: mixed}
spec:
  selector: {matchLabels: {guarded: "yes"}}
  detection: {detector: BoSC, epochSize: 300, threshold: 60, learning: {minEpochs: 15, stableFor: 8}}
  response: {rollbacks: 3, within: 60m, snapshotInterval: 30s, safeAfter: 10s}
  placement: {cooldown: 1s}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: motto, namespace: mixed}
data: {motto: "count everything"}
Y
	for app in victim neighbour; do
		service_apply "$app"
	done
	for app in victim neighbour; do
		wait_until 600 "the $app is ready" pod_of mixed "$app" >/dev/null
		pod=$(pod_of mixed "$app")
		client_start "learn-$app" "$(address_of "$pod")" 5 150 2500
	done
	for app in victim neighbour; do
		wait_until 900 "the behaviour of the $app is learned" is_watching mixed "$(pod_of mixed "$app" | jq -r .metadata.uid)"
	done
	clients_stop
	wait_until 600 "a safe snapshot of the victim" has_safe_snapshot mixed "$(pod_of mixed victim | jq -r .metadata.uid)"
	k uncordon "$NEW_NODE" >/dev/null
}

# uid 1000, no capability, no new privileges, seccomp, a read-only root and a group of the volume's files.
service_apply() {
	k apply -f - >/dev/null <<Y
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1, namespace: mixed}
spec:
  replicas: 1
  selector: {matchLabels: {app: $1}}
  template:
    metadata: {labels: {app: $1, guarded: "yes"}}
    spec:
      nodeSelector: {lab/machine: "yes"}
      securityContext: {runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 2000, seccompProfile: {type: RuntimeDefault}}
      volumes: [{name: motto, configMap: {name: motto}}]
      containers:
        - name: $1
          image: docker.io/local/ledger:1
          imagePullPolicy: Never
          args: [/dev/null, "8"]
          readinessProbe: {tcpSocket: {port: 7000}, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 30}
          resources: {requests: {memory: 32Mi, cpu: 50m}, limits: {memory: 96Mi, cpu: 900m}}
          volumeMounts: [{name: motto, mountPath: /etc/motto, readOnly: true}]
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
Y
}

# identity NODE POD: who the service's process is, as its kernel says, and what its cgroup allows it. A container's host name is the pod's.
identity() {
	# shellcheck disable=SC2016
	lab on "$1" sh -c 'for p in $(pgrep -x ledger); do
		[ "$(nsenter --target $p --uts hostname)" = "$0" ] || continue
		sed -n "/^\(Uid\|Gid\|Groups\|Cap[A-Z][a-z]*\|NoNewPrivs\|Seccomp\|Seccomp_filters\):/p" /proc/$p/status
		cd /sys/fs/cgroup$(sed -n "s/^0:://p" /proc/$p/cgroup)
		cat memory.max cpu.max pids.max
		sed -n "s/^[^/]* \(\/ \/ r[ow]\),.*/\1/p" /proc/$p/mountinfo; done' "$2"
}

# services_running APP: how many of its processes run on both machines together (frozen ones do not run).
services_running() {
	local node n=0
	for node in "$OLD_NODE" "$NEW_NODE"; do
		# shellcheck disable=SC2016
		n=$((n + $(lab on "$node" sh -c 'n=0; for p in $(pgrep -x ledger); do
			nsenter --target $p --uts hostname | grep -q "^$0-" || continue
			grep -q 1 /sys/fs/cgroup$(sed -n "s/^0:://p" /proc/$p/cgroup)/cgroup.freeze || n=$((n + 1)); done; echo $n' "$1")))
	done
	echo "$n"
}

# move_of NAMESPACE POD_UID: the name of the Move of that pod.
move_of() { k -n "$1" get escapes -o json | jq -re --arg uid "$2" '[.items[] | select(.spec.kind == "Move" and .spec.podUID == $uid)] | first.metadata.name // empty'; }
rollback_of() { k -n "$1" get escapes -o json | jq -re --arg uid "$2" '[.items[] | select(.spec.kind == "Rollback" and .spec.podUID == $uid)] | first.metadata.name // empty'; }
