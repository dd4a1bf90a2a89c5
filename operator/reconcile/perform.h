/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries a plan's actions out at the API server, one after the other, each after reading afresh what it
 * needs to be so. Decides nothing. Loop thread only; a job in flight ends when its client is freed.
 */
#ifndef ESCAPE_OPERATOR_PERFORM_H
#define ESCAPE_OPERATOR_PERFORM_H

#include "operator/plan/action.h"
#include "operator/reconcile/told.h"

struct performer {
	struct kube_client *client;
	struct told *told;
	bool (*may_act)(void *arg); /* asked before each request: still the leader? */
	void (*took)(
		void *arg, const struct json *escape); /* an Escape as the API server answered it; borrowed */
	void *arg;
};

/* 0: all done. -EAGAIN: the view was stale, plan again. Else the first failure, already logged. */
typedef void (*perform_done)(void *arg, int rc);
/*
 * Takes the content of actions. independent: one that fails does not stop those after it. done runs exactly
 * once, perhaps before this returns.
 */
void perform_actions(
	struct performer *p, struct actions *actions, bool independent, perform_done done, void *arg);

#endif
