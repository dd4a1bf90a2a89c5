#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# More cases: who the restored processes are and what they may. Sourced by cases.sh.
# shellcheck source=tests/runtime/harness.sh
. /test/harness.sh

# CRIU sets other users' limits with CAP_SYS_RESOURCE (bit 24), which a container's root may lack.
dumps_other_users() {
	((0x$(sed -n 's/^CapEff:\t//p' /proc/self/status) >> 24 & 1)) || ! echo "  left out: no CAP_SYS_RESOURCE"
}

scratch='.mounts += [{"destination": "/scratch", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=1777"]}]'
limits='.linux.resources = {"memory": {"limit": 134217728}, "cpu": {"quota": 90000, "period": 100000}, "pids": {"limit": 50}}'
no_filter='.linux.seccomp = null'
filter=".linux.seccomp = $(cat /test/seccomp.json)"

# A pod of the restricted standard, whose volume belongs to its fsGroup.
restricted() {
	mkdir -p /bundles/volume
	chown 0:2000 /bundles/volume
	chmod 2770 /bundles/volume
	echo "$scratch | $limits | $filter"' | .process.user = {"uid": 1000, "gid": 1000, "additionalGids": [1000, 2000]}
		| .process.capabilities = {} | .process.noNewPrivileges = true | .process.oomScoreAdj = 500 | .root.readonly = true
		| .process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 512, "hard": 1024}, {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]
		| .mounts += [{"destination": "/data", "type": "bind", "source": "/bundles/volume", "options": ["rbind", "rw"]}]'
}

case_restricted() {
	dumps_other_users && has_controllers || return 0
	moves '["/prey", "crowd", "7015", "/scratch/state"]' "$(restricted)"
	grep -q '^1 Uid:.1000' /tmp/after || fail "$(cat /tmp/after)"
	grep -q '^1 CapBnd:.0*$' /tmp/after || fail "$(cat /tmp/after)"
	grep -q '^1 Seccomp:.2' /tmp/after || fail "$(cat /tmp/after)"
	is "$(grep -c NoNewPrivs:.1 /tmp/after)" 5
	local before=$reply
	give restore dir=/bundles/from/dump || fail "$reply"
	portrait >/tmp/after
	diff /tmp/before /tmp/after || fail "not as before the rollback"
	end
	nets_gone
	reply=$before
}

stopped() { # how many processes of $ID
	local pid
	for pid in $(container_pids); do
		cat "/proc/$pid/status"
	done | grep -c '^State:.T' || true
}

case_crowd() {
	local more="$scratch | .root.readonly = true"
	! has_controllers || more+=" | $limits"
	bundle crowd '["/prey", "crowd", "7031", "/scratch/state"]' "$(pod)" "$more"
	create crowd
	rt start crowd
	until_true grep -q ready /bundles/crowd/out
	is "$(talk 127.0.0.1 7031 4)" "4 4"
	mkdir /bundles/crowd/snapshot
	# What is stopped and then frozen by v1, CRIU waits for in vain.
	[ "${ESCAPE_CGROUP:-v1}" = v1 ] || kill -STOP "$(container_pids | tail -n 1)"
	give snapshot dir=/bundles/crowd/snapshot || fail "$reply"
	portrait >/tmp/before
	is "$(grep -c Uid: /tmp/before)" 5
	is "$(talk 127.0.0.1 7031 4)" "8 8"
	give restore dir=/bundles/crowd/snapshot || fail "$reply"
	portrait >/tmp/after
	diff /tmp/before /tmp/after || fail "not as before the rollback"
	is "$(talk 127.0.0.1 7031 1)" "5 5"
	[ "${ESCAPE_CGROUP:-v1}" = v1 ] || is "$(stopped)" 1
	end
}

exceeds() { # WHAT JQ-FILTER: a successor whose spec is stricter than what the dump holds does not come to life
	held "$1" '["/prey", "serve", "7032"]' "$2"
	refused CredentialsExceedSpec restore dir=/bundles/mighty/snapshot
	grep -q "$1" <<<"$reply" || fail "$reply"
	! wait "$starter" || fail "start succeeded"
	is "$(exited)" 137
	nothing_left || fail "processes are left"
	delete
	reply=
}

case_credentials() {
	bundle mighty '["/prey", "serve", "7032"]' "$(pod)" ".process.noNewPrivileges = false | $no_filter"
	create mighty
	rt start mighty
	until_true grep -q ready /bundles/mighty/out
	mkdir /bundles/mighty/snapshot
	give snapshot dir=/bundles/mighty/snapshot || fail "$reply"
	end
	local drop='.process.capabilities = {}'
	exceeds user ".process.user.uid = 1000 | $no_filter | .process.noNewPrivileges = false"
	exceeds filter ".process.noNewPrivileges = false | $filter"
	[ -z "${ESCAPE_FEW:-}" ] || return 0
	exceeds group ".process.user.gid = 1000 | $no_filter | .process.noNewPrivileges = false"
	exceeds privileges ".process.noNewPrivileges = true"
	exceeds capabilities "$drop | .process.noNewPrivileges = false"
}
