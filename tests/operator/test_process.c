/* SPDX-License-Identifier: Apache-2.0 */
/* escape-operator itself against an API server that may refuse and be slow, with agents and kubelet played by
 * the test. */
#include "rig.h"

#include "tls_post.h"

#include "operator/secrets/certs.h"
#include "operator/secrets/secrets.h"

#include <base/base64.h>
#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <signal.h>
#include <string.h>

#define ESCAPES "/apis/escape.dev/v1alpha1/escapes"
#define PODS "/api/v1/namespaces/shop/pods"
#define LEASE "/apis/coordination.k8s.io/v1/namespaces/escape-system/leases/escape-operator"
#define TLS_SECRET "/api/v1/namespaces/escape-system/secrets/escape-webhook-tls"
#define RESTORE_AT_ONCE "'response':{'rollbacks':0}"

static bool ready(struct rig *r, const void *arg)
{
	(void)arg;
	return rig_http(r, "/readyz", NULL, 0) == 200;
}

static void begin(struct rig *r, const char *policy, const char *const *args)
{
	rig_begin(r, policy);
	rig_operator_start(r, args);
	rig_wait(r, ready, NULL, "readiness");
}

static char *successor_path(struct rig *r)
{
	return str_dup_fmt(PODS "/%s", strrchr(r->escape, '/') + 1);
}

static void an_alarm_is_answered_once(void **state)
{
	struct rig r;
	char text[65536];
	(void)state;
	begin(&r, "", NULL);
	rig_pod(&r, "prey", "node-a", false);
	rig_report(&r, "node-a", "a1", "prey");
	rig_wait_escapes(&r, 1);
	rig_wait_value(&r, r.escape, "spec.kind", "Rollback");
	rig_step(&r, "Restoring");
	/* The same report again, and again. */
	rig_report(&r, "node-a", "a1", "prey");
	rig_step(&r, "Succeeded");
	rig_report(&r, "node-a", "a1", "prey");
	rig_report(&r, "node-a", "a2", "prey");
	rig_wait_escapes(&r, 2);
	assert_int_equal(fake_api_seen(r.api, "POST", "/escapes"), 2);
	assert_int_equal(rig_http(&r, "/metrics", text, sizeof(text)), 200);
	assert_non_null(strstr(text, "escape_escapes_total{kind=\"Rollback\",result=\"Succeeded\"} 1"));
	assert_non_null(strstr(text, "escape_nodes 3"));
	assert_non_null(strstr(text, "escape_nodes_hacked 1"));
	assert_non_null(strstr(text, "escape_leader 1"));
	rig_end(&r);
}

/* The agents' part of a move, up to where it runs at the destination. */
static void restore(struct rig *r)
{
	auto_json struct json *escape = rig_get(r, r->escape);
	const char *name = strrchr(r->escape, '/') + 1;

	rig_step(r, "Staged");
	rig_step(r, "Sealed");
	rig_step(r, "Restoring");
	rig_step(r, "Restored");
	rig_pod_ready(r, name, json_str_at(escape, "spec.destinationNode", ""));
}

static void finish(struct rig *r)
{
	auto_free char *successor = successor_path(r);

	rig_wait_value(r, successor, "metadata.labels.app", "shop");
	fake_api_remove(r->api, PODS "/prey");
	rig_wait_phase(r, "Succeeded");
}

static bool is_deleting(struct rig *r, const void *path)
{
	auto_json struct json *pod = rig_get(r, path);

	return json_at(pod, "metadata.deletionTimestamp");
}

static void a_move_goes_to_its_end(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, RESTORE_AT_ONCE, NULL);
	rig_pod(&r, "prey", "node-a", true);
	rig_report(&r, "node-a", "a1", "prey");
	rig_wait_escapes(&r, 1);
	rig_wait_phase(&r, "Staging");
	restore(&r);
	rig_wait(&r, is_deleting, PODS "/prey", "deletion of the old pod");
	finish(&r);
	auto_free char *successor = successor_path(&r);
	auto_json struct json *pod = rig_get(&r, successor);
	auto_json struct json *escape = rig_get(&r, r.escape);

	assert_string_equal(
		json_str_at(json_first(json_at(pod, "metadata.ownerReferences")), "name", ""), "rs");
	assert_int_equal(json_len(json_at(escape, "status.candidates")), 3);
	assert_string_equal(
		json_str_at(escape, "status.successorUID", ""), json_str_at(pod, "metadata.uid", "-"));
	/* Its end releases the addresses. */
	fake_api_remove(r.api, successor);
	rig_wait_value(&r, r.escape, "status.networkReleased", "true");
	rig_end(&r);
}

static void kill_operator(struct rig *r)
{
	rig_operator_signal(r, SIGKILL);
	assert_int_equal(rig_operator_wait(r), 128 + SIGKILL);
	/* What the dead one would have let go had it been asked. */
	rig_call(r, "PATCH", LEASE, "{'spec':{'holderIdentity':''}}");
}

/* Killed in each phase in turn, and started again. */
static void a_killed_operator_goes_on_where_it_was(void **state)
{
	static const char *const PHASES[] = {"Staged", "Sealed", "Restoring", "Restored"};
	struct rig r;
	(void)state;
	begin(&r, RESTORE_AT_ONCE, NULL);
	rig_pod(&r, "prey", "node-a", true);
	rig_report(&r, "node-a", "a1", "prey");
	rig_wait_escapes(&r, 1);
	rig_wait_phase(&r, "Staging");
	for (size_t i = 0; i < ARRAY_LEN(PHASES); i++) {
		kill_operator(&r);
		rig_step(&r, PHASES[i]);
		rig_operator_start(&r, NULL);
		rig_wait(&r, ready, NULL, "readiness");
	}
	rig_pod_ready(&r, strrchr(r.escape, '/') + 1, "node-b");
	finish(&r);
	assert_int_equal(fake_api_count(r.api, ESCAPES), 1);
	assert_int_equal(fake_api_count(r.api, "/api/v1/pods"), 1);
	rig_end(&r);
}

/* Killed between the creation of the successor and the word of it in the Escape. */
static void a_successor_made_before_a_crash_is_used(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, RESTORE_AT_ONCE, NULL);
	fake_api_fail(r.api, "PATCH", "/status", 500, 1000000);
	rig_pod(&r, "prey", "node-a", false);
	rig_report(&r, "node-a", "a1", "prey");
	rig_wait_escapes(&r, 1);
	auto_free char *successor = successor_path(&r);

	rig_wait_value(&r, successor, "spec.runtimeClassName", "escape");
	kill_operator(&r);
	fake_api_fail(r.api, "", "", 0, 0);
	rig_operator_start(&r, NULL);
	rig_wait_phase(&r, "Staging");
	assert_int_equal(fake_api_count(r.api, "/api/v1/pods"), 2);
	rig_end(&r);
}

static void a_foreign_pod_of_the_successors_name_is_not_used(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, RESTORE_AT_ONCE, NULL);
	fake_api_fail(r.api, "POST", "/pods", 500, 1000000);
	rig_pod(&r, "prey", "node-a", false);
	rig_report(&r, "node-a", "a1", "prey");
	rig_wait_escapes(&r, 1);
	rig_call(&r, "POST", PODS,
		"{'metadata':{'name':'%s','labels':{'escape.dev/"
		"successor':'true'},'annotations':{'escape.dev/escape':"
		"'%s'}},'spec':{'runtimeClassName':'escape','containers':[{'name':'app','image':'evil'}]}}",
		strrchr(r.escape, '/') + 1, strrchr(r.escape, '/') + 1);
	fake_api_fail(r.api, "", "", 0, 0);
	rig_wait_phase(&r, "Aborting");
	rig_wait_value(&r, r.escape, "status.reason", "SuccessorNameTaken");
	rig_end(&r);
}

static void nobody_there_calls_off(void **state)
{
	static const char *const ARGS[] = {"--step-deadline=300ms", NULL};
	struct rig r;
	(void)state;
	begin(&r, RESTORE_AT_ONCE, ARGS);
	rig_pod(&r, "prey", "node-a", false);
	rig_report(&r, "node-a", "a1", "prey");
	rig_wait_escapes(&r, 1);
	rig_wait_phase(&r, "Aborting");
	rig_wait_value(&r, r.escape, "status.reason", "StagingTimeout");
	rig_step(&r, "Aborted");
	auto_free char *successor = successor_path(&r);

	rig_wait(&r, is_deleting, successor, "deletion of the successor");
	assert_false(is_deleting(&r, PODS "/prey"));
	rig_end(&r);
}

static void refusals_are_tried_again(void **state)
{
	struct rig r;
	char text[65536];
	(void)state;
	begin(&r, "", NULL);
	fake_api_fail(r.api, "POST", "/escapes", 500, 3);
	rig_pod(&r, "prey", "node-a", false);
	rig_report(&r, "node-a", "a1", "prey");
	rig_wait_escapes(&r, 1);
	assert_int_equal(rig_http(&r, "/metrics", text, sizeof(text)), 200);
	assert_null(strstr(text, "escape_reconcile_errors_total 0\n"));
	rig_end(&r);
}

static bool has_authority(struct rig *r, const void *path)
{
	auto_json struct json *config = rig_get(r, path);

	return json_at(json_first(json_member(config, "webhooks")), "clientConfig.caBundle");
}

static void the_secrets_are_made_and_kept(void **state)
{
	struct rig r;
	struct certs certs = {0};
	struct err e = {0};
	size_t len = 0;
	(void)state;
	begin(&r, "", NULL);
	auto_json struct json *tls = rig_get(&r, TLS_SECRET);
	certs.ca_pem = secret_value(tls, "ca.crt", NULL);
	certs.cert_pem = secret_value(tls, "tls.crt", NULL);
	certs.key_pem = secret_value(tls, "tls.key", NULL);
	assert_int_equal(certs_check(&certs, "escape-operator.escape-system.svc", clock_wall_ms(), &e), 0);
	certs_free(&certs);
	rig_wait_value(&r, "/api/v1/namespaces/escape-system/secrets/escape-store-key", "type", "Opaque");
	auto_json struct json *key = rig_get(&r, "/api/v1/namespaces/escape-system/secrets/escape-store-key");
	auto_free char *value = secret_value(key, "key", &len);
	assert_non_null(value);
	assert_int_equal(len, 32);
	rig_operator_signal(&r, SIGTERM);
	assert_int_equal(rig_operator_wait(&r), 0);
	rig_operator_start(&r, NULL);
	rig_wait(&r, ready, NULL, "readiness");
	auto_json struct json *again = rig_get(&r, TLS_SECRET);
	assert_true(json_equal(tls, again));
	rig_end(&r);
}

#define WEBHOOK_NAME "escape-operator.escape-system.svc"
#define REVIEW                                                                                               \
	"{\"apiVersion\":\"admission.k8s.io/"                                                                \
	"v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"a\",\"operation\":"                        \
	"\"CREATE\",\"resource\":{\"group\":\"\",\"resource\":\"pods\"},\"namespace\":\"shop\",\"object\":{" \
	"\"metadata\":{"                                                                                     \
	"\"labels\":{\"app\":\"shop\"}},\"spec\":{}}}}"

/* As kube-apiserver would: with the authority that the webhook configuration has. */
static void the_webhook_answers_over_tls(void **state)
{
	static const char CONFIG[] =
		"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/escape-operator";
	struct rig r;
	(void)state;
	begin(&r, "", NULL);
	rig_wait(&r, has_authority, CONFIG, "the authority in the webhook configuration");
	auto_json struct json *config = rig_get(&r, CONFIG);
	const char *bundle =
		json_str_at(json_first(json_member(config, "webhooks")), "clientConfig.caBundle", "");
	auto_free char *ca = NULL, *body = NULL, *refusal = NULL;

	assert_int_equal(base64_decode(bundle, &ca, NULL), 0);
	assert_int_equal(tls_post(r.webhook_port, WEBHOOK_NAME, ca, "/mutate-pods", REVIEW, &body), 200);
	assert_non_null(strstr(body, "\"patchType\":\"JSONPatch\""));
	assert_int_equal(tls_post(r.webhook_port, WEBHOOK_NAME, ca, "/mutate-pods", "{}", &refusal), 400);
	assert_non_null(strstr(refusal, "AdmissionReview"));
	assert_int_equal(tls_post(r.webhook_port, "somebody.else.svc", ca, "/mutate-pods", REVIEW, NULL), 0);
	rig_end(&r);
}

#define EVICTION                                                                                             \
	"{\"apiVersion\":\"admission.k8s.io/"                                                                \
	"v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"a\",\"operation\":"                        \
	"\"CREATE\",\"resource\":{\"group\":\"\",\"resource\":\"pods\"},\"subResource\":\"eviction\","       \
	"\"namespace\":\"shop\",\"name\":\"prey\",\"object\":{\"kind\":\"Eviction\"}}}"

/* Before the operator has seen pod and nodes it lets the eviction pass. */
static bool eviction_is_refused(struct rig *r, const void *arg)
{
	const char *ca = arg;
	auto_free char *body = NULL;

	return tls_post(r->webhook_port, WEBHOOK_NAME, ca, "/evictions", EVICTION, &body) == 200 &&
	       strstr(body, "TooManyRequests");
}

/* What the API server would ask at `kubectl drain`, until the Escape is there. */
static void an_eviction_is_refused_and_the_pod_moves(void **state)
{
	static const char CONFIG[] =
		"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/escape-operator";
	struct rig r;
	(void)state;
	begin(&r, "'response':{'onEviction':'Move'}", NULL);
	rig_pod(&r, "prey", "node-a", true);
	rig_wait(&r, has_authority, CONFIG, "the authority in the webhook configuration");
	auto_json struct json *config = rig_get(&r, CONFIG);
	auto_free char *ca = NULL;

	assert_int_equal(base64_decode(json_str_at(json_first(json_member(config, "webhooks")),
					       "clientConfig.caBundle", ""),
				 &ca, NULL),
		0);
	rig_wait(&r, eviction_is_refused, ca, "the refusal of the eviction");
	rig_wait_escapes(&r, 1);
	auto_json struct json *escape = rig_get(&r, r.escape);
	assert_string_equal(json_str_at(escape, "spec.reason", ""), "Evicted");
	assert_string_equal(json_str_at(escape, "spec.podName", ""), "prey");
	rig_end(&r);
}

#define VERDICT "/apis/escape.dev/v1alpha1/nodeverdicts/node-b"
#define TOKEN_SECRET "/api/v1/namespaces/escape-system/secrets/escape-alerts-token"
#define ALERT                                                                                                \
	"{\"rule\":\"Terminal shell in container\",\"priority\":\"Critical\",\"hostname\":\"node-b\","       \
	"\"output\":\"a shell was spawned\",\"output_fields\":{\"k8s.ns.name\":null}}"

static int alert(struct rig *r, const char *ca, const char *authorization, const char *body)
{
	return tls_post_as(
		r->alerts_port, "escape-alerts.escape-system.svc", ca, "/alerts", authorization, body, NULL);
}

struct alert_call {
	const char *ca, *authorization, *body;
	int status;
};

static bool alert_is_answered(struct rig *r, const void *arg)
{
	const struct alert_call *c = arg;

	return alert(r, c->ca, c->authorization, c->body) == c->status;
}

static void foreign_detectors_report_with_the_token(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, "", NULL);
	rig_wait_value(&r, TOKEN_SECRET, "type", "Opaque");
	auto_json struct json *tls = rig_get(&r, TLS_SECRET), *secret = rig_get(&r, TOKEN_SECRET);
	auto_free char *ca = secret_value(tls, "ca.crt", NULL), *token = secret_value(secret, "token", NULL);
	auto_free char *bearer = str_dup_fmt("Bearer %s", token);
	const struct alert_call good = {ca, bearer, ALERT, 202}, none = {ca, NULL, ALERT, 401};

	assert_int_equal(strlen(token), 64);
	rig_wait(&r, alert_is_answered, &none, "the token is known");
	assert_int_equal(alert(&r, ca, "Bearer 0000", ALERT), 401);
	assert_null(rig_get(&r, VERDICT));
	assert_int_equal(alert(&r, ca, bearer, "{"), 400);
	assert_int_equal(
		alert(&r, ca, bearer, "{\"rule\":\"r\",\"priority\":\"Alert\",\"hostname\":\"nowhere\"}"),
		422);
	rig_wait(&r, alert_is_answered, &good, "the report is taken");
	rig_wait_value(&r, VERDICT, "status.state", "Hacked");
	auto_json struct json *verdict = rig_get(&r, VERDICT);
	assert_string_equal(
		json_str_at(json_first(json_at(verdict, "status.causes")), "source", ""), "Falco");
	rig_end(&r);
}

/* The new operator judges as the old one did, from what is written. */
static void a_verdict_outlives_the_operator(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, "", NULL);
	rig_call(&r, "POST", "/apis/escape.dev/v1alpha1/nodeverdicts",
		"{'metadata':{'name':'node-b','generation':1},'spec':{'mark':'Hacked','reason':'a miner'}}");
	rig_wait_value(&r, VERDICT, "status.state", "Hacked");
	auto_json struct json *before = rig_get(&r, VERDICT);
	rig_operator_signal(&r, SIGKILL);
	rig_operator_wait(&r);
	rig_operator_start(&r, NULL);
	rig_wait(&r, ready, NULL, "readiness");
	rig_call(&r, "PATCH", VERDICT,
		"{'metadata':{'generation':2},'spec':{'mark':'Clean','reason':'looked'}}");
	rig_wait_value(&r, VERDICT, "status.state", "Clean");
	auto_json struct json *after = rig_get(&r, VERDICT);
	assert_string_equal(json_str_at(before, "status.state", ""), "Hacked");
	assert_string_equal(json_str_at(after, "status.quietUntil", ""), "");
	rig_end(&r);
}

static void the_lease_is_released_at_the_end(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, "", NULL);
	rig_wait_value(&r, TLS_SECRET, "type", "kubernetes.io/tls");
	rig_operator_signal(&r, SIGTERM);
	assert_int_equal(rig_operator_wait(&r), 0);
	auto_json struct json *lease = rig_get(&r, LEASE);
	assert_string_equal(json_str_at(lease, "spec.holderIdentity", ""), "");
	rig_end(&r);
}

static void a_lost_lease_ends_the_process(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, "", NULL);
	rig_wait_value(&r, TLS_SECRET, "type", "kubernetes.io/tls");
	rig_call(&r, "PATCH", LEASE, "{'spec':{'holderIdentity':'somebody-else'}}");
	assert_int_equal(rig_operator_wait(&r), 1);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alarm_is_answered_once),
		cmocka_unit_test(a_move_goes_to_its_end),
		cmocka_unit_test(a_killed_operator_goes_on_where_it_was),
		cmocka_unit_test(a_successor_made_before_a_crash_is_used),
		cmocka_unit_test(a_foreign_pod_of_the_successors_name_is_not_used),
		cmocka_unit_test(nobody_there_calls_off),
		cmocka_unit_test(refusals_are_tried_again),
		cmocka_unit_test(the_secrets_are_made_and_kept),
		cmocka_unit_test(the_webhook_answers_over_tls),
		cmocka_unit_test(an_eviction_is_refused_and_the_pod_moves),
		cmocka_unit_test(foreign_detectors_report_with_the_token),
		cmocka_unit_test(a_verdict_outlives_the_operator),
		cmocka_unit_test(the_lease_is_released_at_the_end),
		cmocka_unit_test(a_lost_lease_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
