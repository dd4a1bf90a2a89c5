/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/guard/orders.h"

#include <errno.h>
#include <stdlib.h>

#define ORDER_DEADLINE_MS 10000

struct orders {
	size_t left;
	struct err err;
	orders_done done;
	void *arg;
};

static void one_answered(struct orders *os, const struct err *e)
{
	if (e && !os->err.code)
		os->err = *e;
	if (--os->left)
		return;
	os->done(os->arg, os->err.code ? &os->err : NULL);
	free(os);
}

static void on_answer(void *arg, const struct keeper_reply *r, const struct err *e)
{
	(void)r;
	one_answered(arg, e);
}

static void on_all_sent(void *arg)
{
	one_answered(arg, NULL);
}

int orders_to_pod(struct agent *a, const char *pod_uid, bool (*wants)(const struct guard *g),
	enum keeper_verb verb, orders_done done, void *arg, struct err *e)
{
	struct guard *guards[GUARDS_OF_POD_MAX];
	struct keeper_args args = {.verb = verb, .deadline_ms = ORDER_DEADLINE_MS};
	struct orders *os;
	size_t n;
	int rc = guards_of_pod(a, pod_uid, guards, GUARDS_OF_POD_MAX, &n);

	os = rc ? NULL : calloc(1, sizeof(*os));
	if (!os)
		return err_set(e, rc ? rc : -ENOMEM, "OutOfMemory",
			"too many containers, or no memory, for an order to a pod");
	*os = (struct orders){.left = 1, .done = done, .arg = arg};
	rc = loop_soon(a->loop, on_all_sent, os);
	if (rc) {
		free(os);
		return err_set(e, rc, "Stopping", "the agent is stopping");
	}
	for (size_t i = 0; i < n; i++) {
		if (wants && !wants(guards[i]))
			continue;
		os->left++;
		if (keeper_order(guards[i]->keeper, &args, on_answer, os, os->err.code ? NULL : &os->err))
			os->left--;
	}
	return 0;
}
