/* SPDX-License-Identifier: Apache-2.0 */
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <kube/client_priv.h>
#include <kube/resource.h>
#include <string.h>

int kube_get(struct kube_client *c, const struct kube_resource *r, const char *namespace_, const char *name,
	kube_done done, void *arg)
{
	auto_buf struct buf path = BUF_INIT(KUBE_PATH_MAX);
	int rc = name ? kube_path_add(&path, r, namespace_, name, NULL) : -EINVAL;
	struct kube_call_args args = {.method = "GET", .path = path.data, .idempotent = true};

	return rc ? rc : kube_call_start(c, &args, done, arg, NULL);
}

static int create_path(
	struct buf *path, const struct kube_resource *r, const char *namespace_, const char *subresource_of)
{
	auto_free char *name = NULL;
	const char *slash;

	if (r->namespaced && !namespace_)
		return -EINVAL;
	if (!subresource_of)
		return kube_path_add(path, r, namespace_, NULL, NULL);
	slash = strchr(subresource_of, '/');
	if (!slash)
		return -EINVAL;
	name = strndup(subresource_of, (size_t)(slash - subresource_of));
	return name ? kube_path_add(path, r, namespace_, name, slash + 1) : -ENOMEM;
}

int kube_create(struct kube_client *c, const struct kube_resource *r, const char *namespace_,
	const char *subresource_of, const struct json *object, kube_done done, void *arg)
{
	auto_buf struct buf path = BUF_INIT(KUBE_PATH_MAX);
	int rc = object ? create_path(&path, r, namespace_, subresource_of) : -EINVAL;

	if (!rc)
		rc = kube_query_add(&path, "fieldManager", c->component);
	struct kube_call_args args = {.method = "POST", .path = path.data, .body = object};

	return rc ? rc : kube_call_start(c, &args, done, arg, NULL);
}

static const char *const PATCH_TYPES[] = {
	[KUBE_PATCH_MERGE] = "application/merge-patch+json",
	[KUBE_PATCH_JSON] = "application/json-patch+json",
	[KUBE_APPLY] = "application/apply-patch+yaml", /* JSON is YAML */
};

/*
 * A merge patch says the same however often it arrives, unless it is tied to a resourceVersion: its second
 * arrival would be answered with a Conflict that the first one caused.
 */
static bool is_idempotent(enum kube_patch type, const struct json *patch)
{
	return type == KUBE_APPLY ||
	       (type == KUBE_PATCH_MERGE && !json_at(patch, "metadata.resourceVersion"));
}

int kube_patch(struct kube_client *c, const struct kube_resource *r, const char *namespace_, const char *name,
	const char *subresource, enum kube_patch type, const struct json *patch, kube_done done, void *arg)
{
	auto_buf struct buf path = BUF_INIT(KUBE_PATH_MAX);
	int rc = name && patch ? kube_path_add(&path, r, namespace_, name, subresource) : -EINVAL;

	if (!rc)
		rc = kube_query_add(&path, "fieldManager", c->component);
	if (!rc && type == KUBE_APPLY)
		rc = kube_query_add(&path, "force", "true");
	struct kube_call_args args = {
		.method = "PATCH",
		.path = path.data,
		.content_type = PATCH_TYPES[type],
		.body = patch,
		.idempotent = is_idempotent(type, patch),
	};

	return rc ? rc : kube_call_start(c, &args, done, arg, NULL);
}

static struct json *delete_options(const struct kube_delete_opts *opts)
{
	auto_json struct json *o = json_new_obj();
	struct json *preconditions = NULL;

	if (!o || json_set_str(o, "kind", "DeleteOptions") || json_set_str(o, "apiVersion", "v1"))
		return NULL;
	if (opts && opts->grace_s >= 0 && json_set_num(o, "gracePeriodSeconds", (double)opts->grace_s))
		return NULL;
	if (opts && opts->uid) {
		preconditions = json_obj_at(o, "preconditions");
		if (!preconditions || json_set_str(preconditions, "uid", opts->uid))
			return NULL;
	}
	return TAKE_PTR(o);
}

int kube_delete(struct kube_client *c, const struct kube_resource *r, const char *namespace_,
	const char *name, const struct kube_delete_opts *opts, kube_done done, void *arg)
{
	auto_buf struct buf path = BUF_INIT(KUBE_PATH_MAX);
	auto_json struct json *body = delete_options(opts);
	int rc = name ? kube_path_add(&path, r, namespace_, name, NULL) : -EINVAL;
	/* By name alone, a second arrival could meet a new object of the same name. */
	struct kube_call_args args = {
		.method = "DELETE", .path = path.data, .body = body, .idempotent = opts && opts->uid};

	if (!rc && !body)
		rc = -ENOMEM;
	return rc ? rc : kube_call_start(c, &args, done, arg, NULL);
}
