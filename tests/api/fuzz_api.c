/* SPDX-License-Identifier: Apache-2.0 */
/* Any JSON as any kind: nothing crashes, and what was accepted is written and read again as the same. */
#include <api/escape.h>
#include <api/pod.h>
#include <api/pod_fit.h>
#include <api/policy.h>
#include <api/profile.h>
#include <api/report.h>
#include <api/resources.h>
#include <api/verdict.h>
#include <base/cleanup.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
	if (!ok)
		abort();
}

static void as_profile(const struct json *j)
{
	struct profile p, again;
	auto_json struct json *back = NULL;

	if (profile_decode(j, &p, NULL))
		return;
	need(!profile_encode(&p, &back, NULL) && !profile_decode(back, &again, NULL));
	need(again.n_bags == p.n_bags && again.n_pairs == p.n_pairs);
	need(!p.triples == !again.triples && p.graded_threshold == again.graded_threshold);
	need(!p.triples || !memcmp(again.triples, p.triples, PROFILE_WORDS * sizeof(*p.triples)));
	need(!p.n_bags || !memcmp(again.bags, p.bags, p.n_bags * sizeof(*p.bags)));
	need(!p.n_pairs || !memcmp(again.pairs, p.pairs, p.n_pairs * sizeof(*p.pairs)));
	need(!p.n_pairs || !memcmp(again.tasks_of, p.tasks_of, p.n_pairs * sizeof(*p.tasks_of)));
	profile_free(&p);
	profile_free(&again);
}

static void as_escape(const struct json *j)
{
	static struct escape x, again;
	auto_json struct json *back = NULL;

	if (escape_decode(j, &x, NULL))
		return;
	back = escape_encode_new(&x);
	need(back && !json_set(back, "status", encode(ESCAPE_STATUS_FIELDS, &x.status)));
	need(!escape_decode(back, &again, NULL));
	need(x.status.evidence.n_findings == again.status.evidence.n_findings);
	need(!strcmp(x.spec.pod_uid, again.spec.pod_uid) && x.spec.kind == again.spec.kind);
	for (int to = PHASE_PENDING; to <= PHASE_FAILED; to++) {
		auto_json struct json *patch = escape_patch_phase(&x, (enum escape_phase)to, ACTOR_OPERATOR,
			1, "Reason", NULL, x.status.steps, x.status.n_steps, NULL);

		need(!patch == !escape_step_allowed(
				       x.spec.kind, x.status.phase, (enum escape_phase)to, ACTOR_OPERATOR));
	}
}

static void as_report(const struct json *j)
{
	static struct report r, again;
	auto_json struct json *back = NULL;

	if (report_decode(j, &r, NULL))
		return;
	back = report_encode(&r);
	need(back && !report_decode(back, &again, NULL) && r.n_containers == again.n_containers);
	need(r.n_anomalies == again.n_anomalies);
	for (size_t i = 0; i < r.n_anomalies; i++)
		need(r.anomalies[i].n_findings == again.anomalies[i].n_findings);
}

static void as_verdict(const struct json *j)
{
	static struct verdict v;
	static struct verdict_status again;
	auto_json struct json *back = NULL;

	if (verdict_decode(j, &v, NULL))
		return;
	back = encode(VERDICT_STATUS_FIELDS, &v.status);
	need(back && !decode(back, VERDICT_STATUS_FIELDS, &again, NULL));
	need(again.state == v.status.state && again.n_causes == v.status.n_causes);
}

static void as_policy(const struct json *j)
{
	struct policy p;
	const struct policy *one = &p;

	if (!policy_decode(j, &p, NULL))
		(void)policy_for_pod(&one, 1, j);
}

static void as_pod_and_node(const struct json *j)
{
	char workload[API_NAME_MAX];
	struct resource_names names = {0};
	struct resources r;
	struct pod p;
	struct node n;

	(void)pod_decode(j, &p, NULL);
	(void)node_decode(j, &n, NULL);
	(void)pod_preflight(j, true, NULL);
	(void)pod_fit_taint(j, j);
	(void)pod_fit_selector(j, j);
	(void)pod_fit_affinity(j, j, true);
	resources_of_node(j, &names, &r);
	resources_of_pod(j, &names, &r);
	for (size_t i = 0; i < RESOURCES_MAX; i++)
		need(r.of[i] >= 0 && r.of[i] <= RESOURCE_ASK_MAX);
	if (!pod_workload(j, workload))
		need(*workload && strlen(workload) < sizeof(workload));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_json struct json *j = NULL;

	if (json_parse((const char *)data, size, 1 << 20, &j, NULL))
		return 0;
	as_policy(j);
	as_profile(j);
	as_report(j);
	as_verdict(j);
	as_escape(j);
	as_pod_and_node(j);
	return 0;
}
