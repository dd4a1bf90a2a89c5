/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/reconcile/perform_priv.h"

#include <api/pod.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>

enum check { CHECK_ESCAPE, CHECK_GONE_0, CHECK_GONE_1, CHECK_NODE, CHECKS };

static void stale(struct job *j)
{
	job_action_failed(j, -EAGAIN, NULL);
}

static void on_escape(void *arg, const struct json *object, const struct err *e)
{
	struct job *j = arg;
	const struct action *a = job_action(j);
	struct err why;

	if (e && e->code == -ENOENT) {
		stale(j);
		return;
	}
	if (e) {
		job_action_failed(j, e->code, e);
		return;
	}
	j->p->took(j->p->arg, object);
	if (!str_eq(json_str_at(object, "metadata.resourceVersion", ""), a->need.version)) {
		stale(j);
		return;
	}
	if (escape_decode(object, &j->escape, &why)) {
		job_action_failed(j, why.code, &why);
		return;
	}
	needs_check(j);
}

static void on_gone(void *arg, const struct json *object, const struct err *e)
{
	struct job *j = arg;
	const char *uid = job_action(j)->need.gone[j->check - 1 - CHECK_GONE_0].uid;

	if (e && e->code == -ENOENT)
		needs_check(j);
	else if (e)
		job_action_failed(j, e->code, e);
	else if (*uid && !str_eq(json_str_at(object, "metadata.uid", ""), uid))
		needs_check(j);
	else
		stale(j);
}

static void on_node(void *arg, const struct json *object, const struct err *e)
{
	struct job *j = arg;
	struct node n;

	if (e && e->code == -ENOENT)
		needs_check(j);
	else if (e)
		job_action_failed(j, e->code, e);
	else if (!node_decode(object, &n, NULL) && n.out_of_service)
		needs_check(j);
	else
		stale(j);
}

/* 1: nothing to read for this one. */
static int check_start(struct job *j, enum check check)
{
	const struct action *a = job_action(j);
	struct kube_client *c = j->p->client;

	switch (check) {
	case CHECK_ESCAPE:
		return *a->need.escape
			       ? kube_get(c, &API_ESCAPES, a->namespace_, a->need.escape, on_escape, j)
			       : 1;
	case CHECK_GONE_0:
	case CHECK_GONE_1:
		if (!*a->need.gone[check - CHECK_GONE_0].name)
			return 1;
		return kube_get(
			c, &KUBE_PODS, a->namespace_, a->need.gone[check - CHECK_GONE_0].name, on_gone, j);
	case CHECK_NODE:
		return *a->need.lost_node ? kube_get(c, &KUBE_NODES, NULL, a->need.lost_node, on_node, j) : 1;
	case CHECKS:
		break;
	}
	return 1;
}

void needs_check(struct job *j)
{
	while (j->check < CHECKS) {
		int rc = check_start(j, (enum check)j->check++);

		if (rc < 0)
			job_action_failed(j, rc, NULL);
		if (rc != 1)
			return;
	}
	job_act(j);
}
