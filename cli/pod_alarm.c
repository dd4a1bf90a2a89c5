/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence.h"

#include "text.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>

static bool is_of(const struct json *anomaly, const char *namespace_, const char *pod)
{
	return str_eq(json_str_at(anomaly, "namespace", ""), namespace_) &&
	       str_eq(json_str_at(anomaly, "pod", ""), pod);
}

/* Puts it into ret when it is newer than what is there. */
static int alarm_take(
	const struct json *report, const struct json *anomaly, struct pod_alarm *ret, struct err *e)
{
	auto_free struct pod_alarm *p = calloc(1, sizeof(*p));
	int rc = p ? decode(anomaly, REPORT_ANOMALY_FIELDS, &p->anomaly, e)
		   : err_set(e, -ENOMEM, "OutOfMemory", "no memory for an alarm");

	if (rc || p->anomaly.detected_ms <= ret->anomaly.detected_ms)
		return rc;
	if (str_copy(p->node, sizeof(p->node), json_str_at(report, "metadata.name", "?")))
		return err_set(e, -EINVAL, "InvalidField", "a NodeReport with a name too long");
	*ret = *p;
	return 0;
}

int pod_alarm_find(const struct json *reports, const char *namespace_, const char *pod, struct pod_alarm *ret,
	struct err *e)
{
	*ret = (struct pod_alarm){0};
	json_foreach(report, json_member(reports, "items"))
	{
		json_foreach(anomaly, json_at(report, "status.anomalies"))
		{
			int rc = is_of(anomaly, namespace_, pod) ? alarm_take(report, anomaly, ret, e) : 0;

			if (rc)
				return rc;
		}
	}
	if (ret->anomaly.detected_ms)
		return 0;
	return err_set(e, -ENOENT, "NotFound",
		"no node reports an alarm of pod %s in namespace %s; reports keep an alarm for an hour, the "
		"Escape that answered it longer (kubectl get escapes.escape.dev -n %s)",
		pod, namespace_, namespace_);
}

void pod_alarm_text(const struct pod_alarm *p, int64_t now_ms, struct buf *out)
{
	const struct report_anomaly *a = &p->anomaly;

	text_addf(out, "Pod %s/%s: alarm of container %s on node %s, ", a->namespace_, a->pod, a->container,
		p->node);
	text_add_age(out, now_ms - a->detected_ms);
	buf_adds(out, a->frozen_ms ? " ago\n\n" : " ago, not frozen\n\n");
	text_addf(out, "%-10s%s in the NodeReport of %s", "Alarm", a->id, p->node);
	buf_adds(out, "\n");
	text_addf(out, "%-10s%s", "Policy", *a->policy ? a->policy : "-");
	buf_adds(out, "\n");
	evidence_text(a, out);
}

struct json *pod_alarm_json(const struct pod_alarm *p)
{
	auto_json struct json *j = encode(REPORT_ANOMALY_FIELDS, &p->anomaly);

	if (!j || json_set_str(j, "node", p->node))
		return NULL;
	return TAKE_PTR(j);
}
