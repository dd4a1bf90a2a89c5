/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/move/held.h"

#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "node-agent/agent/escapes/escapes.h"

#define ANSWER_DEADLINE_MS 30000

struct held {
	struct agent *agent;
	char container_id[80];
};

static struct held *held_new(const struct guard *g)
{
	struct held *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->agent = g->agent;
	str_copy(h->container_id, sizeof(h->container_id), g->keeper->id);
	return h;
}

/* Takes h; NULL when the container is gone meanwhile. */
static struct guard *held_take(struct held *h)
{
	struct guard *g = h->agent->stopping ? NULL : guard_find(h->agent, h->container_id);

	free(h);
	return g;
}

static void on_looked_up(void *arg, const struct json *object, const struct err *e)
{
	struct agent *a = ((struct held *)arg)->agent;
	struct guard *g = held_take(arg);

	if (!g)
		return;
	g->looking_up = false;
	if (!e) {
		escapes_observe(a->escapes, object);
		return;
	}
	if (e->code == -ENOENT) {
		g->absent = true;
		guard_sync(g);
		return;
	}
	/* No answer: the agent's tick asks again, until the keeper's own deadline. */
	log_warn("escape of a held container not known", "container", g->keeper->id, "reason", e->reason,
		"why", e->message);
}

static void look_up(struct guard *g)
{
	const struct keeper_reply *r = &g->keeper->last;
	struct held *h = g->looking_up ? NULL : held_new(g);

	if (!h)
		return;
	if (kube_get(g->agent->kube, &API_ESCAPES, r->pod_namespace, r->escape, on_looked_up, h))
		free(h);
	else
		g->looking_up = true;
}

static void on_answered(void *arg, const struct keeper_reply *r, const struct err *e)
{
	struct guard *g = held_take(arg);

	(void)r;
	if (!e)
		return;
	if (g)
		g->held_answered = false;
	log_warn("held start not answered", "reason", e->reason, "why", e->message);
}

static void answer(struct guard *g, enum keeper_verb verb, const char *step, const char *text)
{
	struct keeper_args args = {
		.verb = verb,
		.order_id = agent_order_id(g->keeper->id, step, ""),
		.deadline_ms = ANSWER_DEADLINE_MS,
		.text = text,
	};
	struct held *h = g->held_answered ? NULL : held_new(g);

	if (!h)
		return;
	if (keeper_order(g->keeper, &args, on_answered, h, NULL)) {
		free(h);
		return;
	}
	g->held_answered = true;
	log_info("held start", "container", g->keeper->id, "pod", g->keeper->last.pod_name, "answer", step,
		"escape", g->keeper->last.escape);
}

static void refuse(struct guard *g, const struct escape *x)
{
	char text[256];

	snprintf(text, sizeof(text),
		"Escape %.60s was not carried out (%s%s%.60s): this pod does not take over", x->name,
		ESCAPE_PHASE_NAMES[x->status.phase], *x->status.reason ? ", " : "", x->status.reason);
	answer(g, KEEPER_REFUSE, "refuse", text);
}

void held_evaluate(struct guard *g)
{
	const struct keeper_reply *r = &g->keeper->last;
	struct held_input in = {
		.node = g->agent->cfg->node,
		.pod_uid = r->pod_uid,
		.init_known = g->pod_known,
		.init_container = g->init_container,
		.escape = escapes_get(g->agent->escapes, r->pod_namespace, r->escape),
		.absent = g->absent,
	};

	switch (decide_held(&in)) {
	case HELD_WAIT:
		break;
	case HELD_LOOKUP:
		look_up(g);
		break;
	case HELD_STAGE:
		escapes_kick(g->agent->escapes, in.escape->namespace_, in.escape->name, 0);
		break;
	case HELD_SKIP:
		answer(g, KEEPER_SKIP, "skip", NULL);
		break;
	case HELD_RELEASE:
		answer(g, KEEPER_RELEASE, "release", NULL);
		break;
	case HELD_REFUSE:
		refuse(g, in.escape);
		break;
	}
}
