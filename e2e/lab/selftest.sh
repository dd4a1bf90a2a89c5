#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tries every verb of the lab against the real thing, from nothing to nothing (about two minutes with a filled cache).
set -euo pipefail
((UID == 0)) || exit 77
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=conf.sh
. "$here/conf.sh"
# shellcheck source-path=SCRIPTDIR source=util.sh
. "$here/util.sh"

lab() {
	"$here/lab" "$@"
}

ok() {
	printf 'ok - %s\n' "$1"
}

refused() {
	if "$@"; then
		die "should have failed: $*"
	fi
}

nothing_left() {
	[[ ! -e $STATE && ! -e $DISKS ]] || die "files are left"
	refused grep -q "$STATE\|$DISKS" /proc/mounts
	refused compgen -G "/sys/fs/cgroup/*/$CGROUP"
	refused pgrep --list-full --full -- "$DISKS"
}

pods() {
	cat <<'END'
apiVersion: v1
kind: Pod
metadata: {name: server, labels: {app: server}}
spec:
  nodeName: node-a
  terminationGracePeriodSeconds: 0
  containers:
  - name: server
    image: local/base:1
    imagePullPolicy: Never
    command: [sh, -c, 'echo started; while :; do echo hello | nc -lN -p 8080; done']
---
apiVersion: v1
kind: Service
metadata: {name: server}
spec: {selector: {app: server}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: near}
spec: {nodeName: node-a, terminationGracePeriodSeconds: 0, containers: [{name: c, image: local/base:1, imagePullPolicy: Never, command: [sleep, infinity]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: far}
spec: {nodeName: node-c, terminationGracePeriodSeconds: 0, containers: [{name: c, image: local/base:1, imagePullPolicy: Never, command: [sleep, infinity]}]}
END
}

pod_ask() {
	lab k exec "$1" -- sh -c "nc -N -w 2 $2 </dev/null" 2>/dev/null | grep -qx hello
}

plane_ask() {
	nsenter --net="$(lab netns cp)" timeout 2 bash -c "exec 3<>/dev/tcp/$1/8080 && grep -qx hello <&3" 2>/dev/null
}

node_says() {
	[[ $(lab k get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}') == "$2" ]]
}

server_restarted() {
	[[ $(lab k get pod server -o 'jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready}') == "1 true" ]]
}

server_address() {
	lab k get pod server -o 'jsonpath={.status.podIP}'
}

lab down
nothing_left
ok "down leaves nothing"

setsid "$here/lab" up >/dev/null 2>&1 &
victim=$!
wait_until 60 "up has begun" test -s "$STATE/procs/apiserver"
kill -s KILL "$victim"
wait "$victim" 2>/dev/null || true
lab images "" pause base
lab up
lab up
lab status >/dev/null
ok "up after a killed up, and once more"

pods | lab k apply -f - >/dev/null
lab k wait --for=condition=Ready pod --all --timeout=60s >/dev/null
address=$(server_address)
service=$(lab k get service server -o 'jsonpath={.spec.clusterIP}')
wait_until 15 "control plane to pod" plane_ask "$address"
for client in near far; do
	wait_until 15 "$client to pod" pod_ask "$client" "$address 8080"
	wait_until 15 "$client to service" pod_ask "$client" "$service 80"
	lab k exec "$client" -- nc -z -w 2 "$SERVICE_IP" 443
done
[[ $(lab k logs server | head -n1) == started ]]
ok "pods, logs, exec, services"

lab on node-a touch /var/lib/escape/store/shared /var/lib/escape/own
lab on node-c test -e /var/lib/escape/store/shared
refused lab on node-c test -e /var/lib/escape/own
[[ $(lab on node-b hostname) == node-b ]]
ok "shared store, own disk"

lab cut node-a
refused plane_ask "$address"
wait_until 60 "node-a is missed" node_says node-a Unknown
lab heal node-a
wait_until 60 "node-a is back" node_says node-a True
wait_until 15 "control plane to pod" plane_ask "$address"
ok "cut and heal"

lab power-off node-a
refused lab on node-a true 2>/dev/null
wait_until 60 "node-a is missed" node_says node-a Unknown
lab power-on node-a
wait_until 60 "node-a is back" node_says node-a True
wait_until 60 "the pod runs again" server_restarted
lab on node-a test -e /var/lib/escape/own
wait_until 15 "control plane to pod" plane_ask "$(server_address)"
ok "power off and on"

lab helm list >/dev/null
lab down
nothing_left
ok "down leaves nothing"
