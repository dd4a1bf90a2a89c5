# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The life of one service in the attack lab: it is learned, runs as usual, is attacked, and is attacked once more when alarms
# are answered. Needs watch.sh.

LEARN_S=${LEARN_S:-180}
# How much longer learning may take until an epoch brings nothing new.
LEARN_MAX_S=${LEARN_MAX_S:-60}
NORMAL_S=${NORMAL_S:-240}
# Normal time between a new pod and the attack on it.
BEFORE_S=${BEFORE_S:-6}

# sleep_until MS
sleep_until() {
	local left=$(($1 - $(now_ms)))
	((left <= 0)) || sleep "$((left / 1000)).$(printf %03d $((left % 1000)))"
}

# learning_ends SERVICE VARIANT: what all pods have learned by now is enough, and one quiet epoch ends it.
learning_ends() {
	local epochs
	epochs=$(k -n "$NS" get behaviorprofiles -o json | jq --arg workload "$1-$2" '[.items[].spec | select(.workload == $workload) | .epochs // 0] | max // 20 | . * 0.8 | floor')
	policy_apply "$1" "$2" Observe "minEpochs: $((epochs > 20 ? epochs : 20)), stableFor: 1"
}

# learning_by_hand SERVICE: where each epoch brings something new learning has no end; an admin says that it is enough.
learning_by_hand() {
	local profile
	for profile in $(k -n "$NS" get behaviorprofiles -o json | jq -r --arg service "$1" '.items[] | select((.spec.workload | startswith($service + "-")) and .spec.state == "Learning") | .metadata.name'); do
		k -n "$NS" patch behaviorprofile "$profile" --type=merge -p '{"spec": {"state": "Ready"}}' >/dev/null
	done
}

# Some of everything that is normal, twice; a restart once.
phase_learn() {
	local from part=0 signal variant end=itself
	from=$(now_ms)
	for signal in USR1 HUP USR2 TERM USR1 USR2 HUP; do
		part=$((part + 1))
		sleep_until $((from + LEARN_S * 1000 * part / 8))
		service_house "$1" "$signal"
	done
	sleep_until $((from + LEARN_S * 1000))
	for variant in "${VARIANTS[@]}"; do
		learning_ends "$1" "$variant"
	done
	wait_until "$LEARN_MAX_S" "the behaviour of $1 is learned" all_watched "$1" || {
		end=hand
		learning_by_hand "$1"
		wait_until 60 "all pods of $1 are watched" all_watched "$1"
	}
	jq -n --arg service "$1" --arg by "$end" --argjson s $((($(now_ms) - from) / 1000)) '{type: "learn", service: $service, seconds: $s, ended_by: $by}' | record "$1"
}

# normal_event SERVICE EVENT: does it, and writes it down.
normal_event() {
	jq -cn --arg event "$2" --argjson ms "$(now_ms)" '{event: $event, ms: $ms}' >>"$RESULTS/$1.events"
	case $2 in
	rotation) service_house "$1" USR1 ;;
	reload) service_house "$1" HUP ;;
	backup) service_house "$1" USR2 ;;
	restart) service_house "$1" TERM ;;
	update) service_renew "$1" ;;
	esac
}

phase_normal() {
	local from to part=0 event events=(rotation backup reload restart rotation backup update reload) variant
	: >"$RESULTS/$1.events"
	from=$(now_ms)
	for event in "${events[@]}"; do
		part=$((part + 1))
		sleep_until $((from + NORMAL_S * 1000 * part / (${#events[@]} + 1)))
		normal_event "$1" "$event"
	done
	sleep_until $((from + NORMAL_S * 1000))
	wait_until 60 "all pods of $1 are watched" all_watched "$1"
	to=$(now_ms)
	for variant in "${VARIANTS[@]}"; do
		jq -n --arg service "$1" --arg variant "$variant" --argjson from "$from" --argjson to "$to" --argjson pods "$REPLICAS" --slurpfile events "$RESULTS/$1.events" \
			--argjson alarms "$(alarms_of_variant "$1" "$variant" "$from" "$to")" '{type: "normal", service: $service, variant: $variant, seconds: (($to - $from) / 1000 * $pods), pods: $pods,
			events: ($events | map(.event)), alarms: [$alarms[] | . as $a | {detected_ms, comm, mismatches, threshold, findings,
			after: ([$events[] | select(.ms <= $a.detected_ms and .ms > $a.detected_ms - 20000)] | last | .event // "load")}]}' | record "$1"
	done
}

# acts_of SERVICE: the acts whose SERVICES name it.
acts_of() {
	local file
	for file in "$ATTACKS"/acts/*.py; do
		! grep -qE "^(SERVICES = .*|    )\"$1\"[:,)]" "$file" || basename "$file" .py
	done
}

# attack_pod SERVICE ACT VARIANT POD_JSON
attack_pod() {
	local pod=$4 uid told alarms alarm calls=null before begun counter
	uid=$(jq -r .metadata.uid <<<"$pod")
	coproc COUNTER { exec nice -n -10 "$BUILD/e2e/attack-calls" "$(container_init "$pod")" 2>/dev/null; }
	counter=$COUNTER_PID
	told=$(intrude "$1" "$2" "$(jq -r .status.podIP <<<"$pod")") || told=$(jq -cn '{error: "did not end"}')
	sleep 3
	begun=$(jq '.begun_ms // 0' <<<"$told")
	alarms=$(alarms_of "$uid" 0 99999999999999)
	alarm=$(jq -c --argjson begun "$begun" '[.[] | select(.detected_ms >= $begun)] | first // null' <<<"$alarms")
	before=$(jq -c --argjson begun "$begun" '[.[] | select(.detected_ms < $begun)]' <<<"$alarms")
	if [[ $alarm != null ]] && kill -0 "$counter" 2>/dev/null; then
		calls=$(calls_between "$begun" "$(jq .detected_ms <<<"$alarm")")
	fi
	kill "$counter" 2>/dev/null || true
	jq -n --arg service "$1" --arg act "$2" --arg variant "$3" --argjson told "$told" --argjson alarm "$alarm" --argjson before "$before" --argjson calls "$calls" \
		--argjson created "$(jq '.metadata.creationTimestamp | fromdateiso8601 * 1000' <<<"$pod")" '{type: "attack", service: $service, act: $act, variant: $variant, proof: $told.proof,
		error: $told.error, quiet: $told.quiet, kind: $told.kind, begun_ms: $told.begun_ms, lasted_ms: ($told.ended_ms - $told.begun_ms), alarm: $alarm,
		ms: (if $alarm then $alarm.detected_ms - $told.begun_ms else null end), calls: $calls, normal_seconds: (($told.begun_ms - $created) / 1000), before: $before}' | record "$1"
}

calls_between() {
	local from to
	printf '%s\n%s\n' "$1" "$2" >&"${COUNTER[1]}"
	read -r -t 5 from <&"${COUNTER[0]}" && read -r -t 5 to <&"${COUNTER[0]}" && echo $((to - from)) || echo null
}

# attack_pods SERVICE ACT...: an act for each pod of each variant, all at once.
attack_pods() {
	local service=$1 variant pods i pids=() pid
	local acts=("${@:2}")
	for variant in "${VARIANTS[@]}"; do
		pods=$(variant_pods "$service" "$variant")
		for i in "${!acts[@]}"; do
			attack_pod "$service" "${acts[i]}" "$variant" "$(jq -c ".[$i]" <<<"$pods")" &
			pids+=($!)
		done
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || say "$service: one of ${acts[*]} was not recorded"
	done
}

# Each act on new pods.
phase_attacks() {
	local acts i
	read -ra acts <<<"${ACTS:-$(acts_of "$1" | tr '\n' ' ')}"
	for ((i = 0; i < ${#acts[@]}; i += REPLICAS)); do
		service_renew "$1"
		sleep "$BEFORE_S"
		wait_until 60 "no alarm of $1 in the last seconds" quiet "$1" || true
		say "$1: ${acts[*]:i:REPLICAS}"
		attack_pods "$1" "${acts[@]:i:REPLICAS}"
	done
}

# What is carried out when alarms are answered.
enforced_act() { [[ $1 == redis ]] && echo replicate || echo reverse_shell; }

# escape_for POD_NAME: the Escape of that pod, at its end, or nothing.
escapes_of_pod() { k -n "$NS" get escapes -o json | jq -c --arg pod "$1-" '[.items[] | select(.metadata.name | startswith($pod))] | sort_by(.metadata.creationTimestamp)'; }
has_escape() { escapes_of_pod "$1" | jq -e 'length > 0' >/dev/null; }
escape_over() { escapes_of_pod "$1" | jq -e '.[0].status.phase | IN("Succeeded", "Aborted", "Failed")' >/dev/null; }
escape_for() {
	wait_until 25 "an Escape of $1" has_escape "$1" || return 0
	wait_until 60 "its end" escape_over "$1" || true
	escapes_of_pod "$1" | jq -c '.[0]'
}

# Fused alone, and alarms are answered by rollbacks.
phase_enforce() {
	local pod uid address act told escape alarm intruder=gone answered=yes snapshot=yes VARIANTS=(fused) REPLICAS=1
	act=$(enforced_act "$1")
	k -n "$NS" scale deployment "$1-bosc" --replicas=0 >/dev/null
	k -n "$NS" scale deployment "$1-fused" --replicas=1 >/dev/null
	policy_apply "$1" fused Enforce "stableFor: 1"
	service_renew "$1"
	pod=$(variant_pods "$1" fused | jq -c first)
	uid=$(jq -r .metadata.uid <<<"$pod")
	address=$(jq -r .status.podIP <<<"$pod")
	wait_until 45 "a safe snapshot of $1" has_safe_snapshot "$NS" "$uid" || snapshot=no
	say "$1: $act, to be answered"
	intrude "$1" "$act" "$address" >"$RESULTS/$1.told" &
	escape=$(escape_for "$(jq -r .metadata.name <<<"$pod")")
	wait "$!" || true
	told=$(grep . "$RESULTS/$1.told" || echo '{}')
	alarm=$(alarms_of "$uid" "$(jq '.begun_ms // 0' <<<"$told")" 99999999999999 | jq -c 'first // null')
	container_runs "$pod" '(bash -i|/dev/tcp)' && intruder=there
	wait_until 20 "$1 serves" served "$1" "$address" || answered=no
	jq -n --arg service "$1" --arg act "$act" --argjson told "$told" --argjson alarm "$alarm" --argjson x "${escape:-null}" --arg snapshot "$snapshot" --arg intruder "$intruder" --arg served "$answered" \
		'{type: "enforce", service: $service, act: $act, kind: $told.kind, ms: (if $alarm then $alarm.detected_ms - $told.begun_ms else null end),
		frozen_ms: (if $alarm.frozen_ms then $alarm.frozen_ms - $alarm.detected_ms else null end), answer: (if $x then "\($x.spec.kind) \($x.status.phase)" else "none" end), snapshot: $snapshot,
		intruder: $intruder, served: $served}' | record "$1"
}

service_life() {
	: >"$RESULTS/$1.jsonl"
	service_up "$1"
	say "$1: learning for $LEARN_S s"
	phase_learn "$1"
	say "$1: normal for $NORMAL_S s"
	phase_normal "$1"
	phase_attacks "$1"
	phase_enforce "$1"
	say "$1: done"
}
