# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The lab's long-running processes. Each is known by a record "PID STARTTIME", written by the process itself before
# it executes its program: a pid alone may by now belong to somebody else.

# proc_start NAME LOG COMMAND...
proc_start() {
	local name=$1 log=$2
	shift 2
	mkdir -p "$STATE/procs" "${log%/*}"
	rm -f "$STATE/procs/$name"
	(
		for fd in "${LOCK_FDS[@]}"; do
			exec {fd}>&-
		done
		proc_record "$name"
		exec setsid "$@"
	) </dev/null >>"$log" 2>&1 &
	disown
	wait_until 10 "$name is recorded" test -s "$STATE/procs/$name"
}

# Writes the record of the calling shell.
proc_record() {
	local self=$BASHPID
	printf '%s %s\n' "$self" "$(proc_field "$self" starttime)" >"$STATE/procs/$1"
}

# proc_field PID state|starttime: empty when there is no such process.
proc_field() {
	local line
	line=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	# The command's name, in parentheses, may hold spaces.
	read -r -a line <<<"${line##*) }"
	case $2 in
	state) echo "${line[0]}" ;;
	starttime) echo "${line[19]}" ;;
	esac
}

# Prints the pid of NAME if that very process still runs.
proc_pid() {
	local pid='' start=''
	[[ -f $STATE/procs/$1 ]] || return 1
	read -r pid start <"$STATE/procs/$1" || true
	[[ -n $start && $(proc_field "$pid" starttime) == "$start" && $(proc_field "$pid" state) != Z ]] || return 1
	echo "$pid"
}

proc_alive() {
	proc_pid "$1" >/dev/null
}

proc_gone() {
	! proc_alive "$1"
}

# A node ends with its last process, and what a reflex froze ends only when thawed; pending kills come first.
proc_gone_thawed() {
	local folder
	while read -r folder; do
		sweep_thaw "$folder"
	done < <(cgroup_folders "$1")
	proc_gone "$1"
}

# Nothing that the lab's processes could save on their way out is wanted.
proc_kill() {
	local name=$1 pid
	if pid=$(proc_pid "$name"); then
		kill -s KILL "$pid" 2>/dev/null || true
		wait_until 20 "$name ends" proc_gone_thawed "$name"
	fi
	rm -f "$STATE/procs/$name"
}

proc_names() {
	local file
	for file in "$STATE"/procs/*; do
		[[ -f $file ]] && echo "${file##*/}"
	done
	return 0
}
