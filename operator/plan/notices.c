/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/notices.h"

#include <base/str.h>

static bool is_bad(enum escape_phase p)
{
	return p == PHASE_ABORTING || p == PHASE_ABORTED || p == PHASE_FAILED;
}

static double total_s(const struct escape *x)
{
	if (!x->status.n_timeline)
		return 0;
	return (double)(x->status.timeline[x->status.n_timeline - 1].at_ms - x->created_ms) / 1000;
}

static void tell(
	const struct escape *x, const char *kind, const char *name, const char *uid, struct actions *out)
{
	const char *type = is_bad(x->status.phase) ? "Warning" : "Normal";
	const char *phase = ESCAPE_PHASE_NAMES[x->status.phase];
	char reason[ERR_REASON_MAX];

	str_fmt(reason, sizeof(reason), "%s%s", ESCAPE_KIND_NAMES[x->spec.kind], phase);
	action_event(out, kind, x->namespace_, name, uid, type, reason, NULL, "%s %s of %s: %s%s%s%s%.250s",
		ESCAPE_KIND_NAMES[x->spec.kind], x->name, x->spec.pod_name, phase,
		*x->status.reason ? " (" : "", x->status.reason, *x->status.reason ? ") " : " ",
		x->status.message);
}

void notices_phase(const struct escape *x, struct actions *out)
{
	if (x->status.phase == PHASE_PENDING)
		return;
	tell(x, "Escape", x->name, x->uid, out);
	if (!escape_phase_final(x->status.phase))
		return;
	tell(x, "Pod", x->spec.pod_name, x->spec.pod_uid, out);
	if (x->spec.kind == ESCAPE_MOVE && x->status.phase == PHASE_SUCCEEDED)
		action_event(out, "Pod", x->namespace_, x->spec.successor, x->status.successor_uid, "Normal",
			"TookOver", NULL, "took over from %s on %s (Escape %s), %.1f s after the decision",
			x->spec.pod_name, x->spec.source_node, x->name, total_s(x));
}

double notices_last_phase_s(const struct escape *x, const char **ret_phase)
{
	const struct escape_time *last;
	size_t n = x->status.n_timeline;
	int64_t began;

	if (!n)
		return -1;
	last = &x->status.timeline[n - 1];
	*ret_phase = n > 1 ? x->status.timeline[n - 2].phase : ESCAPE_PHASE_NAMES[PHASE_PENDING];
	began = n > 1 ? x->status.timeline[n - 2].at_ms : x->created_ms;
	return (double)(last->at_ms - began) / 1000;
}
