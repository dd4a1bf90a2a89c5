/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/admission/webhook.h"
#include "operator/foreign/alerts.h"
#include "operator/foreign/role.h"
#include "operator/options.h"
#include "operator/reconcile/informers.h"
#include "operator/reconcile/metrics.h"
#include "operator/reconcile/reconcile.h"
#include "operator/secrets/secrets.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <errno.h>
#include <http/server.h>
#include <kube/lease.h>
#include <obs/metrics.h>
#include <signal.h>
#include <string.h>

#define LEASE_NAME "escape-operator"
#define WEBHOOKS_NAME "escape-operator"
#define TLS_SECRET "escape-webhook-tls"
#define STORE_SECRET "escape-store-key"
#define ALERTS_SECRET "escape-alerts-token"
#define ALERTS_SERVICE "escape-alerts"

struct operator_process {
	struct options options;
	struct kube_config config;
	struct world world;
	struct loop *loop;
	struct loop_signal *signals[2];
	struct kube_client *client;
	struct op_metrics *metrics;
	struct reconcile *reconcile;
	struct informers *informers;
	struct kube_lease *lease;
	struct tls_keeper *tls;
	struct made_secret *store_key, *alerts_token;
	struct webhook *webhook;
	struct alerts *alerts; /* NULL: not served */
	struct role *role;
	struct http_server *http;
	bool stopping;
	int exit_code;
};

static void stop(struct operator_process *o, int exit_code)
{
	o->stopping = true;
	o->exit_code = exit_code;
	loop_stop(o->loop);
}

static void on_released(void *arg)
{
	stop(arg, 0);
}

static void on_signal(void *arg, int signum)
{
	struct operator_process *o = arg;

	if (o->stopping)
		return;
	log_info("stopping", "signal", strsignal(signum));
	o->stopping = true;
	reconcile_set_leader(o->reconcile, false);
	kube_lease_release(o->lease, on_released, o);
}

static void on_leader(void *arg, bool leader)
{
	struct operator_process *o = arg;

	log_info(leader ? "elected leader" : "not the leader any more", "identity", o->options.identity);
	reconcile_set_leader(o->reconcile, leader);
	made_secret_set_leader(o->store_key, leader);
	role_set_leader(o->role, leader);
	if (o->alerts)
		made_secret_set_leader(o->alerts_token, leader);
	if (o->tls)
		tls_keeper_set_leader(o->tls, leader);
	if (leader || o->stopping)
		return;
	/* What was begun under the lease must not go on without it; a fresh process has nothing begun. */
	log_error("the lease is lost");
	stop(o, 1);
}

static void on_token(void *arg, const char *token)
{
	struct operator_process *o = arg;

	alerts_set_token(o->alerts, token);
}

static void alerts_serve(struct operator_process *o, const struct certs *certs)
{
	char port[16];
	struct err e;

	if (alerts_use(o->alerts, certs, &e)) {
		log_error("foreign detectors are not served", "reason", e.reason, "message", e.message);
		return;
	}
	str_fmt(port, sizeof(port), "%d", alerts_port(o->alerts));
	log_info("foreign detectors are served", "port", port);
}

static void on_certs(void *arg, const struct certs *certs)
{
	struct operator_process *o = arg;
	char port[16];
	struct err e;

	if (webhook_use(o->webhook, certs, &e)) {
		log_error("the webhook does not serve", "reason", e.reason, "message", e.message);
		return;
	}
	str_fmt(port, sizeof(port), "%d", webhook_port(o->webhook));
	log_info("the webhook serves", "port", port);
	if (o->alerts)
		alerts_serve(o, certs);
}

static void on_metrics(void *arg, const struct http_call *call, struct http_answer *answer)
{
	struct operator_process *o = arg;

	(void)call;
	answer->status = 200;
	answer->content_type = METRICS_CONTENT_TYPE;
	op_metrics_render(o->metrics, &o->world, &o->options.plan, reconcile_leads(o->reconcile),
		clock_wall_ms(), &answer->body);
}

static void on_healthz(void *arg, const struct http_call *call, struct http_answer *answer)
{
	(void)arg;
	(void)call;
	answer->status = 200;
	buf_adds(&answer->body, "ok\n");
}

static void on_readyz(void *arg, const struct http_call *call, struct http_answer *answer)
{
	struct operator_process *o = arg;
	const char *missing = informers_missing(o->informers);

	(void)call;
	answer->status = 503;
	if (missing)
		buf_addf(&answer->body, "not yet listed: %s\n", missing);
	else if (o->options.webhook && !webhook_serves(o->webhook))
		buf_adds(&answer->body, "no certificate for the webhook yet\n");
	else
		answer->status = 200;
	if (answer->status == 200)
		buf_adds(&answer->body, "ok\n");
}

static int http_start(struct operator_process *o, struct err *e)
{
	const struct http_server_args args = {.address = o->options.address, .port = o->options.http_port};
	char port[16];
	int rc = http_server_new(o->loop, &args, &o->http, e);

	if (rc)
		return rc;
	if (http_server_handle(o->http, "GET", "/metrics", on_metrics, o) ||
		http_server_handle(o->http, "GET", "/healthz", on_healthz, o) ||
		http_server_handle(o->http, "GET", "/readyz", on_readyz, o))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the HTTP server");
	str_fmt(port, sizeof(port), "%d", http_server_port(o->http));
	log_info("serving metrics and health", "port", port);
	return 0;
}

static int webhook_start(struct operator_process *o, struct err *e)
{
	const struct tls_keeper_args args = {.namespace_ = o->options.namespace_,
		.secret = TLS_SECRET,
		.service = o->options.service,
		.alerts = ALERTS_SERVICE,
		.webhooks = WEBHOOKS_NAME,
		.on_certs = on_certs,
		.arg = o};
	const struct webhook_args webhook = {.client = o->client,
		.world = &o->world,
		.config = &o->options.plan,
		.address = o->options.address,
		.port = o->options.webhook_port};

	if (!o->options.webhook)
		return 0;
	if (webhook_new(&webhook, &o->webhook) || tls_keeper_new(o->client, &args, &o->tls))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the webhook");
	return 0;
}

static int alerts_start(struct operator_process *o, struct err *e)
{
	const struct alerts_args args = {.world = &o->world,
		.reconcile = o->reconcile,
		.metrics = o->metrics,
		.address = o->options.address,
		.port = o->options.alerts_port,
		.thresholds = o->options.thresholds};
	const struct made_secret_args token = {.namespace_ = o->options.namespace_,
		.secret = ALERTS_SECRET,
		.member = "token",
		.what = "foreign detectors",
		.hex = true,
		.on_value = on_token,
		.arg = o};

	if (!o->options.webhook || !o->options.alerts)
		return 0;
	if (made_secret_new(o->client, &token, &o->alerts_token) || alerts_new(o->loop, &args, &o->alerts))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for foreign detectors");
	return 0;
}

static int client_start(struct operator_process *o, struct err *e)
{
	int rc = kube_config_auto(o->options.kubeconfig, &o->config, e);

	if (!rc)
		rc = kube_client_new(o->loop, &o->config, &o->client, e);
	if (rc)
		return rc;
	kube_client_identify(o->client, "escape-operator", o->options.identity);
	if (!o->options.namespace_)
		o->options.namespace_ = o->config.namespace_;
	o->world.agent_namespace = o->options.namespace_;
	return 0;
}

static int parts_start(struct operator_process *o, struct err *e)
{
	struct made_secret_args key = {.secret = STORE_SECRET, .member = "key", .what = "the store"};
	int rc = client_start(o, e);

	if (!rc)
		rc = op_metrics_new(&o->metrics, e);
	if (rc)
		return rc;
	key.namespace_ = o->options.namespace_;
	if (reconcile_new(o->client, &o->world, &o->options.plan, o->metrics, &o->reconcile) ||
		role_new(o->client, o->options.namespace_, o->options.identity, &o->role) ||
		made_secret_new(o->client, &key, &o->store_key))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory to begin");
	rc = informers_new(o->client, &o->world, o->reconcile, &o->informers, e);
	if (!rc)
		rc = alerts_start(o, e);
	if (!rc)
		rc = webhook_start(o, e);
	if (!rc)
		rc = http_start(o, e);
	if (!rc && kube_lease_new(o->client, o->options.namespace_, LEASE_NAME, o->options.identity,
			   on_leader, o, &o->lease))
		rc = err_set(e, -ENOMEM, "OutOfMemory", "no memory for the leader election");
	return rc;
}

static int signals_start(struct operator_process *o, struct err *e)
{
	if (loop_signal_new(o->loop, SIGTERM, on_signal, o, &o->signals[0]) ||
		loop_signal_new(o->loop, SIGINT, on_signal, o, &o->signals[1]))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for signal handlers");
	return 0;
}

/* Requests in flight end with the client, so what they call back into goes after it. */
static void parts_free(struct operator_process *o)
{
	o->stopping = true;
	if (o->reconcile)
		reconcile_set_leader(o->reconcile, false);
	kube_lease_free(o->lease);
	informers_free(o->informers);
	http_server_free(o->http);
	kube_client_free(o->client);
	tls_keeper_free(o->tls);
	webhook_free(o->webhook);
	alerts_free(o->alerts);
	made_secret_free(o->alerts_token);
	made_secret_free(o->store_key);
	role_free(o->role);
	reconcile_free(o->reconcile);
	op_metrics_free(o->metrics);
	world_free(&o->world);
	kube_config_free(&o->config);
	for (size_t i = 0; i < ARRAY_LEN(o->signals); i++)
		loop_signal_free(o->signals[i]);
	loop_free(o->loop);
}

int main(int argc, char **argv)
{
	struct operator_process o = {.exit_code = 1};
	struct err e = {0};

	options_parse(argc, argv, &o.options);
	log_set_level(o.options.log_level);
	signal(SIGPIPE, SIG_IGN);
	if (loop_new(&o.loop)) {
		log_error("cannot make the event loop");
		return 1;
	}
	if (parts_start(&o, &e) || signals_start(&o, &e)) {
		log_error("cannot start", "reason", e.reason, "message", e.message);
	} else {
		role_set_leader(o.role, false);
		log_info("escape-operator " ESCAPE_VERSION, "identity", o.options.identity, "namespace",
			o.options.namespace_);
		loop_run(o.loop);
	}
	parts_free(&o);
	return o.exit_code;
}
