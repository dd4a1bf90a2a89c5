/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/secrets/ca_bundle.h"
#include "operator/secrets/secrets.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

#define VALID_DAYS 365
#define RENEW_BEFORE_MS (INT64_C(30) * 86400 * 1000)
#define RETRY_MS 2000
#define LOOK_AGAIN_MS 60000

struct tls_keeper {
	struct kube_client *client;
	struct tls_keeper_args args;
	struct loop_timer *timer;
	struct certs certs; /* the last ones handed on */
	char dns[300];      /* what the API server calls the webhook */
	char alerts[300];   /* what foreign detectors call us */
	bool leader, busy;
};

static void look_after(struct tls_keeper *k, uint64_t ms)
{
	k->busy = false;
	loop_timer_start(k->timer, ms, 0);
}

static void failed(struct tls_keeper *k, const char *what, const struct err *e)
{
	/* A conflict or a twin is another replica at the same work: read again. */
	if (e && e->code != -EEXIST && e->code != -EAGAIN && e->code != -ECANCELED)
		log_warn(what, "message", e->message);
	look_after(k, RETRY_MS);
}

static void on_bundle_patched(void *arg, const struct json *object, const struct err *e)
{
	struct tls_keeper *k = arg;

	(void)object;
	if (e) {
		failed(k, "cannot put the authority into the webhook configuration", e);
		return;
	}
	log_info("authority put into the webhook configuration", "name", k->args.webhooks);
	look_after(k, LOOK_AGAIN_MS);
}

static void on_webhooks(void *arg, const struct json *object, const struct err *e)
{
	struct tls_keeper *k = arg;
	auto_json struct json *patch = NULL;

	if (e) {
		failed(k, "cannot read the webhook configuration", e);
		return;
	}
	if (ca_bundle_is(object, k->certs.ca_pem)) {
		look_after(k, LOOK_AGAIN_MS);
		return;
	}
	patch = ca_bundle_patch(object, k->certs.ca_pem);
	if (!patch || kube_patch(k->client, &KUBE_MUTATING_WEBHOOKS, NULL, k->args.webhooks, NULL,
			      KUBE_PATCH_MERGE, patch, on_bundle_patched, k))
		look_after(k, RETRY_MS);
}

static void certs_use(struct tls_keeper *k, struct certs *certs)
{
	if (!str_eq(k->certs.cert_pem, certs->cert_pem)) {
		certs_free(&k->certs);
		k->certs = *certs;
		memset(certs, 0, sizeof(*certs));
		k->args.on_certs(k->args.arg, &k->certs);
	}
	if (!k->leader)
		look_after(k, LOOK_AGAIN_MS);
	else if (kube_get(k->client, &KUBE_MUTATING_WEBHOOKS, NULL, k->args.webhooks, on_webhooks, k))
		look_after(k, RETRY_MS);
}

static void on_secret_written(void *arg, const struct json *object, const struct err *e)
{
	struct tls_keeper *k = arg;

	(void)object;
	if (e) {
		failed(k, "cannot write the webhook's certificate", e);
		return;
	}
	log_info("certificate of the webhook made", "secret", k->args.secret);
	look_after(k, 0);
}

/* version NULL: there is no Secret yet. */
static int secret_write(struct tls_keeper *k, const struct certs *c, const char *version)
{
	const struct secret_item items[] = {{"ca.crt", c->ca_pem, strlen(c->ca_pem)},
		{"tls.crt", c->cert_pem, strlen(c->cert_pem)}, {"tls.key", c->key_pem, strlen(c->key_pem)},
		{0}};
	auto_json struct json *secret =
		secret_object(k->args.namespace_, k->args.secret, "kubernetes.io/tls", items);

	if (!secret)
		return -ENOMEM;
	if (!version)
		return kube_create(
			k->client, &KUBE_SECRETS, k->args.namespace_, NULL, secret, on_secret_written, k);
	if (json_set_str(json_obj_at(secret, "metadata"), "resourceVersion", version))
		return -ENOMEM;
	json_remove(secret, "type");
	return kube_patch(k->client, &KUBE_SECRETS, k->args.namespace_, k->args.secret, NULL,
		KUBE_PATCH_MERGE, secret, on_secret_written, k);
}

static void certs_renew(struct tls_keeper *k, const char *version)
{
	char local[sizeof(k->dns) + 16], alerts_local[sizeof(k->alerts) + 16];
	const char *const names[] = {k->dns, local, k->alerts, alerts_local, NULL};
	struct certs made = {0};
	struct err e = {0};
	int rc;

	str_fmt(local, sizeof(local), "%s.cluster.local", k->dns);
	str_fmt(alerts_local, sizeof(alerts_local), "%s.cluster.local", k->alerts);
	rc = certs_make(names, clock_wall_ms(), VALID_DAYS, &made, &e);
	if (rc)
		log_error(e.message);
	else
		rc = secret_write(k, &made, version);
	certs_free(&made);
	if (rc)
		look_after(k, RETRY_MS);
}

static int check(const struct tls_keeper *k, const struct certs *c, struct err *e)
{
	int64_t at_ms = clock_wall_ms() + (k->leader ? RENEW_BEFORE_MS : 0);
	int rc = certs_check(c, k->dns, at_ms, e);

	return rc ? rc : certs_check(c, k->alerts, at_ms, e);
}

static void on_secret(void *arg, const struct json *object, const struct err *e)
{
	struct tls_keeper *k = arg;
	struct certs certs = {0};
	struct err why = {0};

	if (e && e->code == -ENOENT && k->leader) {
		certs_renew(k, NULL);
		return;
	}
	if (e) {
		failed(k, "cannot read the webhook's certificate", e->code == -ENOENT ? NULL : e);
		return;
	}
	certs.ca_pem = secret_value(object, "ca.crt", NULL);
	certs.cert_pem = secret_value(object, "tls.crt", NULL);
	certs.key_pem = secret_value(object, "tls.key", NULL);
	if (!check(k, &certs, &why)) {
		certs_use(k, &certs);
	} else if (k->leader) {
		log_info("the webhook's certificate is made anew", "because", why.message);
		certs_renew(k, json_str_at(object, "metadata.resourceVersion", ""));
	} else {
		look_after(k, RETRY_MS);
	}
	certs_free(&certs);
}

static void on_timer(void *arg)
{
	struct tls_keeper *k = arg;

	if (k->busy)
		return;
	k->busy = true;
	if (kube_get(k->client, &KUBE_SECRETS, k->args.namespace_, k->args.secret, on_secret, k))
		look_after(k, RETRY_MS);
}

int tls_keeper_new(struct kube_client *c, const struct tls_keeper_args *args, struct tls_keeper **ret)
{
	struct tls_keeper *k = calloc(1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	k->client = c;
	k->args = *args;
	if (str_fmt(k->dns, sizeof(k->dns), "%s.%s.svc", args->service, args->namespace_) ||
		str_fmt(k->alerts, sizeof(k->alerts), "%s.%s.svc", args->alerts, args->namespace_) ||
		loop_timer_new(kube_client_loop(c), on_timer, k, &k->timer) ||
		loop_timer_start(k->timer, 0, 0)) {
		tls_keeper_free(k);
		return -ENOMEM;
	}
	*ret = k;
	return 0;
}

void tls_keeper_set_leader(struct tls_keeper *k, bool leader)
{
	k->leader = leader;
	if (leader && !k->busy)
		loop_timer_start(k->timer, 0, 0);
}

void tls_keeper_free(struct tls_keeper *k)
{
	if (!k)
		return;
	loop_timer_free(k->timer);
	certs_free(&k->certs);
	free(k);
}
