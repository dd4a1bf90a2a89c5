# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Certificates, the service-account key and the kubeconfigs; made anew by each `up` that starts a cluster.

pki_make() {
	local node user
	mkdir -p "$PKI"
	chmod 700 "$PKI"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=escape-lab-ca \
		-keyout "$PKI/ca.key" -out "$PKI/ca.crt" 2>/dev/null
	openssl genrsa -out "$PKI/sa.key" 2048 2>/dev/null
	openssl rsa -in "$PKI/sa.key" -pubout -out "$PKI/sa.pub" 2>/dev/null

	pki_leaf apiserver /CN=kube-apiserver \
		"IP:$PLANE_IP,IP:$SERVICE_IP,IP:127.0.0.1,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
	pki_leaf admin /O=system:masters/CN=admin DNS:admin
	pki_leaf controller-manager /CN=system:kube-controller-manager DNS:controller-manager
	pki_leaf scheduler /CN=system:kube-scheduler DNS:scheduler
	pki_leaf proxy /CN=system:kube-proxy DNS:proxy
	for user in admin controller-manager scheduler proxy; do
		pki_kubeconfig "$user" >"$PKI/$user.conf"
		chmod 600 "$PKI/$user.conf"
	done
	for node in "${NODES[@]}"; do
		pki_node "$node"
	done
}

pki_node() {
	pki_leaf "$1" "/O=system:nodes/CN=system:node:$1" "IP:$(node_ip "$1"),DNS:$1"
	pki_kubeconfig "$1" >"$PKI/$1.conf"
	chmod 600 "$PKI/$1.conf"
}

# pki_leaf NAME SUBJECT ALT-NAMES
pki_leaf() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" \
		-keyout "$PKI/$1.key" -out "$PKI/$1.csr" 2>/dev/null
	openssl x509 -req -in "$PKI/$1.csr" -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -CAcreateserial -days 30 \
		-extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$3") \
		-out "$PKI/$1.crt" 2>/dev/null
}

pki_kubeconfig() {
	cat <<END
apiVersion: v1
kind: Config
current-context: lab
contexts:
- name: lab
  context: {cluster: lab, user: $1}
clusters:
- name: lab
  cluster:
    server: https://$PLANE_IP:6443
    certificate-authority-data: $(base64 -w0 "$PKI/ca.crt")
users:
- name: $1
  user:
    client-certificate-data: $(base64 -w0 "$PKI/$1.crt")
    client-key-data: $(base64 -w0 "$PKI/$1.key")
END
}
