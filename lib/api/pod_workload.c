/* SPDX-License-Identifier: Apache-2.0 */
#include <api/pod.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

static const struct json *controller_of(const struct json *obj)
{
	json_foreach(owner, json_at(obj, "metadata.ownerReferences"))
	{
		if (json_bool_at(owner, "controller", false))
			return owner;
	}
	return NULL;
}

/* A Deployment names its ReplicaSets "<deployment>-<pod-template-hash>". */
static int owner_name(const struct json *obj, const struct json *owner, char dst[static API_NAME_MAX])
{
	const char *name = json_str_at(owner, "name", "");
	const char *hash = json_str(json_member(json_at(obj, "metadata.labels"), "pod-template-hash"));
	size_t name_len = strlen(name), hash_len = hash ? strlen(hash) : 0;

	if (str_copy(dst, API_NAME_MAX, name) || !*dst)
		return -EINVAL;
	if (str_eq(json_str_at(owner, "kind", NULL), "ReplicaSet") && hash_len && name_len > hash_len + 1 &&
		name[name_len - hash_len - 1] == '-' && str_eq(name + name_len - hash_len, hash))
		dst[name_len - hash_len - 1] = '\0';
	return 0;
}

int pod_workload(const struct json *obj, char dst[static API_NAME_MAX])
{
	static const char *const INHERITED[] = {API_ANN_WORKLOAD, API_ANN_SUCCESSOR_OF};
	const struct json *annotations = json_at(obj, "metadata.annotations");
	const struct json *owner = controller_of(obj);
	const char *name = json_str_at(obj, "metadata.name", "");

	if (owner)
		return owner_name(obj, owner, dst);
	for (size_t i = 0; i < sizeof(INHERITED) / sizeof(INHERITED[0]); i++) {
		const char *from = json_str(json_member(annotations, INHERITED[i]));

		if (from && str_is_dns_name(from, true))
			return str_copy(dst, API_NAME_MAX, from);
	}
	if (!*name)
		return -EINVAL;
	return str_copy(dst, API_NAME_MAX, name);
}

int pod_image_digest(const char *image_id, char *dst, size_t size)
{
	const char *at = strrchr(image_id, '@'), *digest = at ? at + 1 : image_id;

	for (const char *c = digest; *c; c++)
		if (*c <= ' ' || *c > '~')
			return -EINVAL;
	return *digest ? str_copy(dst, size, digest) : -EINVAL;
}
