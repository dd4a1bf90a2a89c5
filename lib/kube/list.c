/* SPDX-License-Identifier: Apache-2.0 */
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <kube/client_priv.h>
#include <kube/resource.h>
#include <string.h>

#define PAGE_LIMIT "500"
#define MAX_ITEMS 1000000u

enum { PAGED_ATTEMPTS = 3 }; /* when pages keep expiring, the list is taken in one piece */

struct kube_list_op {
	struct kube_client *client;
	const struct kube_resource *resource;
	char *namespace_, *label_selector, *field_selector;
	struct kube_call *call;
	struct json *list; /* of the first page; the others' items are added */
	unsigned attempts;
	kube_done done;
	void *arg;
};

static void list_free(struct kube_list_op *op)
{
	json_free(op->list);
	free(op->namespace_);
	free(op->label_selector);
	free(op->field_selector);
	free(op);
}

void kube_list_cancel(struct kube_list_op *op)
{
	if (op->call)
		kube_call_cancel(op->call);
	list_free(op);
}

static void list_finish(struct kube_list_op *op, const struct err *e)
{
	op->done(op->arg, e ? NULL : op->list, e);
	list_free(op);
}

/* Items of a list carry neither kind nor apiVersion; watch events do. Here both look the same. */
static int name_kind(const struct kube_resource *r, struct json *item)
{
	char version[320];

	if (!json_is_obj(item) || json_member(item, "kind"))
		return 0;
	if (str_fmt(version, sizeof(version), "%s%s%s", r->group, r->group[0] ? "/" : "", r->version))
		return -ENAMETOOLONG;
	if (json_set_str(item, "kind", r->kind))
		return -ENOMEM;
	return json_set_str(item, "apiVersion", version);
}

static int add_items(struct kube_list_op *op, const struct json *page)
{
	struct json *items = json_edit(op->list, "items");
	size_t count = json_len(items);

	json_foreach(item, json_member(page, "items"))
	{
		struct json *copy = json_dup(item);

		if (json_add(items, copy) || name_kind(op->resource, copy))
			return -ENOMEM;
		if (++count > MAX_ITEMS)
			return -EMSGSIZE;
	}
	return 0;
}

static int keep_page(struct kube_list_op *op, const struct json *page, struct err *e)
{
	const struct json *items = json_member(page, "items");
	int rc = 0;

	if (!json_is_arr(items) && !json_is_null(items))
		return err_set(e, -EBADMSG, "BadResponse", "the API server's list of %s has no items",
			op->resource->plural);
	if (!op->list) {
		op->list = json_new_obj();
		if (!op->list || json_set(op->list, "metadata", json_dup(json_member(page, "metadata"))) ||
			json_set(op->list, "items", json_new_arr()))
			rc = -ENOMEM;
	}
	if (!rc)
		rc = add_items(op, page);
	if (rc)
		return err_set(
			e, rc, "ListTooLarge", "the list of %s does not fit in memory", op->resource->plural);
	return 0;
}

static void strip_paging(struct kube_list_op *op)
{
	struct json *metadata = json_edit(op->list, "metadata");

	if (!metadata)
		return;
	json_remove(metadata, "continue");
	json_remove(metadata, "remainingItemCount");
}

static int list_request(struct kube_list_op *op, const char *token);

/* The pages' snapshot has expired: from the start. */
static void list_again(struct kube_list_op *op, const struct err *error)
{
	json_free(TAKE_PTR(op->list));
	op->attempts++;
	if (list_request(op, NULL))
		list_finish(op, error);
}

static void on_page(void *arg, const struct json *page, const struct err *error)
{
	struct kube_list_op *op = arg;
	auto_free char *token = NULL;
	struct err e = {0};

	op->call = NULL;
	if (error && error->code == -ESTALE && op->list) {
		list_again(op, error);
		return;
	}
	if (error) {
		list_finish(op, error);
		return;
	}
	token = strdup(json_str_at(page, "metadata.continue", ""));
	if (!token)
		err_set(&e, -ENOMEM, "OutOfMemory", "no memory for a list");
	else
		keep_page(op, page, &e);
	if (!e.code && token && *token) {
		if (!list_request(op, token))
			return;
		err_set(&e, -ENOMEM, "OutOfMemory", "no memory for a list");
	}
	strip_paging(op);
	list_finish(op, e.code ? &e : NULL);
}

static int list_request(struct kube_list_op *op, const char *token)
{
	auto_buf struct buf path = BUF_INIT(KUBE_PATH_MAX);
	int rc = kube_path_add(&path, op->resource, op->namespace_, NULL, NULL);

	if (!rc && op->attempts < PAGED_ATTEMPTS)
		rc = kube_query_add(&path, "limit", PAGE_LIMIT);
	if (!rc)
		rc = kube_query_add(&path, "labelSelector", op->label_selector);
	if (!rc)
		rc = kube_query_add(&path, "fieldSelector", op->field_selector);
	if (!rc)
		rc = kube_query_add(&path, "continue", token);
	struct kube_call_args args = {
		.method = "GET", .path = path.data, .idempotent = true, .max_body = KUBE_LIST_MAX};

	return rc ? rc : kube_call_start(op->client, &args, on_page, op, &op->call);
}

static int copy_string(const char *from, char **ret)
{
	if (!from)
		return 0;
	*ret = strdup(from);
	return *ret ? 0 : -ENOMEM;
}

int kube_list_start(struct kube_client *c, const struct kube_resource *r, const char *namespace_,
	const char *label_selector, const char *field_selector, kube_done done, void *arg,
	struct kube_list_op **ret)
{
	struct kube_list_op *op = calloc(1, sizeof(*op));
	int rc;

	if (!op)
		return -ENOMEM;
	op->client = c;
	op->resource = r;
	op->done = done;
	op->arg = arg;
	rc = copy_string(namespace_, &op->namespace_);
	if (!rc)
		rc = copy_string(label_selector, &op->label_selector);
	if (!rc)
		rc = copy_string(field_selector, &op->field_selector);
	if (!rc)
		rc = list_request(op, NULL);
	if (rc) {
		list_free(op);
		return rc;
	}
	if (ret)
		*ret = op;
	return 0;
}

int kube_list(struct kube_client *c, const struct kube_resource *r, const char *namespace_,
	const char *label_selector, const char *field_selector, kube_done done, void *arg)
{
	return kube_list_start(c, r, namespace_, label_selector, field_selector, done, arg, NULL);
}
