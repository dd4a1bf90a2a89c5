# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A machine: one virtual CPU (with more, emulation breaks the patching of kernel code), disks known by their serial
# number, DIR and the answer as archives on raw disks, no file system shared with the host.

BOOT_ANSWER_MAX=256M

# boot_machine KERNEL QEMU-ARGUMENT...: sets MACHINE, the command.
boot_machine() {
	local kernel=$1 folder root=${OPT[root]}
	folder=$(kernel_folder "$kernel")
	[[ -f $folder/vmlinuz ]] || vm_prepare "$kernel"
	[[ -n $root ]] || root=$(disk_root_of_node)
	shift
	MACHINE=(qemu-system-x86_64 -accel tcg -cpu max -machine pc -smp 1 -m "${OPT[memory]}" -nodefaults -no-user-config
		-display none -no-reboot -serial stdio -device virtio-rng-pci -kernel "$folder/vmlinuz" -initrd "$folder/initramfs.cpio"
		-append "console=ttyS0 quiet panic=-1 oops=panic vm.init=${OPT[init]} ${OPT[append]}")
	boot_disk root "$root" readonly=on
	boot_disk modules "$folder/modules.ext4" readonly=on
	MACHINE+=("$@")
}

# boot_disk SERIAL FILE OPTIONS
boot_disk() {
	MACHINE+=(-drive "id=$1,if=none,format=raw,cache=unsafe,file=$2,$3" -device "virtio-blk-pci,drive=$1,serial=$1")
}

boot_input() {
	[[ -f $1/run ]] || die "no $1/run"
	tar -C "$1" --owner=0 --group=0 --numeric-owner -cf "$2" .
}

boot_run() {
	local work rc=0
	(($# == 2)) || die "run needs KERNEL and DIR"
	boot_machine "$1"
	work=$(mktemp -d "${TMPDIR:-/var/tmp}/escape-vm.XXXXXX")
	# shellcheck disable=SC2064
	trap "boot_end '$work'" EXIT
	trap 'exit 130' INT TERM HUP
	boot_input "$2" "$work/in"
	boot_disk in "$work/in" readonly=on
	truncate -s "$BOOT_ANSWER_MAX" "$work/out"
	boot_disk out "$work/out" readonly=off
	# The machine ends with this shell, however that ends.
	setpriv --pdeathsig TERM timeout --kill-after 5 "${OPT[deadline]}" "${MACHINE[@]}" </dev/null &
	wait $! || rc=$?
	((rc != 124)) || boot_fail 124 "$1 did not end in ${OPT[deadline]} s"
	boot_answer "$work"
}

boot_fail() {
	say "$2"
	exit "$1"
}

boot_end() {
	rm -rf "$1"
}

# An answer is all there or not at all: without one the guest has died.
boot_answer() {
	local work=$1
	mkdir "$work/answer"
	tar -C "$work/answer" -xf "$work/out" 2>/dev/null || boot_fail 125 "the machine stopped without an answer"
	if [[ -n ${OPT[out]} ]]; then
		mkdir -p "${OPT[out]}"
		cp -a "$work/answer/out/." "${OPT[out]}/"
	fi
	exit "$(cat "$work/answer/status")"
}

boot_stay() {
	local kernel=${1:-} input=''
	[[ -n $kernel ]] || die "boot needs KERNEL"
	shift
	if (($#)) && [[ $1 != -- ]]; then
		input=$(mktemp "${TMPDIR:-/var/tmp}/escape-vm-in.XXXXXX")
		boot_input "$1" "$input"
		shift
	fi
	[[ ${1:-} != -- ]] || shift
	boot_machine "$kernel" "$@"
	if [[ -n $input ]]; then
		# Open and without a name: it ends with the machine.
		exec 3<"$input"
		rm "$input"
		boot_disk in /proc/self/fd/3 readonly=on
	fi
	exec "${MACHINE[@]}" </dev/null
}
