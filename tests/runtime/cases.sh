#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The cases of component.sh, run inside its namespaces. Each is a function case_NAME; the first that fails ends the test.
# shellcheck source=tests/runtime/harness.sh
. /test/harness.sh
# shellcheck source=tests/runtime/cases_move.sh
. /test/cases_move.sh
# shellcheck source=tests/runtime/cases_secure.sh
. /test/cases_secure.sh

case_exit_code() {
	bundle exit '["/prey", "exit", "23"]'
	create exit
	is "$(told state)" created
	is "$(told keeper)" "$(cat /bundles/exit/pid)"
	grep -q "$CGROUP/exit" "/proc/$(told keeper)/cgroup" || fail "the keeper is not in the container's cgroup"
	rt start exit
	is "$(exited)" 23
	delete
}

case_verbs() {
	serving verbs 7001
	! grep -q "$CGROUP/verbs" "/proc/$(told keeper)/cgroup" || fail "the keeper is still in the container's cgroup"
	is "$(rt state verbs | jq -r .status)" running
	is "$(rt state verbs | jq -r .pid)" "$(told init)"
	rt ps verbs | grep -q prey
	local status=0
	rt exec verbs /prey exit 5 || status=$?
	is $status 5
	! has_controllers || rt update --pids-limit 50 verbs
	rt pause verbs
	is "$(told state)" frozen
	rt resume verbs
	is "$(told state)" running
	rt kill verbs TERM
	is "$(exited)" 7
	delete
	escape-runc --version | grep -q '^runc version'
	escape-runc features | jq -e .ociVersionMax >/dev/null
}

rolls_back() { # ID PORT: memory, files and connections of a snapshot come back, twice
	serving "$1" "$2" "$(pod)"
	local keeper dir=/bundles/$1
	keeper=$(told keeper)
	is "$(talk 127.0.0.1 "$2" 10)" "10 10"
	rmdir "$dir"/rootfs/{gone,opaque/old,opaque}
	mkdir "$dir/rootfs/opaque" "$dir/snapshot"
	give snapshot "dir=$dir/snapshot" || fail "$reply"
	is "$(told state)" running
	is "$(talk 127.0.0.1 "$2" 5)" "15 15"
	local round
	for round in 1 2; do
		mkdir "$dir"/rootfs/{gone,later}
		rm -f /tmp/held
		talk 127.0.0.1 "$2" hold >/tmp/held &
		local client=$!
		until_true grep -q . /tmp/held
		[ $round = 1 ] || give freeze
		give restore "dir=$dir/snapshot" || fail "$reply"
		wait $client
		is "$(tail -1 /tmp/held)" eof
		is "$(told rollbacks)" $round
		is "$(told keeper)" "$keeper"
		is "$(talk 127.0.0.1 "$2" 3)" "13 13"
		is "$(rt state "$1" | jq -r .pid)" "$(told init)"
		is "$(echo "$dir"/rootfs/{*,opaque/*})" "$(echo "$dir"/rootfs/{dev,opaque,prey,proc,state,sys,opaque/\*})"
	done
	# The same order again is answered, not carried out.
	is "$(order "$1" restore "order=$orders" "uid=$uid" "dir=$dir/snapshot" | sed -n 's/^rollbacks=//p')" 2
	is "$(talk 127.0.0.1 "$2" 1)" "14 14"
	until_true sh -c "! ls -d $dir/*.escape-*"
	end
}

case_rollback() {
	rolls_back prey 7002
	lowerdir=layers/2:layers/1 rolls_back relative 7022
}

case_watch() {
	serving watched 7023 "$(pod)"
	order watched follow >/tmp/follow &
	until_true grep -q running /tmp/follow
	give freeze
	give thaw
	end
	wait
	is "$(tr '\n' ' ' </tmp/follow)" "running busy frozen busy running ended "
}

case_terminal() {
	bundle terminal '["/prey", "wait"]' "$(pod)" '.process.terminal = true'
	console /tmp/console &
	until_true test -S /tmp/console
	ID=terminal
	shim /bundles/terminal escape-runc create --bundle /bundles/terminal --pid-file /bundles/terminal/pid \
		--console-socket /tmp/console terminal
	rt start terminal
	mkdir /bundles/terminal/snapshot
	refused Terminal snapshot dir=/bundles/terminal/snapshot
	end
	kill %console
}

case_crafted_mount_point() {
	serving crafted 7024 "$(pod)"
	mkdir -p /bundles/crafted/snapshot /bundles/crafted/evil/proc
	give snapshot dir=/bundles/crafted/snapshot
	ln -s /sys /bundles/crafted/evil/dev
	tar -C /bundles/crafted/evil -cf /bundles/crafted/snapshot/upper.tar .
	refused RestoreFailed restore dir=/bundles/crafted/snapshot
	grep -q 'mount point /dev' <<<"$reply" || fail "$reply"
	is "$(exited)" 137
	nothing_left || fail "processes are left"
	delete
}

case_fence() {
	bundle fenced '["/prey", "wait"]' "$(pod)"
	mkdir -p /var/lib/escape/fences
	touch "/var/lib/escape/fences/$uid"
	create fenced && fail "create went past the fence"
	jq -e '.level == "error" and (.msg | contains("escaped"))' /bundles/fenced/log >/dev/null
	rm "/var/lib/escape/fences/$uid"
	create fenced
	end
}

case_sandbox_is_plain() {
	bundle sandbox '["/prey", "wait"]' "$(pod sandbox)"
	create sandbox
	[ ! -e "$keepers/sandbox" ] || fail "the sandbox has a keeper"
	is "$(rt state sandbox | jq .pid)" "$(cat /bundles/sandbox/pid)"
	rt start sandbox
	rt kill sandbox KILL
	exited >/dev/null
	delete
}

case_protocol() {
	serving proto 7003 "$(pod)"
	order proto garbage || fail "an unknown verb was answered"
	is "$(told state)" running
	refused WrongState release
	refused WrongState start
	refused WrongPod freeze uid=other
	refused DumpIncomplete restore dir=/bundles
	! give restore dir=/bundles/../etc || fail "a path with .. was taken"
	is "$(told state)" running
	end
}

case_freeze_and_kill() {
	serving frozen 7004 "$(pod)"
	give freeze
	is "$(told state)" frozen
	mkdir /bundles/frozen/snapshot
	give snapshot dir=/bundles/frozen/snapshot
	is "$(told state)" frozen
	give thaw
	is "$(talk 127.0.0.1 7004 1)" "1 1"
	give freeze
	give kill
	is "$(exited)" 137
	nothing_left || fail "processes are left"
	delete
}

case_dump_refused() {
	bundle uring '["/prey", "uring"]' "$(pod)"
	create uring
	rt start uring
	until_true grep -q ready /bundles/uring/out
	mkdir /bundles/uring/snapshot
	refused DumpFailed snapshot dir=/bundles/uring/snapshot
	grep -q 'Error' <<<"$reply" || fail "CRIU's reason is missing: $reply"
	is "$(told state)" running
	end
}

# The deadline passes in the middle of a dump, wherever CRIU then is: the container and its connection go on.
case_dump_cut_short() {
	serving late 7016 "$(pod)"
	mkdir /bundles/late/whole
	give snapshot dir=/bundles/late/whole
	talk 127.0.0.1 7016 stream /tmp/late.stop >/tmp/late.out &
	local ms client=$!
	for ms in 8 12 14 16 18 20 22 24 26 28 30 32; do
		mkdir "/bundles/late/$ms"
		give snapshot "dir=/bundles/late/$ms" "ms=$ms" || true
		is "$(told state)" running
		kill -0 $client || fail "$(cat /tmp/late.out)"
	done
	touch /tmp/late.stop
	wait $client || fail "$(cat /tmp/late.out)"
	end
}

case_busy_exec() {
	serving busy 7005 "$(pod)"
	rt exec --detach busy /prey nap 300
	mkdir /bundles/busy/first
	give snapshot dir=/bundles/busy/first || fail "an exec that ended was not waited for: $reply"
	rt exec --detach busy /prey wait
	mkdir /bundles/busy/snapshot
	refused BusyExec snapshot dir=/bundles/busy/snapshot
	is "$(told state)" running
	is "$(talk 127.0.0.1 7005 1)" "1 1"
	end
	nothing_left || fail "processes are left"
}

case_tampered() {
	serving tampered 7006 "$(pod)"
	mkdir /bundles/tampered/snapshot
	give snapshot dir=/bundles/tampered/snapshot
	truncate -s 100 /bundles/tampered/snapshot/img/core-1.img
	refused RestoreFailed restore dir=/bundles/tampered/snapshot
	is "$(exited)" 137
	nothing_left || fail "processes are left"
	delete
}

# CRIU looks for the missing pages for ever. The half minute that every restore gets is spent once, where what is left is
# killed process by process.
case_restore_without_end() {
	[ "${ESCAPE_CGROUP:-v1}" = v1 ] || return 0
	serving endless 7025 "$(pod)"
	mkdir /bundles/endless/snapshot
	give snapshot dir=/bundles/endless/snapshot
	truncate -s 100 /bundles/endless/snapshot/img/pages-1.img
	refused RestoreFailed restore dir=/bundles/endless/snapshot ms=1000
	grep -q 'did not end in time' <<<"$reply" || fail "$reply"
	is "$(exited)" 137
	nothing_left || fail "processes are left"
	delete
}

case_verbs_in_the_gap() {
	serving gap 7007 "$(pod)"
	mkdir /bundles/gap/snapshot
	give snapshot dir=/bundles/gap/snapshot
	give restore dir=/bundles/gap/snapshot &
	until_true sh -c "order gap status | grep -q busy"
	is "$(rt state gap | jq -r .status)" running
	local status=0
	rt exec gap /prey exit 3 || status=$?
	is $status 3
	wait
	is "$(told state)" running
	end
}

case_dead_keeper() {
	serving orphan 7008
	local init
	init=$(told init)
	kill -KILL "$(told keeper)"
	exited >/dev/null
	delete
	[ ! -e "/proc/$init" ] || fail "the container outlived its keeper and its deletion"
}

for name in "${@:-}"; do
	for case in $(declare -F | sed -n "s/^declare -f case_//p"); do
		[ -z "$name" ] || [ "$name" = "$case" ] || continue
		echo "$case"
		reply=
		"case_$case"
	done
done
