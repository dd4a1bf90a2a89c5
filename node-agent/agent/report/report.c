/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/report/report.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

#include "node-agent/agent/report/probe.h"

#define HEARTBEAT_MS 10000
#define CHANGE_MS 1000
#define URGENT_MS 50
#define RETRY_MS 1000
#define ANOMALY_AGE_MS 3600000

struct known_anomaly {
	struct report_anomaly a;
	bool told, sending;
};

struct reporter {
	struct agent *agent;
	report_filler containers;
	struct loop_timer *timer;
	struct known_anomaly anomalies[REPORT_ANOMALIES_MAX]; /* oldest first */
	size_t n;
	bool loaded;  /* what an earlier run had reported is known */
	bool sending; /* or loading */
	bool urgent;
	bool changed;
	int64_t sent_ms;   /* monotonic, of the last attempt */
	int64_t looked_ms; /* monotonic, when it was last looked whether there is something to say */
	uint64_t essence;  /* hash of what was sent last, without what changes all the time */
	double detection_sum;
	uint64_t detection_count;
};

static void report_send(struct reporter *r);
static void report_load(struct reporter *r);

static void schedule(struct reporter *r)
{
	int64_t due = r->urgent    ? r->sent_ms + URGENT_MS
		      : r->changed ? r->looked_ms + CHANGE_MS
				   : r->sent_ms + HEARTBEAT_MS;

	due -= clock_monotonic_ms();

	if (!r->sending)
		loop_timer_start(r->timer, due > 0 ? (uint64_t)due : 0, 0);
}

static void on_timer(void *arg)
{
	struct reporter *r = arg;

	if (r->agent->stopping || r->sending)
		return;
	if (r->loaded)
		report_send(r);
	else
		report_load(r);
}

int reporter_new(struct agent *a, report_filler containers, struct reporter **ret)
{
	struct reporter *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return -ENOMEM;
	r->agent = a;
	r->containers = containers;
	rc = loop_timer_new(a->loop, on_timer, r, &r->timer);
	if (!rc)
		rc = loop_timer_start(r->timer, 1, 0);
	if (rc) {
		reporter_free(r);
		return rc;
	}
	*ret = r;
	return 0;
}

void reporter_free(struct reporter *r)
{
	if (!r)
		return;
	loop_timer_free(r->timer);
	free(r);
}

void report_touch(struct reporter *r)
{
	if (r->changed)
		return;
	r->changed = true;
	schedule(r);
}

static struct known_anomaly *anomaly_find(struct reporter *r, const char *id)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(r->anomalies[i].a.id, id))
			return &r->anomalies[i];
	return NULL;
}

static void anomaly_drop_first(struct reporter *r)
{
	memmove(&r->anomalies[0], &r->anomalies[1], (r->n - 1) * sizeof(r->anomalies[0]));
	r->n--;
}

static struct known_anomaly *anomaly_put(struct reporter *r, const struct report_anomaly *a)
{
	struct known_anomaly *k = anomaly_find(r, a->id);

	if (!k) {
		if (r->n == REPORT_ANOMALIES_MAX)
			anomaly_drop_first(r);
		k = &r->anomalies[r->n++];
	}
	*k = (struct known_anomaly){.a = *a};
	return k;
}

void report_anomaly_add(struct reporter *r, const struct report_anomaly *a)
{
	anomaly_put(r, a);
	r->urgent = true;
	if (r->loaded)
		schedule(r);
}

void report_anomaly_update(struct reporter *r, const struct report_anomaly *a)
{
	/* Before it was added there is nothing to update: it comes with these numbers. */
	if (anomaly_find(r, a->id))
		report_anomaly_add(r, a);
}

bool report_told(const struct reporter *r, const char *id)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(r->anomalies[i].a.id, id))
			return r->anomalies[i].told;
	return false;
}

void report_detection(struct reporter *r, double seconds)
{
	r->detection_sum += seconds;
	r->detection_count++;
}

static void anomalies_expire(struct reporter *r)
{
	while (r->n && clock_wall_ms() - r->anomalies[0].a.detected_ms > ANOMALY_AGE_MS)
		anomaly_drop_first(r);
}

static void report_fill(struct reporter *r, struct report *ret)
{
	str_copy(ret->node, sizeof(ret->node), r->agent->cfg->node);
	str_copy(ret->agent_version, sizeof(ret->agent_version), ESCAPE_VERSION);
	if (r->detection_count)
		ret->detection_ms = (int64_t)(r->detection_sum * 1000 / (double)r->detection_count + 0.5);
	anomalies_expire(r);
	for (size_t i = 0; i < r->n; i++)
		ret->anomalies[i] = r->anomalies[i].a;
	ret->n_anomalies = r->n;
	probe_fill(r->agent->probe, ret);
	r->containers(r->agent, ret);
}

static uint64_t essence_of(const struct report *full)
{
	auto_free struct report *r = malloc(sizeof(*r));
	auto_json struct json *j = NULL;
	auto_free char *text = NULL;

	if (!r)
		return 0;
	*r = *full;
	for (size_t i = 0; i < r->n_containers; i++)
		r->containers[i].epochs = r->containers[i].bags = r->containers[i].learned_percent =
			r->containers[i].seconds_left = 0;
	j = report_encode(r);
	text = j ? json_print(j) : NULL;
	return text ? str_hash64(text, strlen(text)) : 0;
}

static void send_over(struct reporter *r, bool ok)
{
	r->sending = false;
	for (size_t i = 0; i < r->n; i++) {
		if (ok && r->anomalies[i].sending)
			r->anomalies[i].told = true;
		r->anomalies[i].sending = false;
	}
	if (!ok) {
		r->essence = 0;
		r->changed = true;
	}
	if (!r->agent->stopping)
		schedule(r);
}

static void on_created(void *arg, const struct json *object, const struct err *e)
{
	struct reporter *r = arg;

	(void)object;
	if (e && e->code != -EEXIST) {
		log_warn("NodeReport not created", "reason", e->reason, "why", e->message);
		send_over(r, false);
		return;
	}
	r->sending = false;
	if (!r->agent->stopping)
		report_send(r);
}

static void report_create(struct reporter *r)
{
	auto_json struct json *object = json_new_obj();

	json_set_str(object, "apiVersion", API_GROUP_VERSION);
	json_set_str(object, "kind", API_REPORTS.kind);
	json_set_str(json_obj_at(object, "metadata"), "name", r->agent->cfg->node);
	if (kube_create(r->agent->kube, &API_REPORTS, NULL, NULL, object, on_created, r))
		send_over(r, false);
}

static void on_sent(void *arg, const struct json *object, const struct err *e)
{
	struct reporter *r = arg;

	(void)object;
	if (e && e->code == -ENOENT && !r->agent->stopping) {
		report_create(r);
		return;
	}
	if (e)
		log_warn("NodeReport not written", "reason", e->reason, "why", e->message);
	send_over(r, !e);
}

/* False when there is nothing new to say and no heartbeat due. */
static bool worth_sending(struct reporter *r, const struct report *report, int64_t now)
{
	uint64_t essence = essence_of(report);

	if (r->urgent || essence != r->essence || now - r->sent_ms >= HEARTBEAT_MS) {
		r->essence = essence;
		return true;
	}
	return false;
}

static void report_patch(struct reporter *r, struct report *report, int64_t now)
{
	auto_json struct json *object = NULL;

	report->heartbeat_ms = clock_wall_ms();
	object = report_encode(report);
	for (size_t i = 0; i < r->n; i++)
		r->anomalies[i].sending = true;
	r->sent_ms = now;
	r->sending = true;
	r->urgent = false;
	if (!object || kube_patch(r->agent->kube, &API_REPORTS, NULL, r->agent->cfg->node, "status",
			       KUBE_APPLY, object, on_sent, r))
		send_over(r, false);
}

static void report_send(struct reporter *r)
{
	auto_free struct report *report = calloc(1, sizeof(*report));
	int64_t now = clock_monotonic_ms();

	r->changed = false;
	r->looked_ms = now;
	if (report)
		report_fill(r, report);
	if (report && worth_sending(r, report, now))
		report_patch(r, report, now);
	else
		schedule(r);
}

static void report_take_over(struct reporter *r, const struct json *object)
{
	auto_free struct report *old = calloc(1, sizeof(*old));
	auto_free struct known_anomaly *now = malloc(sizeof(r->anomalies));
	size_t n = r->n;

	if (!old || !now || report_decode(object, old, NULL))
		return;
	/* Oldest first: those of the earlier run, then what was found meanwhile. */
	memcpy(now, r->anomalies, n * sizeof(now[0]));
	r->n = 0;
	for (size_t i = 0; i < old->n_anomalies; i++)
		anomaly_put(r, &old->anomalies[i])->told = true;
	for (size_t i = 0; i < n; i++)
		anomaly_put(r, &now[i].a);
	if (old->detection_ms) {
		r->detection_sum += (double)old->detection_ms / 1000;
		r->detection_count++;
	}
}

static void on_loaded(void *arg, const struct json *object, const struct err *e)
{
	struct reporter *r = arg;

	r->sending = false;
	if (r->agent->stopping)
		return;
	if (e && e->code != -ENOENT) {
		log_warn("NodeReport not read", "reason", e->reason, "why", e->message);
		loop_timer_start(r->timer, RETRY_MS, 0);
		return;
	}
	if (!e)
		report_take_over(r, object);
	r->loaded = true;
	report_send(r);
}

static void report_load(struct reporter *r)
{
	r->sending = !kube_get(r->agent->kube, &API_REPORTS, NULL, r->agent->cfg->node, on_loaded, r);
	if (!r->sending)
		loop_timer_start(r->timer, RETRY_MS, 0);
}
