#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The one list of Debian packages that building, testing and running everything needs (Debian bookworm).
#   deps.sh list       prints them        deps.sh missing    prints those not installed
#   deps.sh install    installs those not installed
set -euo pipefail

PACKAGES=(
	# building
	build-essential clang-14 clang-format-14 clang-tidy-14 llvm-14 libclang-rt-14-dev bpftool cmake ninja-build make pkgconf git
	libbpf-dev libelf-dev zlib1g-dev libuv1-dev libwebsockets-dev libwebsockets-evlib-uv libcurl4-openssl-dev libcjson-dev
	libyaml-dev libnl-3-dev libnl-route-3-dev libssl-dev libarchive-dev uthash-dev libjansson-dev
	# checking
	libcmocka-dev shellcheck yamllint cppcheck jq python3-minimal
	# the lab
	mmdebstrap buildah debian-archive-keyring golang-go openssl ca-certificates curl iproute2 mount procps util-linux xz-utils tar
	# stock kernels in virtual machines
	qemu-system-x86 busybox-static cpio e2fsprogs kmod
	# the demo's plots
	gnuplot-nox
	# what bench-detect stands beside
	bpftrace strace stress-ng apache2-utils redis-tools
)

missing() {
	dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "${PACKAGES[@]}" 2>/dev/null |
		awk '$1 == "installed" {print $2}' | sort -u | comm -13 - <(printf '%s\n' "${PACKAGES[@]}" | sort -u) |
		while read -r package; do
			# Go from elsewhere serves as well.
			[[ $package == golang-go ]] && command -v go >/dev/null && continue
			echo "$package"
		done
}

case ${1:-} in
list) printf '%s\n' "${PACKAGES[@]}" ;;
missing) missing ;;
install)
	mapfile -t want < <(missing)
	((${#want[@]})) || exit 0
	echo "installing: ${want[*]}" >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${want[@]}" >/dev/null
	;;
*)
	echo "usage: deps.sh list|missing|install" >&2
	exit 2
	;;
esac
