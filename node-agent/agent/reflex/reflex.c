/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/reflex/reflex.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "node-agent/agent/escapes/escapes.h"
#include "node-agent/agent/guard/alarm.h"
#include "node-agent/agent/keepers/fence.h"
#include "node-agent/agent/reflex/explain.h"
#include "node-agent/agent/report/metrics.h"
#include "node-agent/agent/report/report.h"
#include "node-agent/agent/rollback/inplace.h"
#include "node-agent/agent/snapshots/snapshots.h"

/* How long one callback may look at the freezer before it gives the loop its turn. */
#define FREEZE_SPIN_NS 2000000
#define FREEZE_CHECK_MS 1
#define OBSERVE_REARM_MS 10000

static int64_t wall_of_monotonic_ns(uint64_t ns)
{
	return clock_wall_ms() - (clock_monotonic_ns() - (int64_t)ns) / 1000000;
}

static int anomaly_id(char dst[static API_UID_MAX])
{
	uint64_t raw[2];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return -EIO;
	return str_fmt(
		dst, API_UID_MAX, "%016llx%016llx", (unsigned long long)raw[0], (unsigned long long)raw[1]);
}

static int anomaly_name(const struct guard *g, const char *detector, struct report_anomaly *a)
{
	const struct keeper_reply *r = &g->keeper->last;

	if (anomaly_id(a->id) || str_copy(a->namespace_, sizeof(a->namespace_), r->pod_namespace) ||
		str_copy(a->pod, sizeof(a->pod), r->pod_name) ||
		str_copy(a->pod_uid, sizeof(a->pod_uid), r->pod_uid) ||
		str_copy(a->container, sizeof(a->container), r->container) ||
		str_copy(a->policy, sizeof(a->policy), g->policy ? g->policy->name : "") ||
		str_copy(a->detector, sizeof(a->detector), detector))
		return -EINVAL;
	return 0;
}

static void alarm_keep(const struct guard *g)
{
	struct err e;

	if (alarm_write(g->agent->containers_dir, g->keeper->id, &g->alarm, &e))
		log_error("alarm not kept", "container", g->keeper->id, "why", e.message);
}

static void frozen_tell(struct guard *g)
{
	const struct report_anomaly *a = &g->alarm;
	int64_t ms = a->frozen_ms - a->detected_ms;

	report_anomaly_update(g->agent->reporter, a);
	agent_event(g->agent, a->namespace_, a->pod, a->pod_uid, "Warning", "Frozen",
		"Container %s was frozen %lld ms after the verdict.", a->container, (long long)ms);
	log_info("frozen", "container", a->container, "pod", a->pod, "anomaly", a->id);
}

static void frozen_note(struct guard *g)
{
	int64_t now_ns = clock_monotonic_ns();

	loop_timer_stop(g->freeze_check);
	g->alarm.frozen_ms = clock_wall_ms();
	if (g->first_mismatch_ns) {
		double seconds = (double)(now_ns - (int64_t)g->first_mismatch_ns) / 1e9;

		metrics_detection(g->agent->metrics, seconds);
		metrics_freeze(g->agent->metrics, (double)(now_ns - (int64_t)g->verdict_ns) / 1e9);
		report_detection(g->agent->reporter, seconds);
	}
	alarm_keep(g);
	frozen_tell(g);
}

static void on_freeze_check(void *arg)
{
	struct guard *g = arg;

	if (!g->alarmed)
		loop_timer_stop(g->freeze_check);
	else if (freezer_frozen(&g->freezer) == 1)
		frozen_note(g);
}

static void freeze_confirm(struct guard *g)
{
	int64_t until = clock_monotonic_ns() + FREEZE_SPIN_NS;

	do {
		if (freezer_frozen(&g->freezer) == 1) {
			frozen_note(g);
			return;
		}
	} while (clock_monotonic_ns() < until);
	if (loop_timer_start(g->freeze_check, FREEZE_CHECK_MS, FREEZE_CHECK_MS))
		log_error("freeze not confirmed", "container", g->keeper->id);
}

static void on_local_rollback(void *arg, const struct inplace_result *r)
{
	struct guard *g = arg ? guard_find(((struct inplace_who *)arg)->agent,
					((struct inplace_who *)arg)->container_id)
			      : NULL;
	char anomaly[API_UID_MAX];

	if (g)
		str_copy(anomaly, sizeof(anomaly), ((struct inplace_who *)arg)->anomaly);
	free(arg);
	if (!g)
		return;
	if (r->err.code) {
		log_error("local rollback failed, the container stays frozen", "container", g->keeper->id,
			"reason", r->err.reason, "why", r->err.message);
		return;
	}
	str_copy(g->local_anomaly, sizeof(g->local_anomaly), anomaly);
	log_warn("rolled back without the API server", "container", g->keeper->id, "generation",
		r->generation);
}

static void local_rollback(struct guard *g)
{
	struct inplace_who *who = calloc(1, sizeof(*who));
	struct err e = {0};
	int rc = -ENOMEM;

	g->local_tried = true;
	if (who) {
		who->agent = g->agent;
		str_copy(who->container_id, sizeof(who->container_id), g->keeper->id);
		str_copy(who->anomaly, sizeof(who->anomaly), g->alarm.id);
		rc = inplace_restore(
			g->agent, g->keeper->last.pod_uid, "", g->alarm.id, on_local_rollback, who, &e);
	}
	if (!rc)
		return;
	free(who);
	log_error("local rollback failed, the container stays frozen", "container", g->keeper->id, "why",
		e.message);
}

static void on_decision_due(void *arg)
{
	struct guard *g = arg;

	if (!g->alarmed) {
		/* Observe or dry run: only told, so that the next anomaly can be told as well. */
		if (g->watch)
			monitor_watch_rearm(g->watch);
		return;
	}
	if (!g->local_tried && decide_freezes(g->policy) && !escapes_answer(g->agent->escapes, &g->alarm) &&
		decide_locally(
			report_told(g->agent->reporter, g->alarm.id), g->alarm.frozen_ms, clock_wall_ms()))
		local_rollback(g);
	loop_timer_start(g->decision, DECIDE_UNTOLD_MS, 0);
}

int reflex_prepare(struct guard *g)
{
	int rc = loop_timer_new(g->agent->loop, on_decision_due, g, &g->decision);

	return rc ? rc : loop_timer_new(g->agent->loop, on_freeze_check, g, &g->freeze_check);
}

static void anomaly_log(const struct report_anomaly *a, const char *text)
{
	char pid[24], percent[24];

	str_fmt(pid, sizeof(pid), "%lld", (long long)a->pid);
	str_fmt(percent, sizeof(percent), "%lld", (long long)a->score_percent);
	log_warn("attack detected", "namespace", a->namespace_, "pod", a->pod, "container", a->container,
		"anomaly", a->id, "detector", a->detector, "score_percent", percent, "comm", a->comm, "pid",
		pid, "executable", a->executable, "why", text);
}

/* After the freeze: everything else may take its time. */
static void anomaly_tell(struct guard *g, const struct report_anomaly *a, bool frozen)
{
	char text[ERR_MESSAGE_MAX + 256];

	report_anomaly_text(a, text, sizeof(text));
	report_anomaly_add(g->agent->reporter, a);
	snapshots_on_alarm(g->agent, a->pod_uid, a->detected_ms);
	anomaly_log(a, text);
	agent_event(g->agent, a->namespace_, a->pod, a->pod_uid, "Warning", "AttackDetected",
		"Container %s%s: %s.", a->container, frozen ? "" : ", observed only", text);
	if (loop_timer_start(g->decision, frozen ? DECIDE_UNTOLD_MS : OBSERVE_REARM_MS, 0))
		log_error("no decision timer", "container", g->keeper->id);
}

static void verdict_copy(const struct monitor_verdict *v, struct report_anomaly *a)
{
	a->mismatches = v->mismatches;
	a->threshold = v->threshold;
	a->epoch = (int64_t)v->epoch;
	a->detected_ms = wall_of_monotonic_ns(v->verdict_ns);
	if (v->first_mismatch_ns)
		a->first_ms = a->detected_ms - (int64_t)(v->verdict_ns - v->first_mismatch_ns) / 1000000;
	a->pid = v->task.pid;
	explain_comm(a->comm, &v->task);
}

/* What the kernel and /proc know of it still. An alarm without is an alarm all the same. */
static void anomaly_prove(const struct guard *g, const struct monitor_verdict *v, struct report_anomaly *a)
{
	auto_free struct monitor_evidence *e = malloc(sizeof(*e));

	monitor_task_executable(&v->task, a->executable, sizeof(a->executable));
	if (e && !monitor_watch_evidence(g->watch, v, e))
		explain_fill(a, e, v->graded);
	else
		log_warn("alarm without evidence", "container", g->keeper->id, "anomaly", a->id);
}

static const char *detector_name(const struct guard *g)
{
	return DETECTOR_NAMES[g->params.detector == MONITOR_FUSED ? DETECTOR_FUSED : DETECTOR_BOSC];
}

static void alarm_freeze(struct guard *g, const struct monitor_verdict *v, const struct report_anomaly *a)
{
	g->alarmed = true;
	g->alarm = *a;
	g->first_mismatch_ns = v->first_mismatch_ns;
	g->verdict_ns = v->verdict_ns;
	guard_freeze(g);
	alarm_keep(g);
	if (g->freezer.fd >= 0)
		freeze_confirm(g);
}

void reflex_on_verdict(void *arg, const struct monitor_verdict *v)
{
	struct guard *g = arg;
	struct report_anomaly a = {0};
	bool freezes = decide_freezes(g->policy);

	/* First of all; the books come afterwards. */
	if (freezes && g->freezer.fd >= 0 && freezer_set(&g->freezer, true))
		log_error("freezer refused", "container", g->keeper->id);
	if (g->alarmed || anomaly_name(g, detector_name(g), &a))
		return;
	verdict_copy(v, &a);
	if (v->first_mismatch_ns)
		metrics_verdict(g->agent->metrics, (double)(v->verdict_ns - v->first_mismatch_ns) / 1e9);
	if (freezes)
		alarm_freeze(g, v, &a);
	/* By now it stands still, or nearly. */
	anomaly_prove(g, v, freezes ? &g->alarm : &a);
	if (freezes)
		alarm_keep(g);
	anomaly_tell(g, freezes ? &g->alarm : &a, freezes);
}

static bool frozen_unexplained(const struct guard *g)
{
	const struct keeper_reply *r = &g->keeper->last;

	return r->state == KEEPER_FROZEN && !g->orders &&
	       !escapes_open_for_pod(g->agent->escapes, r->pod_uid) &&
	       !snapshots_busy(g->agent, r->pod_uid) && !fence_stands(g->agent->fences_dir, r->pod_uid);
}

static void alarm_raise(struct guard *g, const struct report_anomaly *a)
{
	g->alarmed = true;
	g->alarm = *a;
	anomaly_tell(g, &g->alarm, true);
}

void reflex_sight(struct guard *g)
{
	struct report_anomaly a = {0};
	struct err e;
	int rc;

	if (g->alarmed && !g->alarm.frozen_ms && g->keeper->last.state == KEEPER_FROZEN)
		frozen_note(g);
	if (g->sighted || !g->policy || !escapes_synced(g->agent->escapes) ||
		g->keeper->last.state == KEEPER_BUSY)
		return;
	g->sighted = true;
	rc = alarm_read(g->agent->containers_dir, g->keeper->id, &a, &e);
	if (!rc) {
		log_info("alarm of an earlier run taken up", "container", g->keeper->id, "anomaly", a.id);
		alarm_raise(g, &a);
		/* The earlier agent may have died between its write to the freezer and its order. */
		if (!escapes_open_for_pod(g->agent->escapes, a.pod_uid))
			guard_freeze(g);
		return;
	}
	if (rc != -ENOENT)
		log_warn("alarm file not understood", "container", g->keeper->id, "why", e.message);
	if (!frozen_unexplained(g) || anomaly_name(g, "FoundFrozen", &a))
		return;
	a.detected_ms = clock_wall_ms();
	a.frozen_ms = a.detected_ms;
	alarm_raise(g, &a);
	alarm_keep(g);
}
