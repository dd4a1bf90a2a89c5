/* SPDX-License-Identifier: Apache-2.0 */
#include "field.h"
#include "profile_priv.h"

#include <api/profile.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

const char *const PROFILE_STATE_NAMES[] = {"Learning", "Held", "Ready", "Stale", NULL};

/* Beside what was learned: names, numbers, and what holds a profile. */
#define HEAD_BYTES_MAX 8192

static const struct field HELD[] = {
	F_STR("reason", struct profile, held.reason),
	F_STR("message", struct profile, held.message),
	F_STR("pod", struct profile, held.pod),
	F_STR("node", struct profile, held.node),
	F_TIME("at", struct profile, held.at_ms),
	F_INT("scorePercent", struct profile, held.score_percent, 0, JSON_INT_MAX),
	F_ARR("findings", struct profile, held.findings, held.n_findings, REPORT_FINDING_FIELDS,
		REPORT_FINDINGS_MAX),
	F_END,
};

static const struct field THRESHOLDS[] = {
	F_INT("graded", struct profile, graded_threshold, 1, UINT32_MAX),
	F_INT("bosc", struct profile, bosc_threshold, 1, UINT32_MAX),
	F_END,
};

const struct field PROFILE_SPEC_FIELDS[] = {
	F_STR("policy", struct profile, policy),
	F_STR("workload", struct profile, workload, REQUIRED),
	F_STR("container", struct profile, container, REQUIRED),
	F_STR("image", struct profile, image, REQUIRED),
	F_INT("windowSize", struct profile, window_size, 2, 64, REQUIRED),
	F_ENUM("state", struct profile, state, PROFILE_STATE_NAMES, DEFAULT("Learning")),
	F_OBJ("held", HELD),
	F_INT("epochs", struct profile, epochs, 0, JSON_INT_MAX),
	F_INT("quietEpochs", struct profile, quiet, 0, JSON_INT_MAX),
	F_INT("learnedPercent", struct profile, learned_percent, 0, 100),
	F_INT("secondsLeft", struct profile, seconds_left, 0, JSON_INT_MAX),
	F_INT("epochSize", struct profile, epoch_size, 1, 100000),
	F_INT("tasks", struct profile, tasks, 0, JSON_INT_MAX),
	F_INT("scoredEpochs", struct profile, scored, 0, JSON_INT_MAX),
	F_OBJ("thresholds", THRESHOLDS),
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

int profile_decode_head(const struct json *obj, struct profile *ret, struct err *e)
{
	struct profile p = {0};
	int rc = object_decode(obj, PROFILE, &p, e);

	if (!rc && (p.state == PROFILE_HELD) != (*p.held.reason != '\0'))
		rc = err_set(e, -EINVAL, "BadProfile",
			"spec.held: a profile is Held if, and only if, it has a reason");
	if (!rc)
		*ret = p;
	return rc;
}

int profile_decode(const struct json *obj, struct profile *ret, struct err *e)
{
	struct profile p = {0};
	int rc = profile_decode_head(obj, &p, e);

	if (!rc)
		rc = profile_learned_decode(json_at(obj, "spec"), &p, e);
	if (rc) {
		profile_free(&p);
		return rc;
	}
	*ret = p;
	return 0;
}

/* Also when they are 0: a patch must be able to say so. */
static int numbers_encode(struct json *spec, const struct profile *p)
{
	if (json_set_num(spec, "epochs", (double)p->epochs) ||
		json_set_num(spec, "quietEpochs", (double)p->quiet) ||
		json_set_num(spec, "learnedPercent", (double)p->learned_percent) ||
		json_set_num(spec, "secondsLeft", (double)p->seconds_left))
		return -ENOMEM;
	return profile_learned_encode(spec, p);
}

static struct json *object_new(const struct profile *p)
{
	auto_json struct json *obj = json_new_obj();
	struct json *meta, *spec;

	/* In the order in which people read it. */
	if (json_set_str(obj, "apiVersion", API_GROUP_VERSION) ||
		json_set_str(obj, "kind", API_PROFILES.kind))
		return NULL;
	meta = json_obj_at(obj, "metadata");
	if (!meta || json_set_str(meta, "namespace", p->namespace_) || json_set_str(meta, "name", p->name))
		return NULL;
	spec = encode(PROFILE_SPEC_FIELDS, p);
	if (json_set(obj, "spec", spec) || numbers_encode(spec, p))
		return NULL;
	if (*p->resource_version && json_set_str(meta, "resourceVersion", p->resource_version))
		return NULL;
	return TAKE_PTR(obj);
}

static size_t learned_bytes(const struct json *obj)
{
	return strlen(json_str_at(obj, "spec.bags", "")) + strlen(json_str_at(obj, "spec.pairs", "")) +
	       strlen(json_str_at(obj, "spec.triples", ""));
}

static int too_full(const struct profile *p, size_t bytes, struct err *e)
{
	return err_set(e, -E2BIG, "ProfileFull",
		"profile %s would have %zu bags and %zu KiB: %d bags and %d KiB are kept", p->name, p->n_bags,
		(bytes + 1023) / 1024, PROFILE_BAGS_MAX, PROFILE_BYTES_MAX / 1024);
}

int profile_encode(const struct profile *p, struct json **ret, struct err *e)
{
	auto_json struct json *obj = p->n_bags > PROFILE_BAGS_MAX ? NULL : object_new(p);
	size_t bytes;

	if (p->n_bags > PROFILE_BAGS_MAX)
		return too_full(p, 0, e);
	if (!obj)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for profile %s", p->name);
	bytes = learned_bytes(obj) + HEAD_BYTES_MAX;
	if (bytes > PROFILE_BYTES_MAX)
		return too_full(p, bytes, e);
	*ret = TAKE_PTR(obj);
	return 0;
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	free(p->bags);
	free(p->pairs);
	free(p->tasks_of);
	free(p->triples);
	p->bags = p->pairs = p->triples = NULL;
	p->tasks_of = NULL;
	p->n_bags = p->n_pairs = 0;
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
	const char *image, int64_t window_size, int64_t epoch_size)
{
	/* 1 + 63 + 1 + 8 characters stay free behind the workload. */
	enum { WORKLOAD_ROOM = 180 };
	auto_free char *identity = str_dup_fmt("%s\n%s\n%s\n%lld\n%lld", workload, container, image,
		(long long)window_size, (long long)epoch_size);
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
