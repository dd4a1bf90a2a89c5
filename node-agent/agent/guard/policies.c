/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/guard/policies.h"

#include <base/cleanup.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>

#include "node-agent/agent/guard/guard.h"

struct policies {
	struct agent *agent;
	struct policy **all;
	size_t n, cap;
};

int policies_new(struct agent *a, struct policies **ret)
{
	struct policies *ps = calloc(1, sizeof(*ps));

	if (!ps)
		return -ENOMEM;
	ps->agent = a;
	*ret = ps;
	return 0;
}

void policies_free(struct policies *ps)
{
	if (!ps)
		return;
	for (size_t i = 0; i < ps->n; i++)
		free(ps->all[i]);
	free(ps->all);
	free(ps);
}

/* Takes the policy of that name out of the table; the caller frees it once no guard points to it. */
static struct policy *policy_take(struct policies *ps, const char *namespace_, const char *name)
{
	for (size_t i = 0; i < ps->n; i++) {
		struct policy *p = ps->all[i];

		if (!str_eq(p->name, name) || !str_eq(p->namespace_, namespace_))
			continue;
		ps->all[i] = ps->all[--ps->n];
		return p;
	}
	return NULL;
}

static int policy_put(struct policies *ps, struct policy *p)
{
	if (ps->n == ps->cap) {
		size_t cap = ps->cap ? ps->cap * 2 : 8;
		struct policy **all = realloc(ps->all, cap * sizeof(struct policy *));

		if (!all)
			return -ENOMEM;
		ps->all = all;
		ps->cap = cap;
	}
	ps->all[ps->n++] = p;
	return 0;
}

static void policy_add(struct policies *ps, const struct json *object)
{
	auto_free struct policy *p = calloc(1, sizeof(*p));
	struct err e = {0};
	int rc = p ? policy_decode(object, p, &e)
		   : err_set(&e, -ENOMEM, "OutOfMemory", "no memory for a policy");

	if (!rc)
		rc = policy_put(ps, p);
	if (rc)
		log_warn("policy not understood", "namespace", json_str_at(object, "metadata.namespace", ""),
			"policy", json_str_at(object, "metadata.name", ""), "why", e.message);
	else
		p = NULL;
}

void policies_on_change(void *arg, enum kube_change change, const struct json *object, const struct json *old)
{
	struct agent *a = arg;
	struct policy *before = policy_take(a->policies, json_str_at(object, "metadata.namespace", ""),
		json_str_at(object, "metadata.name", ""));

	(void)old;
	if (change != KUBE_REMOVED)
		policy_add(a->policies, object);
	/* Guards point to it until they have looked again. */
	guards_sync_all(a);
	free(before);
}

const struct policy *policies_for_pod(const struct policies *ps, const struct json *pod)
{
	return policy_for_pod((const struct policy *const *)ps->all, ps->n, pod);
}
