/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/guard/decide.h"

#include <base/str.h>

static bool state_has_tasks(enum keeper_state s)
{
	return s == KEEPER_CREATED || s == KEEPER_RUNNING || s == KEEPER_FROZEN;
}

enum monitor_mode decide_mode(const struct watch_input *in)
{
	if (!in->policy || !in->monitor_ready || in->init_container || !state_has_tasks(in->state))
		return MONITOR_OFF;
	if (in->order_under_way)
		return MONITOR_OFF;
	if (in->profile_ready)
		return MONITOR_DETECT;
	return in->learning_held ? MONITOR_OFF : MONITOR_LEARN;
}

bool decide_freezes(const struct policy *p)
{
	return p && p->detection.mode != MODE_OBSERVE && !p->response.dry_run;
}

static enum held_action held_named(const struct held_input *in)
{
	switch (in->escape->status.phase) {
	case PHASE_ABORTING:
	case PHASE_ABORTED:
	case PHASE_FAILED:
		return HELD_REFUSE;
	case PHASE_RESTORED:
	case PHASE_SUCCEEDED:
		/* The move is over: kubelet starts a container of it again, as of any pod. */
		return HELD_RELEASE;
	default:
		break;
	}
	if (!in->init_known)
		return HELD_WAIT;
	return in->init_container ? HELD_SKIP : HELD_STAGE;
}

enum held_action decide_held(const struct held_input *in)
{
	const struct escape *x = in->escape;

	if (!x)
		return in->absent ? HELD_RELEASE : HELD_LOOKUP;
	if (x->spec.kind != ESCAPE_MOVE || !str_eq(x->spec.destination_node, in->node))
		return HELD_RELEASE;
	if (str_eq(x->status.successor_uid, in->pod_uid))
		return held_named(in);
	/* The operator makes the pod first and names it in the Escape right after. */
	if (!*x->status.successor_uid &&
		(x->status.phase == PHASE_PENDING || x->status.phase == PHASE_STAGING))
		return HELD_WAIT;
	return HELD_RELEASE;
}

bool decide_suspect(int64_t taken_ms, const struct alarm_span *alarm, int64_t safe_after_ms)
{
	return alarm->detected_ms && taken_ms >= alarm->detected_ms - safe_after_ms &&
	       (!alarm->cleared_ms || taken_ms < alarm->cleared_ms);
}

size_t decide_safe(const int64_t *taken_ms, size_t n, size_t below, int64_t now_ms,
	const struct alarm_span *alarm, int64_t safe_after_ms)
{
	for (size_t i = below < n ? below : n; i-- > 0;)
		if (now_ms - taken_ms[i] >= safe_after_ms &&
			!decide_suspect(taken_ms[i], alarm, safe_after_ms))
			return i;
	return n;
}

size_t decide_expired(const int64_t *taken_ms, size_t n, size_t keep, int64_t now_ms, int64_t safe_after_ms)
{
	const struct alarm_span none = {0};
	size_t safe = decide_safe(taken_ms, n, n, now_ms, &none, safe_after_ms);
	size_t over = n > keep ? n - keep : 0;

	if (safe == n)
		return 0;
	return over < safe ? over : safe;
}

bool decide_locally(bool told, int64_t frozen_ms, int64_t now_ms)
{
	return now_ms - frozen_ms >= (told ? DECIDE_TOLD_MS : DECIDE_UNTOLD_MS);
}
