# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The guest's disks. Those in the cache are never written to: any number of machines share them.

# disk_root [TREE]: a cached image of the tree, which must not change afterwards.
disk_root() {
	local tree=${1:-}
	[[ -n $tree ]] || {
		disk_root_of_node
		return
	}
	[[ -x $tree/usr/bin/bash ]] || die "$tree is no system tree"
	disk_root_cached "$(realpath "$tree")"
}

disk_root_of_node() {
	local tree
	tree=$(cache_node_tree)
	cache_need "${tree%/*}" tree_build_node
	disk_root_cached "$tree"
}

disk_root_cached() {
	local tree=$1 folder
	folder=$CACHE/vm-root-$(stamp_of "$tree" "$(stat -c %i:%W "$tree")" "$(declare -f disk_root_build disk_of)")
	ROOT_TREE=$tree cache_need "$folder" disk_root_build
	echo "$folder/root.ext4"
}

disk_root_build() {
	disk_of "$ROOT_TREE" "$1/root.ext4"
}

# Read-only for the guest, so without a journal and with little room to spare.
disk_of() {
	truncate -s $(($(du -sm "$1" | cut -f1) * 12 / 10 + 32))M "$2"
	mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$1" "$2"
}

disk_modules() {
	disk_of "$1/lib/modules" "$2"
}

disk_initramfs() {
	local system=$1 release=$2 file=$3 tree=$1/initramfs number=10 module
	mkdir -p "$tree"/{bin,modules}
	cp "$(command -v busybox)" "$tree/bin/busybox"
	cp "$VM_SRC/guest/init" "$tree/init"
	cp "$VM_SRC"/guest/{main,mounts} "$tree/"
	# Names in the order of loading.
	while read -r module; do
		cp "$module" "$tree/modules/$((number++))-${module##*/}"
	done < <(for module in "${KERNEL_BOOT_MODULES[@]}"; do
		modprobe -d "$system" -S "$release" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ {print $2}')
	(cd "$tree" && find . | cpio -o -H newc --quiet) >"$file"
}
