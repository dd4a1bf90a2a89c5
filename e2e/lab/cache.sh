# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Everything that takes minutes to get, kept outside the checkout. An entry is a folder whose name says what is in it
# (version or fingerprint); it is built beside and renamed, so it is complete or absent.

cache_kubernetes() {
	echo "$CACHE/kubernetes-$K8S_VERSION"
}

cache_helm() {
	echo "$CACHE/helm-$HELM_VERSION"
}

cache_node_tree() {
	echo "$CACHE/node-$(stamp_of "$NODE_SUITE" "${NODE_PACKAGES[@]}" "$(declare -f tree_bootstrap tree_build_node)")/tree"
}

cache_base_tar() {
	echo "$CACHE/base-$(stamp_of "$BASE_SUITE" "${BASE_PACKAGES[@]}" "$(declare -f tree_bootstrap tree_build_base tree_slim)")/base.tar"
}

cache_debian_tar() {
	echo "$CACHE/debian-$(stamp_of "$BASE_SUITE" "${DEBIAN_PACKAGES[@]}" "$(declare -f tree_bootstrap tree_build_debian)")/debian.tar"
}

# cache_need FOLDER BUILDER: BUILDER is called with the folder to fill.
cache_need() {
	if [[ ! -d $1 ]]; then
		with_lock "${1##*/}" cache_build "$@"
	fi
}

cache_build() {
	local folder=$1 builder=$2 work=$CACHE/tmp.${1##*/} begin=$SECONDS
	[[ ! -d $folder ]] || return 0
	rm -rf "$work"
	mkdir -p "$work"
	say "making ${folder##*/}"
	"$builder" "$work"
	mv -T "$work" "$folder"
	say "made ${folder##*/} in $((SECONDS - begin)) s"
}

cache_prepare() {
	local node_tree base_tar
	node_tree=$(cache_node_tree)
	base_tar=$(cache_base_tar)
	"$LAB_SRC/deps.sh" install
	cache_need "${node_tree%/*}" tree_build_node
	cache_need "${base_tar%/*}" tree_build_base
	cache_need "$(cache_kubernetes)" gobuild_kubernetes
	cache_need "$(cache_helm)" gobuild_helm
}
