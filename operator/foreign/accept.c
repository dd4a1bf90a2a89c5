/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/foreign/accept.h"

#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Falco at its busiest sends a few a second; a flood is cut off long before the operator feels it. */
#define SOURCE_PER_S 50
#define SOURCE_BURST 500
#define NODE_PER_S 2
#define NODE_BURST 50

const char *const FOREIGN_RESULT_NAMES[] = {"accepted", "ignored", "limited", "refused", NULL};

struct foreign_node_rate {
	char node[API_NAME_MAX];
	struct rate rate;
	UT_hash_handle hh;
};

void foreign_intake_init(
	struct foreign_intake *f, struct world *w, const struct foreign_thresholds *thresholds)
{
	*f = (struct foreign_intake){.world = w, .thresholds = *thresholds};
	for (size_t i = 0; i < VERDICT_SOURCES; i++)
		f->by_source[i] = (struct rate){.per_s = SOURCE_PER_S, .burst = SOURCE_BURST};
}

void foreign_intake_free(struct foreign_intake *f)
{
	struct foreign_node_rate *i, *next;

	HASH_ITER(hh, f->by_node, i, next)
	{
		HASH_DEL(f->by_node, i);
		free(i);
	}
}

/* One entry for each node that was ever accused; nodes that are not there have none. */
static bool node_allows(struct foreign_intake *f, const char *node, int64_t now_ms)
{
	struct foreign_node_rate *i;

	HASH_FIND_STR(f->by_node, node, i);
	if (i)
		return rate_take(&i->rate, now_ms);
	i = calloc(1, sizeof(*i));
	if (!i)
		return false;
	str_copy(i->node, sizeof(i->node), node);
	i->rate = (struct rate){.per_s = NODE_PER_S, .burst = NODE_BURST};
	HASH_ADD_STR(f->by_node, node, i);
	if (i->hh.tbl)
		return rate_take(&i->rate, now_ms);
	free(i);
	return false;
}

/* The node that is named; where none is known by that name, that of the pod. A pod elsewhere is not believed.
 */
static const struct world_node *node_of(
	const struct foreign_intake *f, const struct foreign_report *r, const struct world_pod **ret_pod)
{
	const struct world_pod *p = *r->pod ? world_pod(f->world, r->namespace_, r->pod) : NULL;
	const struct world_node *n = *r->node ? world_node(f->world, r->node) : NULL;

	if (!n || !n->known)
		n = p && *p->node ? world_node(f->world, p->node) : NULL;
	*ret_pod = n && p && str_eq(p->node, n->name) ? p : NULL;
	return n && n->known ? n : NULL;
}

static void cause_fill(struct verdict_cause *c, const struct foreign_report *r, const struct world_pod *p,
	enum verdict_state weight, int64_t now_ms)
{
	*c = (struct verdict_cause){.source = r->source, .weight = weight, .count = 1};
	c->first_ms = c->last_ms = r->at_ms && r->at_ms < now_ms ? r->at_ms : now_ms;
	str_copy(c->reason, sizeof(c->reason), r->rule);
	str_copy(c->message, sizeof(c->message), r->message);
	if (!p)
		return;
	str_fmt(c->pod, sizeof(c->pod), "%s/%s", p->namespace_, p->name);
	str_copy(c->pod_uid, sizeof(c->pod_uid), p->uid);
}

static enum foreign_result note(
	struct foreign_intake *f, const struct foreign_report *r, int64_t now_ms, struct err *e)
{
	const struct world_pod *p;
	const struct world_node *n = node_of(f, r, &p);
	struct verdict_cause c;

	if (!n) {
		err_set(e, -ENOENT, "UnknownNode",
			"no node is called \"%.100s\": Falco must run with FALCO_HOSTNAME set to "
			"spec.nodeName, "
			"Tetragon with NODE_NAME",
			r->node);
		return FOREIGN_REFUSED;
	}
	if (r->priority > f->thresholds.suspect)
		return FOREIGN_IGNORED;
	if (!node_allows(f, n->name, now_ms))
		return FOREIGN_LIMITED;
	cause_fill(&c, r, p, r->priority <= f->thresholds.hacked ? VERDICT_HACKED : VERDICT_SUSPECT, now_ms);
	if (!world_note_foreign(f->world, n->name, &c))
		return FOREIGN_ACCEPTED;
	err_set(e, -ENOMEM, "OutOfMemory", "no memory for a report");
	return FOREIGN_REFUSED;
}

enum foreign_result foreign_take(struct foreign_intake *f, const struct json *event, int64_t now_ms,
	enum verdict_source *ret_source, struct err *e)
{
	struct foreign_report r;
	int rc = foreign_read(event, &r, e);

	*ret_source = rc == -EINVAL ? VERDICT_SOURCES : r.source;
	if (rc)
		return rc == -ENOMSG ? FOREIGN_IGNORED : FOREIGN_REFUSED;
	if (!rate_take(&f->by_source[r.source], now_ms))
		return FOREIGN_LIMITED;
	return note(f, &r, now_ms, e);
}
