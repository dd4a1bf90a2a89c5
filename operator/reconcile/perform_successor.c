/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/plan_escape.h"
#include "operator/plan/successor.h"
#include "operator/reconcile/perform_priv.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>

static void on_staging(void *arg, const struct json *object, const struct err *e)
{
	struct job *j = arg;

	if (e) {
		job_action_failed(j, e->code, e);
		return;
	}
	j->p->took(j->p->arg, object);
	job_action_done(j, 0);
}

/* Takes patch. */
static void status_patch(struct job *j, struct json *patch)
{
	int rc = -ENOMEM;

	if (patch)
		rc = kube_patch(j->p->client, &API_ESCAPES, j->escape.namespace_, j->escape.name, "status",
			KUBE_PATCH_MERGE, patch, on_staging, j);
	json_free(patch);
	if (rc)
		job_action_failed(j, rc, NULL);
}

static void to_staging(struct job *j, const struct json *successor)
{
	status_patch(j, plan_staging_patch(&j->escape, successor, clock_wall_ms()));
}

static void call_off(struct job *j, const char *reason, const char *message)
{
	status_patch(j, escape_patch_phase(&j->escape, PHASE_ABORTING, ACTOR_OPERATOR, clock_wall_ms(),
				reason, message, NULL, 0, NULL));
}

/* Ours from before a crash, or somebody else's who wants another pod's memory. */
static void on_found(void *arg, const struct json *object, const struct err *e)
{
	struct job *j = arg;

	if (e)
		job_action_failed(j, e->code == -ENOENT ? -EAGAIN : e->code, e);
	else if (successor_matches(j->successor, object))
		to_staging(j, object);
	else
		call_off(j, "SuccessorNameTaken", "a pod of the successor's name exists and is not ours");
}

static void on_created(void *arg, const struct json *object, const struct err *e)
{
	struct job *j = arg;
	int rc;

	if (!e) {
		to_staging(j, object);
		return;
	}
	/* Refused for what it is (quota, policy, invalid): trying again gives the same answer. */
	if (e->code == -EINVAL || e->code == -EACCES) {
		call_off(j, "SuccessorRefused", e->message);
		return;
	}
	if (e->code != -EEXIST) {
		job_action_failed(j, e->code, e);
		return;
	}
	rc = kube_get(j->p->client, &KUBE_PODS, j->escape.namespace_, j->escape.spec.successor, on_found, j);
	if (rc)
		job_action_failed(j, rc, NULL);
}

static void on_old(void *arg, const struct json *object, const struct err *e)
{
	struct job *j = arg;
	int rc;

	if (e) {
		job_action_failed(j, e->code == -ENOENT ? -EAGAIN : e->code, e);
		return;
	}
	if (!str_eq(json_str_at(object, "metadata.uid", ""), j->escape.spec.pod_uid) ||
		json_at(object, "metadata.deletionTimestamp")) {
		job_action_failed(j, -EAGAIN, NULL);
		return;
	}
	json_free(j->successor);
	j->successor = successor_build(&j->escape, object);
	rc = -ENOMEM;
	if (j->successor)
		rc = kube_create(
			j->p->client, &KUBE_PODS, j->escape.namespace_, NULL, j->successor, on_created, j);
	if (rc)
		job_action_failed(j, rc, NULL);
}

void successor_create(struct job *j)
{
	int rc = kube_get(j->p->client, &KUBE_PODS, j->escape.namespace_, j->escape.spec.pod_name, on_old, j);

	if (rc)
		job_action_failed(j, rc, NULL);
}
