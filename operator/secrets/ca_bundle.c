/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/secrets/ca_bundle.h"

#include <base/base64.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <string.h>

bool ca_bundle_is(const struct json *config, const char *ca_pem)
{
	auto_free char *bundle = base64_encode(ca_pem, strlen(ca_pem));

	json_foreach(hook, json_member(config, "webhooks"))
	{
		if (!str_eq(json_str_at(hook, "clientConfig.caBundle", ""), bundle))
			return false;
	}
	return true;
}

static struct json *hook_with(const struct json *hook, const char *bundle)
{
	auto_json struct json *copy = json_dup(hook);

	if (json_set_str(json_obj_at(copy, "clientConfig"), "caBundle", bundle))
		return NULL;
	return TAKE_PTR(copy);
}

struct json *ca_bundle_patch(const struct json *config, const char *ca_pem)
{
	auto_free char *bundle = base64_encode(ca_pem, strlen(ca_pem));
	auto_json struct json *patch = json_new_obj();
	auto_json struct json *hooks = json_new_arr();
	struct json *meta = json_obj_at(patch, "metadata");

	if (!bundle || !meta ||
		json_set_str(meta, "resourceVersion", json_str_at(config, "metadata.resourceVersion", "")))
		return NULL;
	json_foreach(hook, json_member(config, "webhooks"))
	{
		if (json_add(hooks, hook_with(hook, bundle)))
			return NULL;
	}
	if (json_set(patch, "webhooks", TAKE_PTR(hooks)))
		return NULL;
	return TAKE_PTR(patch);
}
