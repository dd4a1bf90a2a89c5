/* SPDX-License-Identifier: Apache-2.0 */
#include "field.h"
#include "profile_priv.h"

#include <api/profile.h>
#include <base/base64.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

const char *const PROFILE_STATE_NAMES[] = {"Learning", "Ready", "Stale", NULL};

const struct field PROFILE_SPEC_FIELDS[] = {
	F_STR("policy", struct profile, policy),
	F_STR("workload", struct profile, workload, REQUIRED),
	F_STR("container", struct profile, container, REQUIRED),
	F_STR("image", struct profile, image, REQUIRED),
	F_INT("windowSize", struct profile, window_size, 2, 64, REQUIRED),
	F_ENUM("state", struct profile, state, PROFILE_STATE_NAMES, DEFAULT("Learning")),
	F_INT("epochs", struct profile, epochs, 0, JSON_INT_MAX),
	F_END,
};

static const struct field METADATA[] = {
	F_STR("namespace", struct profile, namespace_, REQUIRED),
	F_STR("name", struct profile, name, REQUIRED),
	F_STR("resourceVersion", struct profile, resource_version),
	F_END,
};

static const struct field PROFILE[] = {
	F_OBJ("metadata", METADATA, REQUIRED),
	F_OBJ("spec", PROFILE_SPEC_FIELDS, REQUIRED),
	F_END,
};

static uint64_t le64_read(const unsigned char *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static void le64_write(unsigned char *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static int bad_bags(struct err *e, const char *what)
{
	return err_set(e, -EINVAL, "BadProfile", "spec.bags: %s", what);
}

static int bags_read(const char *raw, size_t len, struct profile *p, struct err *e)
{
	size_t n = len / 8;

	if (len % 8)
		return bad_bags(
			e, "not a whole number of 8-byte hashes; let the agent learn the profile again");
	if (n > PROFILE_BAGS_MAX)
		return err_set(e, -E2BIG, "BadProfile", "spec.bags: %zu bags are more than the %d allowed", n,
			PROFILE_BAGS_MAX);
	p->bags = malloc((n ? n : 1) * sizeof(*p->bags));
	if (!p->bags)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for %zu bags", n);
	for (size_t i = 0; i < n; i++) {
		p->bags[i] = le64_read((const unsigned char *)raw + 8 * i);
		if (i && p->bags[i] <= p->bags[i - 1])
			return bad_bags(e, "hashes are not in ascending order");
	}
	p->n_bags = n;
	return 0;
}

static int bags_decode(const struct json *text, struct profile *p, struct err *e)
{
	auto_free char *raw = NULL;
	size_t len = 0;
	int rc;

	if (!text)
		return 0;
	if (!json_is_str(text))
		return bad_bags(e, "must be a base64 string");
	rc = base64_decode(json_str(text), &raw, &len);
	if (rc == -ENOMEM)
		return err_set(e, rc, "OutOfMemory", "no memory for spec.bags");
	if (rc)
		return bad_bags(e, "not valid base64");
	return bags_read(raw, len, p, e);
}

int profile_decode(const struct json *obj, struct profile *ret, struct err *e)
{
	struct profile p = {0};
	int rc;

	rc = object_decode(obj, PROFILE, &p, e);
	if (!rc)
		rc = bags_decode(json_at(obj, "spec.bags"), &p, e);
	if (!rc)
		rc = profile_fused_decode(json_at(obj, "spec"), &p, e);
	if (rc) {
		profile_free(&p);
		return rc;
	}
	*ret = p;
	return 0;
}

static char *bags_encode(const struct profile *p)
{
	auto_free unsigned char *raw = malloc(p->n_bags * 8 + 1);

	if (!raw)
		return NULL;
	for (size_t i = 0; i < p->n_bags; i++)
		le64_write(raw + 8 * i, p->bags[i]);
	return base64_encode(raw, p->n_bags * 8);
}

struct json *profile_encode(const struct profile *p)
{
	auto_free char *bags = bags_encode(p);
	auto_json struct json *obj = json_new_obj();
	struct json *meta = json_obj_at(obj, "metadata");
	struct json *spec = encode(PROFILE_SPEC_FIELDS, p);

	if (json_set(obj, "spec", spec) || !bags || !meta)
		return NULL;
	if (json_set_str(obj, "apiVersion", API_GROUP_VERSION) ||
		json_set_str(obj, "kind", API_PROFILES.kind) || json_set_str(meta, "name", p->name) ||
		json_set_str(meta, "namespace", p->namespace_) ||
		json_set_num(spec, "bagCount", (double)p->n_bags) || json_set_str(spec, "bags", bags) ||
		profile_fused_encode(spec, p))
		return NULL;
	return TAKE_PTR(obj);
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	free(p->bags);
	free(p->pairs);
	free(p->triples);
	p->bags = p->pairs = p->triples = NULL;
	p->n_bags = 0;
}

/* Appends at most room characters of s as they may stand in a DNS name. */
static size_t name_append(char *dst, size_t len, size_t room, const char *s)
{
	for (; *s && room; s++, room--) {
		unsigned char c = (unsigned char)*s;

		dst[len++] = isalnum(c) && c < 128 ? (char)tolower(c) : '-';
	}
	return len;
}

int profile_name(char dst[static API_NAME_MAX], const char *workload, const char *container,
	const char *image, int64_t window_size)
{
	/* 1 + 63 + 1 + 8 characters stay free behind the workload. */
	enum { WORKLOAD_ROOM = 180 };
	auto_free char *identity =
		str_dup_fmt("%s\n%s\n%s\n%lld", workload, container, image, (long long)window_size);
	char hash[17];
	size_t len = 0;

	if (!identity)
		return -ENOMEM;
	if (!*workload || !*container)
		return -EINVAL;
	/* The hash is over the whole identity, so that shortening or replacing characters never merges two
	 * profiles. */
	snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)str_hash64(identity, strlen(identity)));
	len = name_append(dst, len, WORKLOAD_ROOM, workload);
	if (dst[0] == '-')
		dst[0] = 'x';
	dst[len++] = '-';
	len = name_append(dst, len, API_LABEL_MAX - 1, container);
	snprintf(dst + len, API_NAME_MAX - len, "-%.8s", hash + 8);
	return 0;
}
