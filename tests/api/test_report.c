/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <api/report.h>
#include <base/cleanup.h>
#include <errno.h>

static struct report *report_new(void)
{
	struct report *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	strcpy(r->node, "n1");
	return r;
}

static void fill(struct report *r)
{
	r->heartbeat_ms = 1767323046250;
	strcpy(r->agent_version, "0.1.0");
	strcpy(r->cpu_model, "A CPU");
	r->can_detect = true;
	r->detection_ms = 42;
	r->n_anomalies = 1;
	r->anomalies[0] = (struct report_anomaly){.id = "ff",
		.namespace_ = "shop",
		.pod = "web",
		.pod_uid = "1",
		.container = "c",
		.detector = "BoSC",
		.mismatches = 51,
		.threshold = 50,
		.first_ms = 1767323044990,
		.detected_ms = 1767323045001,
		.score_percent = 131,
		.pid = 17,
		.executable = "/bin/a\\x0ab",
		.n_findings = 2};
	r->anomalies[0].findings[0] = (struct report_finding){.kind = FINDING_PAIR,
		.n_calls = 2,
		.calls = {{.name = "read"}, {.number = 59, .name = "execve"}},
		.count = 1,
		.comm = "sh",
		.pid = 17};
	r->anomalies[0].findings[1] = (struct report_finding){
		.kind = FINDING_BAG, .n_calls = 1, .calls = {{.number = 460, .times = 10}}, .count = 9};
	r->n_containers = 2;
	r->containers[0] = (struct report_container){.namespace_ = "shop",
		.pod = "web",
		.pod_uid = "1",
		.container = "c",
		.state = "Watching",
		.learned_percent = 100,
		.snapshots = 2,
		.safe_generation = "1767323045001-0badcafe"};
	r->containers[1] = (struct report_container){.namespace_ = "shop",
		.pod = "old",
		.pod_uid = "2",
		.container = "c",
		.state = "Unprotected",
		.message = "started before the policy"};
	r->n_conditions = 1;
	r->conditions[0] = (struct report_condition){.type = "Ready",
		.status = "False",
		.reason = "CriuTooOld",
		.message = "install CRIU 4.2",
		.since_ms = 1767323045000};
	strcpy(r->cpu_features, "avx2 sse2");
	r->n_features = 2;
	r->features[0] = (struct report_feature){.name = "pagemapScan"};
	r->features[1] = (struct report_feature){.name = "cgroups", .available = true, .detail = "v2"};
}

static void test_round_trip(void **state)
{
	auto_free struct report *a = report_new(), *b = report_new();
	auto_json struct json *j = NULL, *again = NULL;
	struct err e = {0};

	(void)state;
	fill(a);
	j = report_encode(a);
	assert_non_null(j);
	assert_string_equal(json_str_at(j, "metadata.name", ""), "n1");
	assert_null(json_member(j, "spec"));
	assert_string_equal(json_str_at(json_first(json_at(j, "status.anomalies")), "detectedAt", ""),
		"2026-01-02T03:04:05.001000Z");
	assert_null(json_at(json_first(json_at(j, "status.anomalies")), "frozenAt"));
	/* The number is told even when it is 0, which is read. */
	assert_non_null(json_member(
		json_first(
			json_at(json_first(json_at(json_first(json_at(j, "status.anomalies")), "findings")),
				"calls")),
		"number"));
	if (report_decode(j, b, &e))
		fail_msg("%s", e.message);
	again = report_encode(b);
	assert_true(json_equal(j, again));
	assert_int_equal(b->heartbeat_ms, a->heartbeat_ms);
	assert_int_equal(b->anomalies[0].detected_ms, a->anomalies[0].detected_ms);
	assert_string_equal(b->containers[1].message, a->containers[1].message);
	assert_int_equal(b->conditions[0].since_ms, a->conditions[0].since_ms);
	assert_string_equal(b->cpu_features, a->cpu_features);
	assert_int_equal(b->n_features, 2);
	assert_string_equal(b->features[1].detail, "v2");
	assert_true(json_is_bool(json_at(json_first(json_at(j, "status.features")), "available")));
}

/* A report that the agent has created and not filled yet. */
static void test_without_status(void **state)
{
	auto_json struct json *j = q("{'metadata':{'name':'n2','resourceVersion':'9'}}");
	auto_free struct report *r = report_new();

	(void)state;
	assert_int_equal(report_decode(j, r, NULL), 0);
	assert_string_equal(r->node, "n2");
	assert_string_equal(r->resource_version, "9");
	assert_int_equal(r->heartbeat_ms, 0);
	assert_int_equal(r->n_containers, 0);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{'metadata':{}}",
		"{'metadata':{'name':'n'},'status':[]}",
		"{'metadata':{'name':'n'},'status':{'heartbeat':'now'}}",
		"{'metadata':{'name':'n'},'status':{'anomalies':[{}]}}",
		"{'metadata':{'name':'n'},'status':{'detectionMs':-1}}",
		"{'metadata':{'name':'n'},'status':{'anomalies':[{'id':'a','namespace':'a','pod':'a','podUID'"
		":'1',"
		"'container':'a','detectedAt':'2026-01-02T03:04:06Z','findings':[{'kind':'Quadruple'}]}]}}",
		"{'metadata':{'name':'n'},'status':{'containers':{}}}",
		"{'metadata':{'name':'n'},'status':{'canDetect':'yes'}}",
		"{'metadata':{'name':'n'},'status':{'features':[{'name':'btf'}]}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_json struct json *j = q(bad[i]);
		auto_free struct report *r = report_new();
		struct err e = {0};

		if (report_decode(j, r, &e) != -EINVAL || !*e.message)
			fail_msg("accepted: %s", bad[i]);
	}
}

static void test_text(void **state)
{
	auto_free struct report *r = report_new();
	char text[512], shorter[40];

	(void)state;
	fill(r);
	report_anomaly_text(&r->anomalies[0], text, sizeof(text));
	assert_string_equal(text,
		"131 % of what is allowed, 51 mismatches (threshold 50) in epoch 0, by unknown task, pid 17, "
		"/bin/a\\x0ab, since 11 ms before the alarm: pair read, execve (sh, pid 17); bag call 460 "
		"x10 "
		"(unknown task, 9 times)");
	report_anomaly_text(&r->anomalies[0], shorter, sizeof(shorter));
	assert_memory_equal(shorter, text, sizeof(shorter) - 1);
	assert_int_equal(strlen(shorter), sizeof(shorter) - 1);
	report_finding_text(&r->anomalies[0].findings[0], text, sizeof(text));
	assert_string_equal(text, "pair read, execve (sh, pid 17)");
	r->anomalies[0].n_findings = 5;
	report_anomaly_text(&r->anomalies[0], text, sizeof(text));
	assert_non_null(strstr(text, "; and 2 more"));
	memset(&r->anomalies[0], 0, sizeof(r->anomalies[0]));
	report_anomaly_text(&r->anomalies[0], text, sizeof(text));
	assert_string_equal(text, "0 mismatches (threshold 0) in epoch 0, by unknown task");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_without_status),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
