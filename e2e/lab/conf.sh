# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# What the lab is made of: versions, places, nodes and addresses. No commands run here.

K8S_VERSION=v1.36.3
HELM_VERSION=v3.22.0
GO_MINIMUM=1.26.0

CACHE=${ESCAPE_CACHE:-/var/cache/escape}
STATE=${ESCAPE_LAB:-/run/escape-lab}
DISKS=${ESCAPE_LAB_DIR:-/var/tmp/escape-lab}
LAB_LOCK=lab${STATE//\//-}

PKI=$DISKS/pki
PLANE=$DISKS/plane
STORE=$DISKS/store
ADMIN_CONF=$PKI/admin.conf

# Those in namespaces; `up --vm` adds machines, or puts them in their place.
read -r -a NODES <<<"${ESCAPE_LAB_NODES-node-a node-b node-c}"
declare -A NODE_ZONE=([node-a]=zone-1 [node-b]=zone-1 [node-c]=zone-2 [node-d]=zone-2 [node-e]=zone-1)
NODE_REGION=region-1

# The number of a node gives its address (10.88.0.N+1) and its pods' network (10.244.N.0/24).
declare -A NODE_NUMBER=([node-a]=1 [node-b]=2 [node-c]=3 [node-d]=4 [node-e]=5)

PLANE_IP=10.88.0.1
SERVICE_IP=10.96.0.1
SERVICE_CIDR=10.96.0.0/16
POD_CIDR=10.244.0.0/16

# All cgroups of the lab are below this one, in every hierarchy.
CGROUP=${ESCAPE_LAB_CGROUP:-esc}

NODE_SUITE=forky
NODE_PACKAGES=(
	criu runc containerd etcd-server containernetworking-plugins
	iproute2 iptables nftables conntrack socat ethtool arping iputils-ping netcat-openbsd
	ca-certificates curl jq kmod procps python3-minimal strace tar util-linux
)

BASE_SUITE=bookworm
BASE_PACKAGES=(
	base-files base-passwd coreutils dash grep sed tar procps netcat-openbsd ca-certificates
	libuv1 libwebsockets17 libwebsockets-evlib-uv libcurl4 libcjson1 libyaml-0-2 libbpf1
	libnl-3-200 libnl-route-3-200 libssl3 libarchive13
)

DEBIAN_PACKAGES=(ca-certificates curl procps openssl xz-utils netcat-openbsd)
