/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/options.h"

#include <argp.h>
#include <base/str.h>
#include <stdlib.h>
#include <unistd.h>

/* argp asks for these names. */
const char *argp_program_version = "escape-operator " ESCAPE_VERSION;

enum {
	OPT_KUBECONFIG = 256,
	OPT_NAMESPACE,
	OPT_IDENTITY,
	OPT_SERVICE,
	OPT_ADDRESS,
	OPT_HTTP_PORT,
	OPT_WEBHOOK_PORT,
	OPT_NO_WEBHOOK,
	OPT_LOG_LEVEL,
	OPT_FORGIVE,
	OPT_AGENT_SILENT,
	OPT_SILENCE_HACKED,
	OPT_FOREIGN_SHARE,
	OPT_FOREIGN_HACKED,
	OPT_FOREIGN_SUSPECT,
	OPT_ALERTS_PORT,
	OPT_NO_ALERTS,
	OPT_CORDON,
	OPT_STEP_DEADLINE,
	OPT_CLAIM_DEADLINE,
	OPT_EVICTION_PATIENCE,
	OPT_KEEP_FINISHED,
	OPT_BRAKE_SHARE,
	OPT_HORIZON,
	OPT_TIME_UNIT,
	OPT_SEED,
};

static const struct argp_option OPTIONS[] = {
	{"kubeconfig", OPT_KUBECONFIG, "FILE", 0,
		"How to reach the API server (default: in-cluster, then $KUBECONFIG)", 0},
	{"namespace", OPT_NAMESPACE, "NAME", 0, "Own namespace: lease and Secrets (default: $POD_NAMESPACE)",
		0},
	{"identity", OPT_IDENTITY, "NAME", 0,
		"Name in the leader election (default: $POD_NAME, then the host's)", 0},
	{"service", OPT_SERVICE, "NAME", 0,
		"Service of the webhook, for its certificate (default: escape-operator)", 0},
	{"address", OPT_ADDRESS, "ADDRESS", 0, "Address to listen on (default: 0.0.0.0)", 0},
	{"http-port", OPT_HTTP_PORT, "PORT", 0, "/metrics, /healthz, /readyz (default: 8080)", 0},
	{"webhook-port", OPT_WEBHOOK_PORT, "PORT", 0, "Admission webhook over HTTPS (default: 9443)", 0},
	{"no-webhook", OPT_NO_WEBHOOK, NULL, 0, "Serve no webhook and make no certificate", 0},
	{"log-level", OPT_LOG_LEVEL, "LEVEL", 0, "debug, info, warn or error (default: info)", 0},
	{"forgive", OPT_FORGIVE, "TIME", 0,
		"What makes a node suspect or hacked counts this long (default: 10m)", 0},
	{"agent-silent", OPT_AGENT_SILENT, "TIME", 0,
		"An agent with an older heartbeat is not there (default: 60s)", 0},
	{"silence-hacked", OPT_SILENCE_HACKED, "TIME", 0,
		"A node is hacked when its agent alone has been silent, and suspect, for this long (default: "
		"5m)",
		0},
	{"foreign-share", OPT_FOREIGN_SHARE, "SHARE", 0,
		"At most this share of the nodes, at least one, is hacked on the word of foreign detectors "
		"(default: 0.25)",
		0},
	{"foreign-hacked", OPT_FOREIGN_HACKED, "PRIORITY", 0,
		"A foreign report of this priority or a higher one makes a node hacked (default: Critical)",
		0},
	{"foreign-suspect", OPT_FOREIGN_SUSPECT, "PRIORITY", 0,
		"... suspect; lighter ones are ignored (default: Warning)", 0},
	{"alerts-port", OPT_ALERTS_PORT, "PORT", 0, "Reports of foreign detectors over HTTPS (default: 9444)",
		0},
	{"no-alerts", OPT_NO_ALERTS, NULL, 0, "Take no reports of foreign detectors (so does --no-webhook)",
		0},
	{"cordon", OPT_CORDON, NULL, 0, "Cordon hacked nodes, and un-cordon them when they are clean again",
		0},
	{"step-deadline", OPT_STEP_DEADLINE, "TIME", 0,
		"For each step of an Escape that an agent takes (default: 60s)", 0},
	{"claim-deadline", OPT_CLAIM_DEADLINE, "TIME", 0,
		"For the destination to claim a sealed dump; the pod is frozen meanwhile (default: 10s)", 0},
	{"eviction-patience", OPT_EVICTION_PATIENCE, "TIME", 0,
		"The eviction of a pod that is to move instead waits this long for the move (default: 5m)",
		0},
	{"keep-finished", OPT_KEEP_FINISHED, "N", 0, "Finished Escapes kept per namespace (default: 20)", 0},
	{"brake-share", OPT_BRAKE_SHARE, "SHARE", 0,
		"At most this share of the protected pods escapes at once (default: 0.5)", 0},
	{"horizon", OPT_HORIZON, "T", 0, "How far the model looks ahead, in time units (default: 100)", 0},
	{"time-unit", OPT_TIME_UNIT, "TIME", 0,
		"What an attacker needs from one host to the next (default: 1s)", 0},
	{"seed", OPT_SEED, "N", 0,
		"The same seed and the same cluster: the same destinations, after a restart too. For "
		"rehearsals: "
		"whoever knows it can foresee where pods go (default: random)",
		0},
	{0},
};

static int number(struct argp_state *state, const char *arg, int64_t min, int64_t max)
{
	int64_t n = 0;

	if (str_parse_i64(arg, min, max, &n))
		argp_error(state, "%s: expected a number from %lld to %lld", arg, (long long)min,
			(long long)max);
	return (int)n;
}

static int64_t duration(struct argp_state *state, const char *arg)
{
	int64_t ms = 0;

	if (str_parse_duration_ms(arg, &ms) || ms < 1)
		argp_error(state, "%s: expected a time such as 30s or 10m", arg);
	return ms;
}

static double fraction(struct argp_state *state, const char *arg, double min, double max)
{
	char *end = NULL;
	double d = strtod(arg, &end);

	if (end == arg || *end || !(d > min && d <= max))
		argp_error(state, "%s: expected a number above %g, at most %g", arg, min, max);
	return d;
}

static error_t parse_plan(int key, const char *arg, struct argp_state *state, struct plan_config *c)
{
	switch (key) {
	case OPT_FORGIVE:
		c->forgive_ms = duration(state, arg);
		return 0;
	case OPT_AGENT_SILENT:
		c->agent_silent_ms = duration(state, arg);
		return 0;
	case OPT_SILENCE_HACKED:
		c->silence_hacked_ms = duration(state, arg);
		return 0;
	case OPT_FOREIGN_SHARE:
		c->foreign_share = fraction(state, arg, 0, 1);
		return 0;
	case OPT_CORDON:
		c->cordon = true;
		return 0;
	case OPT_STEP_DEADLINE:
		c->step_deadline_ms = duration(state, arg);
		return 0;
	case OPT_CLAIM_DEADLINE:
		c->claim_deadline_ms = duration(state, arg);
		return 0;
	case OPT_EVICTION_PATIENCE:
		c->eviction_patience_ms = duration(state, arg);
		return 0;
	case OPT_KEEP_FINISHED:
		c->keep_finished = (size_t)number(state, arg, 0, 10000);
		return 0;
	case OPT_BRAKE_SHARE:
		c->brake_share = fraction(state, arg, 0, 1);
		return 0;
	case OPT_HORIZON:
		c->horizon = fraction(state, arg, 1, 1e9);
		return 0;
	case OPT_SEED:
		c->seeded = true;
		c->seed = (uint64_t)number(state, arg, 0, INT32_MAX);
		return 0;
	case OPT_TIME_UNIT:
		c->time_unit_ms = duration(state, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static enum foreign_priority priority(struct argp_state *state, const char *arg)
{
	enum foreign_priority p = PRIORITY_CRITICAL;

	if (foreign_priority_parse(arg, &p))
		argp_error(state, "%s: expected a priority of Falco's, Emergency to Debug", arg);
	return p;
}

static error_t parse_foreign(int key, const char *arg, struct argp_state *state, struct options *o)
{
	switch (key) {
	case OPT_FOREIGN_HACKED:
		o->thresholds.hacked = priority(state, arg);
		return 0;
	case OPT_FOREIGN_SUSPECT:
		o->thresholds.suspect = priority(state, arg);
		return 0;
	case OPT_ALERTS_PORT:
		o->alerts_port = number(state, arg, 0, 65535);
		return 0;
	case OPT_NO_ALERTS:
		o->alerts = false;
		return 0;
	case ARGP_KEY_END:
		if (o->thresholds.suspect < o->thresholds.hacked)
			o->thresholds.suspect = o->thresholds.hacked;
		return 0;
	default:
		return parse_plan(key, arg, state, &o->plan);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_KUBECONFIG:
		o->kubeconfig = arg;
		return 0;
	case OPT_NAMESPACE:
		o->namespace_ = arg;
		return 0;
	case OPT_IDENTITY:
		o->identity = arg;
		return 0;
	case OPT_SERVICE:
		o->service = arg;
		return 0;
	case OPT_ADDRESS:
		o->address = arg;
		return 0;
	case OPT_HTTP_PORT:
		o->http_port = number(state, arg, 0, 65535);
		return 0;
	case OPT_WEBHOOK_PORT:
		o->webhook_port = number(state, arg, 0, 65535);
		return 0;
	case OPT_NO_WEBHOOK:
		o->webhook = false;
		return 0;
	case OPT_LOG_LEVEL:
		if (log_level_parse(arg, &o->log_level))
			argp_error(state, "%s: expected debug, info, warn or error", arg);
		return 0;
	default:
		return parse_foreign(key, arg, state, o);
	}
}

static const char *or_null(const char *s)
{
	return s && *s ? s : NULL;
}

void options_parse(int argc, char **argv, struct options *ret)
{
	static const struct argp ARGP = {.options = OPTIONS,
		.parser = parse,
		.doc = "Decides how attacked pods escape, and drives each Escape to its end."};
	static char host[256];

	gethostname(host, sizeof(host) - 1);
	*ret = (struct options){.namespace_ = or_null(getenv("POD_NAMESPACE")),
		.identity = or_null(getenv("POD_NAME")),
		.service = "escape-operator",
		.address = "0.0.0.0",
		.http_port = 8080,
		.webhook_port = 9443,
		.webhook = true,
		.alerts = true,
		.alerts_port = 9444,
		.thresholds = {.hacked = PRIORITY_CRITICAL, .suspect = PRIORITY_WARNING},
		.log_level = LOG_INFO_,
		.plan = PLAN_CONFIG_DEFAULT};
	if (!ret->identity)
		ret->identity = host;
	argp_parse(&ARGP, argc, argv, 0, NULL, ret);
}
