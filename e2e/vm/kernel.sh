# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# The kernels: Debian packages through apt, with lists and a cache of their own, from the mirror that this machine uses.
# A cache entry holds vmlinuz, config, release, modules.ext4 and initramfs.cpio.

KERNELS=(6.1 6.12 newest)
declare -A KERNEL_SUITE=([6.1]=bookworm [6.12]=trixie [newest]=forky)

# For the root disk, in the initramfs. The guest loads the rest by itself.
KERNEL_BOOT_MODULES=(virtio_pci virtio_blk overlay)

# Nothing that this machine has: what is left out makes the disk half as large.
KERNEL_NO_MODULES=(sound drivers/{gpu,media,infiniband,scsi,iio,hid,input,target,nvdimm,usb,hv,xen,ata,accel,edac,hwmon})

kernel_folder() {
	[[ -n ${KERNEL_SUITE[$1]:-} ]] || die "no kernel '$1': one of ${KERNELS[*]}"
	echo "$CACHE/kernel-$1-$(stamp_of "${KERNEL_SUITE[$1]}" "${KERNEL_BOOT_MODULES[@]}" "${KERNEL_NO_MODULES[@]}" -- \
		"$VM_SRC"/{kernel.sh,disk.sh,guest/*})"
}

kernel_build_6.1() { kernel_build 6.1 "$1"; }
kernel_build_6.12() { kernel_build 6.12 "$1"; }
kernel_build_newest() { kernel_build newest "$1"; }

kernel_build() {
	local kernel=$1 work=$2 system=$2/system release
	retry 3 kernel_fetch "${KERNEL_SUITE[$kernel]}" "$work/apt"
	kernel_unpack "$work/apt" "$system"
	release=$(basename "$system"/lib/modules/*)
	kernel_pick "$system" "$release" "$work"
	disk_modules "$system" "$work/modules.ext4"
	disk_initramfs "$system" "$release" "$work/initramfs.cpio"
	echo "$release" >"$work/release"
	rm -rf "$work/apt" "$system"
}

# A subshell: APT_CONFIG is for these commands only. The mirror's lists may be older than their Valid-Until says; the
# signature is checked all the same.
kernel_fetch() (
	local suite=$1 apt=$2
	mkdir -p "$apt"/{lists/partial,archives/partial}
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(tree_mirror) $suite main" >"$apt/sources.list"
	cat >"$apt/apt.conf" <<-END
		Dir::State "$apt"; Dir::State::lists "lists"; Dir::State::status "/dev/null";
		Dir::Cache "$apt"; Dir::Etc::sourcelist "$apt/sources.list"; Dir::Etc::sourceparts "-";
		APT::Sandbox::User "root"; APT::Architecture "amd64"; Acquire::Check-Valid-Until "false"; Acquire::Languages "none";
	END
	export APT_CONFIG=$apt/apt.conf
	cd "$apt" && apt-get update -qq || exit
	# In newer suites the kernel, its modules and its configuration are packages of their own.
	apt-cache depends --recurse --important linux-image-cloud-amd64 |
		grep -E '^linux-(image|binary|modules|base)-[0-9]' | xargs apt-get download -qq
)

kernel_unpack() {
	local apt=$1 system=$2 package
	mkdir -p "$system/usr/lib"
	ln -s usr/lib "$system/lib"
	for package in "$apt"/*.deb; do
		dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$system"
	done
}

kernel_pick() {
	local system=$1 release=$2 work=$3 file folder
	for file in vmlinuz config; do
		for folder in "$system/boot" "$system/lib/modules/$release"; do
			! cp "$folder/$file-$release" "$work/$file" 2>/dev/null || continue 2
			! cp "$folder/$file" "$work/$file" 2>/dev/null || continue 2
		done
		die "no $file in the packages of $release"
	done
	for folder in "${KERNEL_NO_MODULES[@]}"; do
		rm -rf "$system/lib/modules/$release/kernel/$folder"
	done
	find "$system/lib/modules" -name '*.ko.xz' -print0 | xargs -0 -r xz -dq
	depmod -b "$system" "$release"
}
