# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The three acts, as functions that drive the attack, check how it ended and print one JSON object each.
# The demo tells them one after another; the e2e cases run them alone. Needs lib.sh.

# The service under attack.
SERVICE_NS=${SERVICE_NS:-shop}
SERVICE_APP=${SERVICE_APP:-ledger}

# act_json NAME ESCAPE_JSON ATTACK_MS FOUND_MS SUMMARY RESTARTS: one act of timeline.json.
act_json() {
	jq -cn --arg act "$1" --argjson x "$2" --argjson attack "$3" --argjson found "$4" --argjson s "$5" --argjson restarts "$6" '
		def ms: ((sub("\\.[0-9]+Z$"; "Z") | fromdateiso8601) * 1000) + ((capture("\\.(?<f>[0-9]{3})").f // "0") | tonumber);
		{act: $act, escape: $x.metadata.name, kind: $x.spec.kind, reason: $x.spec.reason, from: $x.spec.sourceNode, to: ($x.spec.destinationNode // $x.spec.sourceNode),
		 state: $x.spec.state, phase: $x.status.phase,
		 phases: [$x.status.timeline[] | {phase, ms: ((.at | ms) - $attack)}], steps: ($x.status.steps // []),
		 candidates: ($x.status.candidates // []), detection_ms: ($found - $attack), kubelet_restarts: $restarts} + $s'
}

# service_attack POD_JSON: attacks, waits for the Escape that answers it and for its end. Sets ATTACK_MS, FOUND_MS, ESCAPE (JSON).
service_attack() {
	local uid node known name
	uid=$(jq -r .metadata.uid <<<"$1")
	node=$(jq -r .spec.nodeName <<<"$1")
	known=$(known_escapes "$SERVICE_NS")
	ATTACK_MS=$(attack "$(address_of "$1")")
	wait_until 20 "an alarm of the ledger" has_anomaly_after "$node" "$uid" "$ATTACK_MS" || return
	FOUND_MS=$(anomaly_after "$node" "$uid" "$ATTACK_MS" | jq '.frozenMs // .detectedMs')
	wait_until 20 "an Escape for it" has_new_escape "$SERVICE_NS" "$known" || return
	name=$(new_escape "$SERVICE_NS" "$known")
	wait_until 90 "Escape $name ends" escape_ended "$SERVICE_NS" "$name" || return
	ESCAPE=$(escape_get "$SERVICE_NS" "$name")
}

restarts_of() { pod_of "$SERVICE_NS" "$SERVICE_APP" | jq '[.status.containerStatuses[].restartCount] | add'; }

# finish_act NAME: waits until the client is served again and prints the act.
finish_act() {
	local end
	end=$(now_ms)
	wait_until 30 "the client is served again" client_answers_after client "$end" 20 || return
	act_json "$1" "$ESCAPE" "$ATTACK_MS" "$FOUND_MS" "$(client_summary client $((ATTACK_MS - 500)) "$(now_ms)")" "$(restarts_of)"
}

# Act 1: an attack is answered by a rollback in place.
act_rollback() {
	local pod
	pod=$(pod_of "$SERVICE_NS" "$SERVICE_APP") || return
	wait_until 60 "a safe snapshot of the ledger" has_safe_snapshot "$SERVICE_NS" "$(jq -r .metadata.uid <<<"$pod")" || return
	service_attack "$pod" || return
	finish_act "${1:-rollback}"
}

check_rollback() {
	jq -e '.kind == "Rollback" and .phase == "Succeeded" and .went_back >= 1 and .file_agrees and .kubelet_restarts == 0' <<<"$1" >/dev/null ||
		fail "the rollback did not end as it should: $1"
}

# Act 2: the attack comes again until it is persistent; the service moves with its last safe state.
act_persistent() {
	local act tries=0
	while ((tries++ < 5)); do
		act=$(act_rollback persistent) || return
		[[ $(jq -r .kind <<<"$act") == Rollback ]] || break
	done
	jq -c --argjson n "$tries" '. + {attacks: $n}' <<<"$act"
}

check_persistent() {
	jq -e '.kind == "Move" and .state == "LastSafe" and .reason == "PersistentAttack" and .phase == "Succeeded" and .from != .to
		and .file_agrees and .kubelet_restarts == 0' <<<"$1" >/dev/null || fail "the move did not end as it should: $1"
}

# Act 3: another tenant's pod on the service's node is taken over; the clean service leaves alive.
act_live() {
	local pod node tenant known name
	pod=$(pod_of "$SERVICE_NS" "$SERVICE_APP") || return
	node=$(jq -r .spec.nodeName <<<"$pod")
	tenant=$(pod_of tenant guestbook "$node") || return
	known=$(known_escapes "$SERVICE_NS")
	ATTACK_MS=$(attack "$(address_of "$tenant")")
	wait_until 20 "an alarm of the guestbook on $node" has_anomaly_after "$node" "$(jq -r .metadata.uid <<<"$tenant")" "$ATTACK_MS" || return
	FOUND_MS=$(anomaly_after "$node" "$(jq -r .metadata.uid <<<"$tenant")" "$ATTACK_MS" | jq '.frozenMs // .detectedMs')
	wait_until 20 "an Escape of the ledger from $node" has_new_escape "$SERVICE_NS" "$known" || return
	name=$(new_escape "$SERVICE_NS" "$known")
	wait_until 90 "Escape $name ends" escape_ended "$SERVICE_NS" "$name" || return
	ESCAPE=$(escape_get "$SERVICE_NS" "$name")
	finish_act "$1"
}

check_live() {
	jq -e '.kind == "Move" and .state == "Live" and .reason == "NodeHacked" and .phase == "Succeeded" and .from != .to and .connection_survived
		and .lost == 0 and .out_of_order == 0 and .file_agrees and .kubelet_restarts == 0' <<<"$1" >/dev/null ||
		fail "the live move did not end as it should: $1"
}
