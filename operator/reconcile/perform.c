/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/reconcile/perform_priv.h"

#include <base/cleanup.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

static const char *const NAMES[] = {
	[ACTION_CREATE_ESCAPE] = "create Escape",
	[ACTION_PATCH_ESCAPE] = "patch Escape",
	[ACTION_DELETE_ESCAPE] = "delete Escape",
	[ACTION_CREATE_SUCCESSOR] = "create successor",
	[ACTION_PATCH_POD] = "patch Pod",
	[ACTION_DELETE_POD] = "delete Pod",
	[ACTION_PATCH_POLICY] = "patch EscapePolicy",
	[ACTION_PATCH_PROFILE] = "patch BehaviorProfile",
	[ACTION_CREATE_VERDICT] = "create NodeVerdict",
	[ACTION_PATCH_VERDICT] = "patch NodeVerdict",
	[ACTION_DELETE_VERDICT] = "delete NodeVerdict",
	[ACTION_PATCH_NODE] = "patch Node",
	[ACTION_EVENT] = "record Event",
};

static void job_next(struct job *j);

static void job_close(struct job *j)
{
	perform_done done = j->done;
	void *arg = j->arg;
	int rc = j->rc;

	actions_free(&j->actions);
	json_free(j->successor);
	free(j);
	done(arg, rc);
}

void job_action_done(struct job *j, int rc)
{
	if (rc && !j->rc)
		j->rc = rc;
	if (rc && !j->independent) {
		job_close(j);
		return;
	}
	j->at++;
	j->check = 0;
	job_next(j);
}

void job_action_failed(struct job *j, int rc, const struct err *e)
{
	const struct action *a = job_action(j);

	if (rc == -EAGAIN)
		log_debug("stale view, planned again", "action", NAMES[a->kind], "namespace", a->namespace_,
			"name", a->name);
	else
		log_warn("action failed", "action", NAMES[a->kind], "namespace", a->namespace_, "name",
			a->name, "reason", e ? e->reason : "", "message", e ? e->message : strerror(-rc));
	job_action_done(j, rc);
}

static void on_written(void *arg, const struct json *object, const struct err *e)
{
	struct job *j = arg;
	enum action_kind kind = job_action(j)->kind;

	(void)object;
	/* What is to be deleted or changed and is not there any more needs nothing. */
	if (e && e->code == -ENOENT && kind != ACTION_PATCH_POLICY && kind != ACTION_PATCH_VERDICT)
		job_action_done(j, 0);
	else if (e && e->code == -EEXIST && kind == ACTION_CREATE_VERDICT)
		job_action_done(j, 0);
	else if (e)
		job_action_failed(j, e->code, e);
	else
		job_action_done(j, 0);
}

static void on_escape_patched(void *arg, const struct json *object, const struct err *e)
{
	struct job *j = arg;

	if (!e)
		j->p->took(j->p->arg, object);
	on_written(arg, object, e);
}

static void on_escape_created(void *arg, const struct json *object, const struct err *e)
{
	struct job *j = arg;
	const struct action *a = job_action(j);
	int rc;

	if (e && e->code == -EEXIST) {
		job_action_done(j, 0);
		return;
	}
	if (e) {
		job_action_failed(j, e->code, e);
		return;
	}
	j->p->took(j->p->arg, object);
	if (!a->status) {
		job_action_done(j, 0);
		return;
	}
	rc = kube_patch(j->p->client, &API_ESCAPES, a->namespace_, a->name, "status", KUBE_PATCH_MERGE,
		a->status, on_escape_patched, j);
	if (rc)
		job_action_failed(j, rc, NULL);
}

/* kube_event reads what it is about from an object. */
static struct json *event_about(const struct action *a)
{
	auto_json struct json *about = json_new_obj();
	struct json *meta = json_obj_at(about, "metadata");

	bool core = str_eq(a->event.kind, "Pod") || str_eq(a->event.kind, "Node");

	if (!meta || (*a->namespace_ && json_set_str(meta, "namespace", a->namespace_)) ||
		json_set_str(meta, "name", a->name) || (*a->uid && json_set_str(meta, "uid", a->uid)) ||
		json_set_str(about, "kind", a->event.kind) ||
		json_set_str(about, "apiVersion", core ? "v1" : API_GROUP_VERSION))
		return NULL;
	return TAKE_PTR(about);
}

static void event_tell(struct job *j)
{
	const struct action *a = job_action(j);
	auto_json struct json *about = NULL;

	if (!*a->event.once || told_first(j->p->told, a->event.once)) {
		log_info(a->event.message, "reason", a->event.reason, "kind", a->event.kind, "namespace",
			a->namespace_, "name", a->name);
		about = event_about(a);
		if (about)
			kube_event(j->p->client, about, a->event.type, a->event.reason, a->event.message);
	}
	job_action_done(j, 0);
}

static int pod_delete(struct job *j)
{
	const struct action *a = job_action(j);
	/* Its processes are frozen or not to be trusted: nothing is gained by a grace. */
	const struct kube_delete_opts opts = {.grace_s = 1, .uid = a->uid};

	return kube_delete(j->p->client, &KUBE_PODS, a->namespace_, a->name, &opts, on_written, j);
}

static int verdict_delete(struct job *j)
{
	const struct action *a = job_action(j);
	const struct kube_delete_opts opts = {.grace_s = -1, .uid = a->uid};

	return kube_delete(j->p->client, &API_VERDICTS, NULL, a->name, &opts, on_written, j);
}

static int escape_delete(struct job *j)
{
	const struct action *a = job_action(j);
	const struct kube_delete_opts opts = {.grace_s = -1, .uid = a->uid};

	return kube_delete(j->p->client, &API_ESCAPES, a->namespace_, a->name, &opts, on_written, j);
}

void job_act(struct job *j)
{
	const struct action *a = job_action(j);
	struct kube_client *c = j->p->client;
	int rc = 0;

	switch (a->kind) {
	case ACTION_CREATE_ESCAPE:
		rc = kube_create(c, &API_ESCAPES, a->namespace_, NULL, a->object, on_escape_created, j);
		break;
	case ACTION_PATCH_ESCAPE:
		rc = kube_patch(c, &API_ESCAPES, a->namespace_, a->name, "status", KUBE_PATCH_MERGE,
			a->object, on_escape_patched, j);
		break;
	case ACTION_DELETE_ESCAPE:
		rc = escape_delete(j);
		break;
	case ACTION_CREATE_SUCCESSOR:
		successor_create(j);
		break;
	case ACTION_PATCH_POD:
		rc = kube_patch(c, &KUBE_PODS, a->namespace_, a->name, NULL, KUBE_PATCH_MERGE, a->object,
			on_written, j);
		break;
	case ACTION_DELETE_POD:
		rc = pod_delete(j);
		break;
	case ACTION_PATCH_PROFILE:
		rc = kube_patch(c, &API_PROFILES, a->namespace_, a->name, NULL, KUBE_PATCH_MERGE, a->object,
			on_written, j);
		break;
	case ACTION_PATCH_POLICY:
		rc = kube_patch(c, &API_POLICIES, a->namespace_, a->name, "status", KUBE_PATCH_MERGE,
			a->object, on_written, j);
		break;
	case ACTION_CREATE_VERDICT:
		rc = kube_create(c, &API_VERDICTS, NULL, NULL, a->object, on_written, j);
		break;
	case ACTION_PATCH_VERDICT:
		rc = kube_patch(c, &API_VERDICTS, NULL, a->name, "status", KUBE_PATCH_MERGE, a->object,
			on_written, j);
		break;
	case ACTION_DELETE_VERDICT:
		rc = verdict_delete(j);
		break;
	case ACTION_PATCH_NODE:
		rc = kube_patch(
			c, &KUBE_NODES, NULL, a->name, NULL, KUBE_PATCH_MERGE, a->object, on_written, j);
		break;
	case ACTION_EVENT:
		event_tell(j);
		break;
	}
	if (rc)
		job_action_failed(j, rc, NULL);
}

static void job_next(struct job *j)
{
	if (j->at == j->actions.n) {
		job_close(j);
		return;
	}
	if (!j->p->may_act(j->p->arg)) {
		j->rc = j->rc ? j->rc : -ECANCELED;
		job_close(j);
		return;
	}
	needs_check(j);
}

void perform_actions(
	struct performer *p, struct actions *actions, bool independent, perform_done done, void *arg)
{
	struct job *j = actions->failed ? NULL : calloc(1, sizeof(*j));

	if (!j) {
		log_error("out of memory while planning");
		actions_free(actions);
		done(arg, -ENOMEM);
		return;
	}
	j->p = p;
	j->actions = *actions;
	memset(actions, 0, sizeof(*actions));
	j->independent = independent;
	j->done = done;
	j->arg = arg;
	job_next(j);
}
