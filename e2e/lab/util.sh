# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Messages, deadlines and locks.

say() {
	printf '%s lab: %s\n' "$(date +%T.%3N)" "$*" >&2
}

die() {
	printf 'lab: error: %s\n' "$*" >&2
	exit 1
}

# wait_until SECONDS WHAT COMMAND...: polls COMMAND, every WAIT_STEP seconds where that is set; fails, saying WHAT, when the time is over.
wait_until() {
	local limit=$1 what=$2
	shift 2
	local end=$((SECONDS + limit))

	until "$@"; do
		if ((SECONDS >= end)); then
			say "gave up after $limit s: $what"
			return 1
		fi
		sleep "${WAIT_STEP:-0.05}"
	done
}

# retry TIMES COMMAND...: for downloads, which fail for reasons that pass.
retry() {
	local times=$1 i
	shift
	for ((i = 1; i <= times; i++)); do
		"$@" && return 0
		say "attempt $i of $times failed: $*"
		sleep $((i * 2))
	done
	return 1
}

# with_lock NAME COMMAND...: one at a time on this machine. The children hold the lock too, so the work of a
# killed caller ends before the next one begins; daemons close LOCK_FDS (see proc_start). A failing COMMAND ends the
# caller: testing its status here would switch errexit off inside it.
LOCK_FDS=()
with_lock() {
	local name=$1 fd
	shift
	mkdir -p "$CACHE/locks"
	exec {fd}>"$CACHE/locks/$name"
	if ! flock --nonblock "$fd"; then
		say "waiting for another run ($name)"
		flock --timeout 1800 "$fd" || die "another run holds $CACHE/locks/$name"
	fi
	LOCK_FDS+=("$fd")
	"$@"
	unset 'LOCK_FDS[-1]'
	exec {fd}>&-
}

# A short fingerprint of its arguments and of the files named after --.
stamp_of() {
	local words=()
	while (($#)) && [[ $1 != -- ]]; do
		words+=("$1")
		shift
	done
	(($#)) && shift
	{
		printf '%s\n' "${words[@]}"
		(($# == 0)) || cat -- "$@"
	} | sha256sum | cut -c1-12
}
