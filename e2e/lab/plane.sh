# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The control plane: etcd, API server, controller-manager and scheduler, as processes in the network namespace "cp".

PLANE_PARTS=(etcd apiserver controller-manager scheduler)

plane_start() {
	local name=$1
	shift
	proc_start "$name" "$PLANE/$name.log" nsenter --net="$(net_path cp)" -- "$@"
}

plane_up() {
	mkdir -p "$PLANE/etcd"
	plane_start etcd "$(cache_node_tree)/usr/bin/etcd" --data-dir "$PLANE/etcd" --unsafe-no-fsync --log-level warn \
		--listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
		--listen-peer-urls http://127.0.0.1:2380
	plane_apiserver
	wait_until 90 "the API server is ready" plane_ready || plane_fail apiserver
	plane_start controller-manager "$(cache_kubernetes)/bin/kube-controller-manager" \
		--kubeconfig="$PKI/controller-manager.conf" --use-service-account-credentials \
		--service-account-private-key-file="$PKI/sa.key" --root-ca-file="$PKI/ca.crt" \
		--cluster-signing-cert-file="$PKI/ca.crt" --cluster-signing-key-file="$PKI/ca.key" \
		--node-monitor-grace-period=20s --leader-elect=false
	plane_start scheduler "$(cache_kubernetes)/bin/kube-scheduler" --kubeconfig="$PKI/scheduler.conf" --leader-elect=false
}

# Webhooks are reached at their pods' addresses, as the control plane has routes but no kube-proxy.
plane_apiserver() {
	plane_start apiserver "$(cache_kubernetes)/bin/kube-apiserver" \
		--etcd-servers=http://127.0.0.1:2379 \
		--advertise-address="$PLANE_IP" --bind-address=0.0.0.0 --secure-port=6443 \
		--service-cluster-ip-range="$SERVICE_CIDR" \
		--tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" \
		--client-ca-file="$PKI/ca.crt" \
		--kubelet-client-certificate="$PKI/admin.crt" --kubelet-client-key="$PKI/admin.key" \
		--kubelet-certificate-authority="$PKI/ca.crt" --kubelet-preferred-address-types=InternalIP \
		--service-account-issuer=https://kubernetes.default.svc \
		--service-account-key-file="$PKI/sa.pub" --service-account-signing-key-file="$PKI/sa.key" \
		--authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
		--enable-aggregator-routing=true --allow-privileged=true
}

plane_ready() {
	proc_alive apiserver || plane_fail apiserver
	kubectl_quiet get --raw /readyz >/dev/null 2>&1
}

plane_fail() {
	say "last lines of $PLANE/$1.log:"
	tail -n 5 "$PLANE/$1.log" >&2
	die "$1 did not come up"
}

plane_down() {
	local part
	for part in scheduler controller-manager apiserver etcd; do
		proc_kill "$part"
	done
}

plane_alive() {
	local part
	for part in "${PLANE_PARTS[@]}"; do
		proc_alive "$part" || return 1
	done
}

kubectl_env() {
	KUBECONFIG=$ADMIN_CONF KUBECACHEDIR=$DISKS/kubectl "$@"
}

kubectl_quiet() {
	kubectl_env nsenter --net="$(net_path cp)" -- "$(cache_kubernetes)/bin/kubectl" "$@"
}

lab_k() {
	export KUBECONFIG=$ADMIN_CONF KUBECACHEDIR=$DISKS/kubectl
	net_enter cp "$(cache_kubernetes)/bin/kubectl" "$@"
}

lab_helm() {
	export KUBECONFIG=$ADMIN_CONF KUBECACHEDIR=$DISKS/kubectl
	export HELM_CACHE_HOME=$DISKS/helm/cache HELM_CONFIG_HOME=$DISKS/helm/config HELM_DATA_HOME=$DISKS/helm/data
	# template and lint need no cluster.
	if net_exists cp; then
		net_enter cp "$(cache_helm)/bin/helm" "$@"
	else
		"$(cache_helm)/bin/helm" "$@"
	fi
}
