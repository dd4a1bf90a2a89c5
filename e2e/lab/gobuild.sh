# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Kubernetes and Helm, built from the Go module proxy: no other source of binaries is needed.

GOBUILD_COMMANDS=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl)

# Debian's own Go may be too old to build these; any Go can fetch a newer one as a module.
gobuild_use_go() {
	local have
	have=$(go env GOVERSION)
	printf '%s\n' "$GO_MINIMUM" "${have#go}" | sort --version-sort --check=quiet && return
	cache_need "$CACHE/go-$GO_MINIMUM" gobuild_toolchain
	PATH=$CACHE/go-$GO_MINIMUM/bin:$PATH
}

gobuild_toolchain() {
	local module=golang.org/toolchain@v0.0.1-go$GO_MINIMUM.linux-amd64 folder
	folder=$(cd "$1" && retry 3 go mod download -json "$module" | jq -r .Dir)
	cp -a "$folder/." "$1/"
	chmod -R u+w "$1"
	find "$1/bin" "$1/pkg/tool" -type f -exec chmod +x {} +
}

gobuild_run() {
	(cd "$1" && shift && CGO_ENABLED=0 go "$@")
}

# Kubernetes' own go.mod points at its staging folder for the k8s.io modules; the published ones have version 0.MINOR.PATCH.
gobuild_kubernetes_gomod() {
	local upstream=$1 command
	printf 'module cluster\n\ngo %s\n\ngodebug default=go%s\n\nrequire k8s.io/kubernetes %s\n\nreplace (\n' \
		"$GO_MINIMUM" "${GO_MINIMUM%.*}" "$K8S_VERSION"
	sed -nE "s#^\s*(k8s\.io/[a-z-]+) => \./staging/.*#\t\1 => \1 v0.${K8S_VERSION#v1.}#p" "$upstream"
	printf ')\n\ntool (\n'
	for command in "${GOBUILD_COMMANDS[@]}"; do
		printf '\tk8s.io/kubernetes/cmd/%s\n' "$command"
	done
	printf ')\n'
}

gobuild_kubernetes() {
	local work=$1 upstream minor version=k8s.io/component-base/version
	gobuild_use_go
	mkdir "$work/src"
	upstream=$(retry 3 gobuild_run "$work/src" mod download -json "k8s.io/kubernetes@$K8S_VERSION" | jq -r .GoMod)
	gobuild_kubernetes_gomod "$upstream" >"$work/src/go.mod"
	retry 3 gobuild_run "$work/src" mod tidy >"$work/tidy.log" 2>&1 || {
		tail -n 5 "$work/tidy.log" >&2
		return 1
	}
	minor=${K8S_VERSION#v1.}
	gobuild_run "$work/src" build -trimpath -o "$work/bin/" \
		-ldflags "-s -w -X $version.gitVersion=$K8S_VERSION -X $version.gitMajor=1 -X $version.gitMinor=${minor%.*}" \
		"${GOBUILD_COMMANDS[@]/#/k8s.io/kubernetes/cmd/}"
	# Lower layer of every node's root.
	mkdir -p "$work/node/usr/local/bin"
	ln "$work/bin/kubelet" "$work/bin/kube-proxy" "$work/node/usr/local/bin/"
	rm -rf "$work/src" "$work/tidy.log"
}

gobuild_helm() {
	local work=$1
	gobuild_use_go
	mkdir "$work/src"
	printf 'module helmtool\n\ngo %s\n\nrequire helm.sh/helm/v3 %s\n\ntool helm.sh/helm/v3/cmd/helm\n' \
		"$GO_MINIMUM" "$HELM_VERSION" >"$work/src/go.mod"
	retry 3 gobuild_run "$work/src" mod tidy >"$work/tidy.log" 2>&1 || {
		tail -n 5 "$work/tidy.log" >&2
		return 1
	}
	gobuild_run "$work/src" build -trimpath -ldflags "-s -w" -o "$work/bin/helm" helm.sh/helm/v3/cmd/helm
	rm -rf "$work/src" "$work/tidy.log"
}
