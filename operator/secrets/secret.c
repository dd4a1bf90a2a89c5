/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/secrets/secrets.h"

#include <base/base64.h>
#include <base/cleanup.h>
#include <openssl/crypto.h>
#include <string.h>

static int item_set(struct json *data, const struct secret_item *i)
{
	auto_free char *text = base64_encode(i->value, i->len);

	return text ? json_set_str(data, i->key, text) : -1;
}

struct json *secret_object(
	const char *namespace_, const char *name, const char *type, const struct secret_item *items)
{
	auto_json struct json *secret = json_new_obj();
	struct json *meta = json_obj_at(secret, "metadata"), *data = json_obj_at(secret, "data");

	if (!meta || !data || json_set_str(secret, "apiVersion", "v1") ||
		json_set_str(secret, "kind", "Secret") || json_set_str(secret, "type", type) ||
		json_set_str(meta, "name", name) || json_set_str(meta, "namespace", namespace_))
		return NULL;
	for (; items->key; items++)
		if (item_set(data, items))
			return NULL;
	return TAKE_PTR(secret);
}

char *secret_value(const struct json *secret, const char *key, size_t *ret_len)
{
	const char *text = json_str(json_member(json_member(secret, "data"), key));
	char *value = NULL;

	if (!text || base64_decode(text, &value, ret_len))
		return NULL;
	return value;
}
