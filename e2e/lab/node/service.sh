#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# lab-service NAME: becomes one of the node's services.
set -u
mkdir -p /run/lock
# shellcheck source=/dev/null
. /etc/lab/node.env
case $1 in
containerd) exec containerd ;;
kubelet)
	until [[ -S /run/containerd/containerd.sock ]]; do
		sleep 0.1
	done
	# shellcheck disable=SC2086
	exec kubelet --config=/etc/kubernetes/kubelet.yaml --kubeconfig=/etc/kubernetes/kubelet.conf --hostname-override="$NODE" \
		--node-ip="$NODE_IP" --node-labels="$NODE_LABELS" ${KUBELET_FLAGS:---v=2}
	;;
kube-proxy)
	exec kube-proxy --kubeconfig=/etc/kubernetes/proxy.conf --hostname-override="$NODE" --proxy-mode=nftables \
		--cluster-cidr="$POD_CIDR" --conntrack-max-per-core=0
	;;
shell) exec socat TCP-LISTEN:9000,fork,reuseaddr EXEC:/usr/local/sbin/lab-shell ;;
esac
