# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the agents say, written down while it is said, and asked afterwards. Needs world.sh; RESULTS is a folder.

# alarms_collect: prints each alarm of each NodeReport whenever a report changes, until it is ended.
alarms_collect() {
	k get nodereports --watch -o json | jq -c --unbuffered 'def ms: if . == null then null else . as $s
		| ($s | sub("\\.[0-9]+Z$"; "Z") | fromdateiso8601 * 1000) + ((capture("\\.(?<f>[0-9]{3})").f // "0") | tonumber) end;
		.status.anomalies[]? | select(.namespace == "attacks")
		| {id, uid: .podUID, pod, detector, detected_ms: (.detectedAt | ms), frozen_ms: (.frozenAt | ms), mismatches, threshold, epoch, comm,
		first_ms: (.firstMismatchAt | ms), findings: [.findings[]? | {kind, comm, calls: [.calls[]?.name]}]}'
}

# alarms_of POD_UID FROM_MS TO_MS: its alarms in that time, oldest first, one JSON array.
alarms_of() {
	jq -cs --arg uid "$1" --argjson from "$2" --argjson to "$3" '[.[] | select(.uid == $uid and .detected_ms >= $from and .detected_ms <= $to)]
		| group_by(.id) | map(.[-1]) | sort_by(.detected_ms)' "$RESULTS/alarms"
}

# alarms_of_variant SERVICE VARIANT FROM_MS TO_MS: of all pods that it had.
alarms_of_variant() {
	jq -cs --arg pod "$1-$2-" --argjson from "$3" --argjson to "$4" '[.[] | select((.pod | startswith($pod)) and .detected_ms >= $from and .detected_ms <= $to)]
		| group_by(.id) | map(.[-1]) | sort_by(.detected_ms)' "$RESULTS/alarms"
}

# quiet SERVICE: no alarm of its present pods in the last 12 s, so that none of them is deaf.
quiet() {
	local variant uid now
	now=$(now_ms)
	for variant in "${VARIANTS[@]}"; do
		for uid in $(variant_pods "$1" "$variant" | jq -r '.[].metadata.uid'); do
			[[ $(alarms_of "$uid" $((now - 12000)) "$now") == '[]' ]] || return
		done
	done
}

record() { jq -c . >>"$RESULTS/$1.jsonl"; }
