/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

/* A person waits. */
enum { DEADLINE_MS = 10000 };

struct session {
	struct loop *loop;
	struct kube_client *client;
	const char *namespace_;
};

struct answer {
	bool here;
	struct json *object;
	struct err *e;
};

static int config_read(const struct options *o, struct kube_config *ret, struct err *e)
{
	int rc;

	/* As kubectl: what was named wins over the service account of a pod this may run in. */
	if (o->kubeconfig || o->context || getenv("KUBECONFIG"))
		return kube_config_load(o->kubeconfig, o->context, ret, e);
	rc = kube_config_auto(NULL, ret, e);
	if (rc == -ENOENT)
		err_set(e, rc, e->reason, "%s; name a kubeconfig with --kubeconfig or in $KUBECONFIG",
			e->message);
	return rc;
}

static int connect_to(struct session *s, const struct options *o, struct err *e)
{
	struct kube_config config = {0};
	int rc = config_read(o, &config, e);

	if (rc)
		return rc;
	rc = kube_client_new(s->loop, &config, &s->client, e);
	kube_config_free(&config);
	if (rc)
		return rc;
	kube_client_set_deadline(s->client, DEADLINE_MS);
	s->namespace_ = o->namespace_ ? o->namespace_ : kube_client_config(s->client)->namespace_;
	return 0;
}

int session_open(const struct options *o, struct session **ret, struct err *e)
{
	struct session *s = calloc(1, sizeof(*s));
	int rc = s ? loop_new(&s->loop) : -ENOMEM;

	if (rc)
		err_set(e, rc, "NoLoop", "cannot start: %s", strerror(-rc));
	else
		rc = connect_to(s, o, e);
	if (rc) {
		session_close(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void session_close(struct session *s)
{
	if (!s)
		return;
	if (s->client)
		kube_client_free(s->client);
	if (s->loop)
		loop_free(s->loop);
	free(s);
}

const char *session_namespace(const struct session *s)
{
	return s->namespace_;
}

static void on_answer(void *arg, const struct json *object, const struct err *e)
{
	struct answer *a = arg;

	a->here = true;
	if (e) {
		*a->e = *e;
		return;
	}
	a->object = json_dup(object);
	if (!a->object)
		err_set(a->e, -ENOMEM, "OutOfMemory", "no memory for the API server's answer");
}

/* rc is that of the call whose done is on_answer. */
static int answer_wait(struct session *s, struct answer *a, int rc, struct json **ret)
{
	if (rc)
		return err_set(a->e, rc, "CannotAsk", "cannot ask the API server: %s", strerror(-rc));
	while (!a->here)
		loop_turn(s->loop, true);
	if (!a->object)
		return a->e->code;
	*ret = a->object;
	return 0;
}

int session_list(struct session *s, const struct kube_resource *r, const char *namespace_, struct json **ret,
	struct err *e)
{
	struct err own = {0};
	struct answer a = {.e = &own};
	int rc = kube_list(s->client, r, namespace_, NULL, NULL, on_answer, &a);

	rc = answer_wait(s, &a, rc, ret);
	if (rc == -ENOENT)
		return err_set(e, rc, "NotInstalled",
			"the API server knows no %s.%s: ESCAPE is not installed there (is this the right "
			"context? else see docs/install.md)",
			r->plural, r->group);
	if (rc)
		return err_set(e, rc, own.reason, "cannot list %s: %s", r->plural, own.message);
	return 0;
}

int session_get(
	struct session *s, const struct kube_resource *r, const char *name, struct json **ret, struct err *e)
{
	struct err own = {0};
	struct answer a = {.e = &own};
	int rc = kube_get(s->client, r, s->namespace_, name, on_answer, &a);

	rc = answer_wait(s, &a, rc, ret);
	if (rc == -ENOENT)
		return err_set(e, rc, "NotFound",
			"there is no %s %s in namespace %s; kubectl get %s.%s -A lists all there are",
			r->kind, name, s->namespace_, r->plural, r->group);
	if (rc)
		return err_set(e, rc, own.reason, "cannot get %s %s: %s", r->kind, name, own.message);
	return 0;
}

int session_create(struct session *s, const struct kube_resource *r, const struct json *object,
	struct json **ret, struct err *e)
{
	struct err own = {0};
	struct answer a = {.e = &own};
	int rc = kube_create(s->client, r, s->namespace_, NULL, object, on_answer, &a);

	rc = answer_wait(s, &a, rc, ret);
	return rc ? err_set(e, rc, own.reason, "cannot create a %s: %s", r->kind, own.message) : 0;
}

int session_patch(struct session *s, const struct kube_resource *r, const char *name,
	const struct json *patch, struct json **ret, struct err *e)
{
	struct err own = {0};
	struct answer a = {.e = &own};
	int rc = kube_patch(s->client, r, s->namespace_, name, NULL, KUBE_PATCH_MERGE, patch, on_answer, &a);

	rc = answer_wait(s, &a, rc, ret);
	return rc ? err_set(e, rc, own.reason, "cannot change %s %s: %s", r->kind, name, own.message) : 0;
}

int session_delete(
	struct session *s, const struct kube_resource *r, const char *name, const char *uid, struct err *e)
{
	const struct kube_delete_opts opts = {.grace_s = -1, .uid = uid};
	auto_json struct json *gone = NULL;
	struct err own = {0};
	struct answer a = {.e = &own};
	int rc = kube_delete(s->client, r, s->namespace_, name, &opts, on_answer, &a);

	rc = answer_wait(s, &a, rc, &gone);
	return rc ? err_set(e, rc, own.reason, "cannot delete %s %s: %s", r->kind, name, own.message) : 0;
}
