# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The three Debian trees: the nodes' system, the small base of the images, and the base of images with packages.

tree_mirror() {
	local file
	if [[ -n ${ESCAPE_MIRROR:-} ]]; then
		echo "$ESCAPE_MIRROR"
		return
	fi
	for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
		[[ -f $file ]] || continue
		awk '/^URIs:/ {print $2; found = 1; exit}
			/^deb / {for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) {print $i; found = 1; exit}}
			END {exit !found}' "$file" && return
	done
	die "no Debian mirror in /etc/apt (or set ESCAPE_MIRROR)"
}

tree_join() {
	local IFS=,
	echo "$*"
}

# tree_bootstrap TAR SUITE VARIANT PACKAGES OPTION...: in a mount namespace, so that nothing stays mounted if killed.
# A mirror's snapshot may be older than its Valid-Until says; the signature is checked all the same.
tree_bootstrap() {
	local tar=$1 suite=$2 variant=$3 packages=$4
	shift 4
	TMPDIR=${tar%/*} unshare --mount mmdebstrap --quiet --aptopt='Acquire::Check-Valid-Until "false"' \
		--variant="$variant" --include="$packages" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
		"$@" "$suite" "$tar" "$(tree_mirror)"
}

tree_build_node() {
	local work=$1
	retry 3 tree_bootstrap "$work/node.tar" "$NODE_SUITE" minbase "$(tree_join "${NODE_PACKAGES[@]}")"
	mkdir "$work/tree"
	tar -C "$work/tree" -xpf "$work/node.tar" --numeric-owner
	rm "$work/node.tar"
}

# Only unpacked, not configured: no package manager, no perl, no maintainer scripts. The certificate bundle and the
# links that those scripts would make are made here.
tree_build_base() {
	local work=$1
	mkdir "$work/tree"
	retry 3 tree_bootstrap "$work/full.tar" "$BASE_SUITE" extract "$(tree_join "${BASE_PACKAGES[@]}")" \
		--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr
	tar -C "$work/tree" -xpf "$work/full.tar" --numeric-owner
	tree_slim "$work/tree"
	mkdir -p "$work/tree/etc/ssl/certs"
	find "$work/tree/usr/share/ca-certificates" -name '*.crt' -print0 | sort -z | xargs -0 cat \
		>"$work/tree/etc/ssl/certs/ca-certificates.crt"
	ln -sf dash "$work/tree/usr/bin/sh"
	ln -s nc.openbsd "$work/tree/usr/bin/nc"
	cp "$work/tree/usr/share/base-passwd/passwd.master" "$work/tree/etc/passwd"
	cp "$work/tree/usr/share/base-passwd/group.master" "$work/tree/etc/group"
	ldconfig -r "$work/tree"
	tar -C "$work/tree" --sort=name --mtime=@0 --numeric-owner -cf "$work/base.tar" .
	rm -rf "$work/tree" "$work/full.tar"
}

# With a package manager, for images whose Containerfile installs packages.
tree_build_debian() {
	local work=$1
	retry 3 tree_bootstrap "$work/debian.tar" "$BASE_SUITE" minbase "$(tree_join "${DEBIAN_PACKAGES[@]}")"
}

tree_slim() {
	local path
	for path in usr/share/{doc,man,locale,info,perl,perl5,bash-completion,zoneinfo,gdb} usr/lib/x86_64-linux-gnu/{perl,perl-base,gconv} \
		var/cache var/lib/apt var/lib/dpkg; do
		rm -rf "${1:?}/$path"
	done
	rm -rf "${1:?}"/usr/bin/perl* "${1:?}"/dev/*
}
