/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/successor.h"

#include "operator/plan/successor_spec.h"
#include "operator/world/world.h"

#include <base/buf.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <string.h>

#define HANDOVER_MAX 262144u /* the API server's limit for all annotations of an object */

/* Annotations that speak of the old pod's own life, not of what it is. */
static bool annotation_stays_behind(const char *key)
{
	static const char *const PREFIXES[] = {"cni.", "k8s.v1.cni.cncf.io/", "kubernetes.io/config.",
		"kubectl.kubernetes.io/last-applied", WORLD_DELETION_COST, SUCCESSOR_ANN_HANDOVER};

	for (size_t i = 0; i < ARRAY_LEN(PREFIXES); i++)
		if (str_starts(key, PREFIXES[i]))
			return true;
	return false;
}

static struct json *addresses_value(const struct escape_spec *s)
{
	auto_buf struct buf b = BUF_INIT((size_t)API_ADDRESSES_MAX * (API_ADDRESS_MAX + 1));

	buf_adds(&b, "");
	for (size_t i = 0; i < s->n_addresses; i++)
		buf_addf(&b, "%s%s", i ? "," : "", s->addresses[i]);
	return b.failed ? NULL : json_new_str(b.data);
}

/* {"labels": {...}, "ownerReferences": [...]} of the old pod. */
static struct json *handover_value(const struct json *old)
{
	auto_json struct json *handover = json_new_obj();
	auto_json struct json *owners = json_new_arr();
	const struct json *labels = json_at(old, "metadata.labels");
	auto_free char *text = NULL;

	json_foreach(owner, json_at(old, "metadata.ownerReferences"))
	{
		if (json_bool_at(owner, "controller", false) && json_add(owners, json_dup(owner)))
			return NULL;
	}
	if (json_set(handover, "labels", labels ? json_dup(labels) : json_new_obj()) || !owners ||
		json_set(handover, "ownerReferences", TAKE_PTR(owners)))
		return NULL;
	text = json_print(handover);
	return text ? json_new_str(text) : NULL;
}

static int annotations_set(struct json *meta, const struct escape *x, const struct json *old)
{
	struct json *to = json_obj_at(meta, "annotations");
	char workload[API_NAME_MAX];

	json_foreach(a, json_at(old, "metadata.annotations"))
	{
		if (!annotation_stays_behind(json_key(a)) && json_set(to, json_key(a), json_dup(a)))
			return -1;
	}
	if (!to || json_set_str(to, API_ANN_ESCAPE, x->name) ||
		json_set_str(to, API_ANN_SUCCESSOR_OF, x->spec.pod_name) ||
		json_set(to, API_ANN_ADDRESSES, addresses_value(&x->spec)) ||
		json_set(to, SUCCESSOR_ANN_HANDOVER, handover_value(old)))
		return -1;
	return pod_workload(old, workload) ? 0 : json_set_str(to, API_ANN_WORKLOAD, workload);
}

static int metadata_set(struct json *pod, const struct escape *x, const struct json *old)
{
	struct json *meta = json_obj_at(pod, "metadata");

	if (!meta || json_set_str(meta, "name", x->spec.successor) ||
		json_set_str(meta, "namespace", x->namespace_) ||
		json_set_str(json_obj_at(meta, "labels"), WORLD_STAGED_LABEL, "true"))
		return -1;
	return annotations_set(meta, x, old);
}

struct json *successor_build(const struct escape *x, const struct json *old)
{
	auto_json struct json *pod = json_new_obj();

	if (json_set_str(pod, "apiVersion", "v1") || json_set_str(pod, "kind", "Pod") ||
		metadata_set(pod, x, old) ||
		json_set(pod, "spec", successor_spec(old, x->spec.destination_node)))
		return NULL;
	return TAKE_PTR(pod);
}

struct json *successor_handover_patch(const struct json *successor)
{
	const struct json *annotations = json_at(successor, "metadata.annotations");
	const char *text = json_str(json_member(annotations, SUCCESSOR_ANN_HANDOVER));
	auto_json struct json *handover = NULL;
	auto_json struct json *patch = json_new_obj();
	struct json *meta = json_obj_at(patch, "metadata"), *labels = json_obj_at(meta, "labels");

	if (!text || !labels || json_parse(text, strlen(text), HANDOVER_MAX, &handover, NULL))
		return NULL;
	json_foreach(label, json_member(handover, "labels"))
	{
		if (successor_label_is_of_node(json_key(label)))
			continue;
		if (json_set(labels, json_key(label), json_dup(label)))
			return NULL;
	}
	if (json_set(labels, WORLD_STAGED_LABEL, json_new_null()) ||
		json_set_str(meta, "uid", json_str_at(successor, "metadata.uid", "")) ||
		json_set(json_obj_at(meta, "annotations"), SUCCESSOR_ANN_HANDOVER, json_new_null()))
		return NULL;
	if (json_len(json_member(handover, "ownerReferences")) &&
		json_set(meta, "ownerReferences", json_dup(json_member(handover, "ownerReferences"))))
		return NULL;
	return TAKE_PTR(patch);
}

struct json *successor_yield_patch(const char *old_uid)
{
	auto_json struct json *patch = json_new_obj();
	struct json *meta = json_obj_at(patch, "metadata");

	if (!meta || json_set_str(meta, "uid", old_uid) ||
		json_set_str(json_obj_at(meta, "annotations"), WORLD_DELETION_COST, "-2147483648"))
		return NULL;
	return TAKE_PTR(patch);
}
