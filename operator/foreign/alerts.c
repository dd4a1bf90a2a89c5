/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/foreign/alerts.h"

#include "operator/foreign/token.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <http/server.h>
#include <openssl/crypto.h>
#include <string.h>

/* What may be said in the log about callers that are turned away. */
#define COMPLAINTS_PER_S 0.1
#define COMPLAINTS_BURST 3

struct alerts {
	struct loop *loop;
	struct alerts_args args;
	struct foreign_intake intake;
	struct http_server *server;
	struct rate complaints;
	char *token;
};

/* What became of the events of one request. */
struct tally {
	unsigned n[FOREIGN_RESULTS];
	struct err why; /* of the last one that was refused */
};

static void complain(struct alerts *a, const char *what, const char *message)
{
	if (rate_take(&a->complaints, clock_wall_ms()))
		log_warn(what, "message", message);
}

static void say(struct http_answer *answer, int status, const char *text)
{
	answer->status = status;
	answer->content_type = "text/plain; charset=utf-8";
	buf_reset(&answer->body);
	buf_addf(&answer->body, "%s\n", text);
}

static void take_one(struct alerts *a, const struct json *event, int64_t now_ms, struct tally *t)
{
	enum verdict_source source;
	enum foreign_result result = foreign_take(&a->intake, event, now_ms, &source, &t->why);

	t->n[result]++;
	op_metrics_foreign(a->args.metrics,
		source == VERDICT_SOURCES ? "unknown" : VERDICT_SOURCE_NAMES[source],
		FOREIGN_RESULT_NAMES[result]);
}

static void take_all(struct alerts *a, const struct json *body, struct tally *t)
{
	int64_t now_ms = clock_wall_ms();

	if (!json_is_arr(body)) {
		take_one(a, body, now_ms, t);
		return;
	}
	if (json_len(body) > FOREIGN_EVENTS_MAX) {
		err_set(&t->why, -EINVAL, "BadAlert", "at most %d events in one request", FOREIGN_EVENTS_MAX);
		t->n[FOREIGN_REFUSED]++;
		return;
	}
	json_foreach(event, body)
	{
		take_one(a, event, now_ms, t);
	}
}

/* One good event makes the request good: who sends many at once could not send the others again alone. */
static void answer_fill(struct alerts *a, const struct tally *t, struct http_answer *answer)
{
	if (t->n[FOREIGN_ACCEPTED])
		reconcile_foreign(a->args.reconcile);
	if (t->n[FOREIGN_REFUSED])
		complain(a, "report of a foreign detector refused", t->why.message);
	if (t->n[FOREIGN_LIMITED])
		complain(a, "reports of foreign detectors dropped", "too many at once");
	if (t->n[FOREIGN_ACCEPTED] || t->n[FOREIGN_IGNORED] ||
		!(t->n[FOREIGN_REFUSED] + t->n[FOREIGN_LIMITED])) {
		answer->status = 202;
		answer->content_type = "application/json";
		buf_addf(&answer->body, "{\"accepted\":%u,\"ignored\":%u,\"limited\":%u,\"refused\":%u}\n",
			t->n[FOREIGN_ACCEPTED], t->n[FOREIGN_IGNORED], t->n[FOREIGN_LIMITED],
			t->n[FOREIGN_REFUSED]);
	} else if (t->n[FOREIGN_LIMITED]) {
		say(answer, 429, "too many reports at once: the rest is dropped");
	} else {
		say(answer, t->why.code == -ENOENT ? 422 : 400, t->why.message);
	}
}

static void on_alerts(void *arg, const struct http_call *call, struct http_answer *answer)
{
	struct alerts *a = arg;
	auto_json struct json *body = NULL;
	struct tally t = {0};

	if (!reconcile_leads(a->args.reconcile) || !a->token) {
		say(answer, 503, "this replica does not lead (or has only just begun to): try again");
		return;
	}
	if (!token_matches(call->authorization, a->token)) {
		complain(a, "a caller without the token was turned away",
			"Authorization: Bearer TOKEN is expected");
		op_metrics_foreign(a->args.metrics, "unknown", "unauthorized");
		say(answer, 401,
			"Authorization: Bearer TOKEN is expected, with the token of the Secret "
			"escape-alerts-token");
		return;
	}
	if (json_parse(call->body, call->body_len, FOREIGN_BODY_MAX, &body, &t.why)) {
		op_metrics_foreign(a->args.metrics, "unknown", FOREIGN_RESULT_NAMES[FOREIGN_REFUSED]);
		t.n[FOREIGN_REFUSED]++;
	} else {
		take_all(a, body, &t);
	}
	answer_fill(a, &t, answer);
}

int alerts_new(struct loop *l, const struct alerts_args *args, struct alerts **ret)
{
	struct alerts *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->loop = l;
	a->args = *args;
	a->complaints = (struct rate){.per_s = COMPLAINTS_PER_S, .burst = COMPLAINTS_BURST};
	foreign_intake_init(&a->intake, args->world, &args->thresholds);
	*ret = a;
	return 0;
}

int alerts_use(struct alerts *a, const struct certs *c, struct err *e)
{
	const struct http_server_args args = {.address = a->args.address,
		.port = a->args.port,
		.cert_pem = c->cert_pem,
		.key_pem = c->key_pem,
		.body_max = FOREIGN_BODY_MAX};
	int rc;

	/* The port is taken while the old server lives. */
	http_server_free(a->server);
	a->server = NULL;
	rc = http_server_new(a->loop, &args, &a->server, e);
	return rc ? rc : http_server_handle(a->server, "POST", "/alerts", on_alerts, a);
}

void alerts_set_token(struct alerts *a, const char *token)
{
	if (str_eq(a->token, token))
		return;
	if (a->token)
		OPENSSL_cleanse(a->token, strlen(a->token));
	free(a->token);
	a->token = strdup(token);
}

int alerts_port(const struct alerts *a)
{
	return a->server ? http_server_port(a->server) : 0;
}

void alerts_free(struct alerts *a)
{
	if (!a)
		return;
	http_server_free(a->server);
	foreign_intake_free(&a->intake);
	if (a->token)
		OPENSSL_cleanse(a->token, strlen(a->token));
	free(a->token);
	free(a);
}
