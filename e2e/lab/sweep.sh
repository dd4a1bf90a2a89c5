# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Removing all of a lab, whole or the remains of a killed run. What belongs to the lab is known by the process records,
# by its network namespaces and by its cgroups; nothing else is touched.

# Kills what still runs in the lab's network namespaces: something started just before its starter was killed.
sweep_strays() {
	local file inode pids=' ' pid link mine
	mine=" $(sweep_ancestors) "
	# shellcheck disable=SC2153 # STATE is conf.sh's
	for file in "$STATE"/netns/*; do
		[[ $(stat -f -c %T "$file" 2>/dev/null) == nsfs ]] || continue
		inode=$(stat -c %i "$file")
		for link in /proc/[0-9]*/ns/net; do
			[[ $(readlink "$link" 2>/dev/null) == "net:[$inode]" ]] || continue
			pid=${link#/proc/}
			pids+="${pid%%/*} "
		done
	done
	for pid in $pids; do
		[[ $mine == *" $pid "* ]] || kill -s KILL "$pid" 2>/dev/null || true
	done
}

sweep_ancestors() {
	local pid=$BASHPID line
	while ((pid > 1)); do
		echo -n "$pid "
		line=$(cat "/proc/$pid/stat" 2>/dev/null) || break
		read -r _ pid _ <<<"${line##*) }"
	done
}

cgroup_folders() {
	local hierarchy
	for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
		[[ -L $hierarchy || ! -d $hierarchy/$CGROUP${1:+/$1} ]] || echo "$hierarchy/$CGROUP${1:+/$1}"
	done
}

# cgroup_remove NODE|"": dying processes hold a cgroup for a moment.
cgroup_remove() {
	wait_until 20 "the cgroups of ${1:-the lab} are gone" cgroup_try_remove "$1"
}

cgroup_try_remove() {
	local folder left=0
	while read -r folder; do
		sweep_thaw "$folder"
		find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null || true
		[[ ! -d $folder ]] || left=1
	done < <(cgroup_folders "$1")
	((left == 0))
}

# A killed process in a frozen cgroup v1 ends only when thawed.
sweep_thaw() {
	[[ $1 == */freezer/* ]] || return 0
	local state
	while read -r state; do
		[[ $(cat "$state" 2>/dev/null) == THAWED ]] || echo THAWED >"$state" 2>/dev/null
	done < <(find "$1" -name freezer.state)
}

sweep_remains() {
	[[ -e $STATE || -e $DISKS || -n $(cgroup_folders "") ]]
}

sweep_all() {
	local name node
	for node in "${NODES[@]}"; do
		proc_kill "$node"
	done
	plane_down
	for name in $(proc_names); do
		proc_kill "$name"
	done
	sweep_strays
	for name in "${NODES[@]}" cp lan; do
		net_remove "$name"
	done
	cgroup_remove ""
	rm -rf --one-file-system "$STATE" "$DISKS"
}

sweep_down() {
	if ! sweep_remains; then
		say "the lab is down"
		return
	fi
	sweep_all
	say "the lab is down, nothing of it is left but the cache"
}
