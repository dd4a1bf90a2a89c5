/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan/successor_spec.h"

#include <api/names.h>
#include <api/pod_fit.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <string.h>

#define TOKEN_VOLUME "kube-api-access-"

/* Decided for the old pod (by scheduler, admission, kubectl debug); decided anew for this one. */
static const char *const DECIDED[] = {"nodeName", "priority", "preemptionPolicy", "overhead",
	"ephemeralContainers", "schedulingGates", "serviceAccount"};

static bool is_token(const struct json *item)
{
	return str_starts(json_str_at(item, "name", ""), TOKEN_VOLUME);
}

/* The items of list without the service account's token, which admission puts in again under another name. */
static struct json *without_token(const struct json *list)
{
	auto_json struct json *kept = json_new_arr();

	json_foreach(item, list)
	{
		if (!is_token(item) && json_add(kept, json_dup(item)))
			return NULL;
	}
	return TAKE_PTR(kept);
}

static struct json *container_copy(const struct json *c)
{
	auto_json struct json *copy = json_dup(c);
	const struct json *mounts = json_member(c, "volumeMounts");

	if (!copy || (mounts && json_set(copy, "volumeMounts", without_token(mounts))))
		return NULL;
	return TAKE_PTR(copy);
}

static int containers_strip(struct json *spec, const char *key)
{
	const struct json *from = json_member(spec, key);
	auto_json struct json *list = json_new_arr();

	if (!from)
		return 0;
	json_foreach(c, from)
	{
		if (json_add(list, container_copy(c)))
			return -1;
	}
	return json_set(spec, key, TAKE_PTR(list));
}

/* {"matchExpressions": as in the term, "matchFields": its own but for an earlier pin, and the new one} */
static struct json *term_make(const struct json *term, const char *node)
{
	auto_json struct json *made = json_new_obj();
	auto_json struct json *fields = json_new_arr();
	auto_json struct json *field = json_new_obj();
	auto_json struct json *values = json_new_arr();
	const struct json *expressions = json_member(term, "matchExpressions");

	json_foreach(f, json_member(term, "matchFields"))
	{
		if (!pod_fit_is_pin(f) && json_add(fields, json_dup(f)))
			return NULL;
	}
	if (json_add(values, json_new_str(node)) || json_set_str(field, "key", "metadata.name") ||
		json_set_str(field, "operator", "In") || json_set(field, "values", TAKE_PTR(values)) ||
		json_add(fields, TAKE_PTR(field)) || json_set(made, "matchFields", TAKE_PTR(fields)))
		return NULL;
	if (json_len(expressions) && json_set(made, "matchExpressions", json_dup(expressions)))
		return NULL;
	return TAKE_PTR(made);
}

/* Terms are alternatives, so the node goes into each of them; what the admin asked for stays. */
static struct json *terms_make(const struct json *old_terms, const char *node)
{
	auto_json struct json *terms = json_new_arr();

	json_foreach(term, old_terms)
	{
		if (json_add(terms, term_make(term, node)))
			return NULL;
	}
	if (!json_len(terms) && json_add(terms, term_make(NULL, node)))
		return NULL;
	return TAKE_PTR(terms);
}

static int affinity_set(struct json *spec, const struct json *old, const char *node)
{
	static const char PATH[] = "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution";
	auto_json struct json *affinity = old ? json_dup(old) : json_new_obj();
	const struct json *terms = json_at(json_at(old, PATH), "nodeSelectorTerms");

	if (!affinity || json_set(json_obj_at(affinity, PATH), "nodeSelectorTerms", terms_make(terms, node)))
		return -1;
	return json_set(spec, "affinity", TAKE_PTR(affinity));
}

/* Processes keep the host name they know. */
static int hostname_set(struct json *spec, const struct json *old)
{
	const char *name = json_str_at(old, "metadata.name", "");

	if (json_member(spec, "hostname") || !str_is_dns_name(name, false))
		return 0;
	return json_set_str(spec, "hostname", name);
}

struct json *successor_spec_strip(const struct json *from)
{
	auto_json struct json *spec = from ? json_dup(from) : json_new_obj();

	if (!spec)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(DECIDED); i++)
		json_remove(spec, DECIDED[i]);
	if (json_member(from, "volumes") &&
		json_set(spec, "volumes", without_token(json_member(from, "volumes"))))
		return NULL;
	if (containers_strip(spec, "containers") || containers_strip(spec, "initContainers"))
		return NULL;
	return TAKE_PTR(spec);
}

struct json *successor_spec(const struct json *old, const char *node)
{
	const struct json *from = json_member(old, "spec");
	auto_json struct json *spec = successor_spec_strip(from);

	if (!spec || affinity_set(spec, json_member(from, "affinity"), node) || hostname_set(spec, old) ||
		json_set_str(spec, "runtimeClassName", API_RUNTIME_CLASS))
		return NULL;
	return TAKE_PTR(spec);
}
