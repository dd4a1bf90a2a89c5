/* SPDX-License-Identifier: Apache-2.0 */
#include <kube/lease_plan.h>

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <errno.h>

struct lease_plan lease_plan(const struct json *record, const char *identity, const struct lease_timing *t,
	int64_t now_ms, struct lease_seen *seen)
{
	const char *holder = json_str_at(record, "spec.holderIdentity", "");
	const char *version = json_str_at(record, "metadata.resourceVersion", "");
	int64_t seconds = json_int_at(record, "spec.leaseDurationSeconds", t->duration_ms / 1000);
	int64_t left_ms;

	if (!record) {
		*seen = (struct lease_seen){0};
		return (struct lease_plan){.step = LEASE_CREATE};
	}
	if (!seen->exists || !str_eq(seen->version, version)) {
		str_copy(seen->version, sizeof(seen->version), version);
		seen->changed_ms = now_ms;
		seen->exists = true;
	}
	if (str_eq(holder, identity))
		return (struct lease_plan){.step = LEASE_RENEW};
	if (!*holder)
		return (struct lease_plan){.step = LEASE_TAKE};
	/* A record may claim any duration; nobody waits for more than a few of ours. */
	if (seconds < 0 || seconds * 1000 > 4 * t->duration_ms)
		seconds = 4 * t->duration_ms / 1000;
	left_ms = seen->changed_ms + (seconds ? seconds * 1000 : t->duration_ms) - now_ms;
	if (left_ms <= 0)
		return (struct lease_plan){.step = LEASE_TAKE};
	return (struct lease_plan){
		.step = LEASE_WAIT, .wait_ms = left_ms < t->renew_ms ? left_ms : t->renew_ms};
}

/* The precondition: whoever changed the record meanwhile has won. */
static int put_version(struct json *patch, const struct json *record)
{
	struct json *metadata = json_obj_at(patch, "metadata");

	if (!metadata)
		return -ENOMEM;
	return json_set_str(metadata, "resourceVersion", json_str_at(record, "metadata.resourceVersion", ""));
}

static int put_holder(struct json *spec, const struct json *record, const char *identity, const char *now)
{
	double transitions = (double)json_int_at(record, "spec.leaseTransitions", 0);

	if (json_set_str(spec, "holderIdentity", identity) || json_set_str(spec, "acquireTime", now))
		return -ENOMEM;
	return json_set_num(spec, "leaseTransitions", record ? transitions + 1 : 0);
}

struct json *lease_patch(enum lease_step step, const struct json *record, const char *identity,
	const struct lease_timing *t, int64_t now_wall_ms)
{
	auto_json struct json *patch = json_new_obj();
	struct json *spec = patch ? json_obj_at(patch, "spec") : NULL;
	char now[CLOCK_RFC3339_MAX];
	int64_t seconds = t->duration_ms >= 1000 ? t->duration_ms / 1000 : 1;

	clock_format_micro(now_wall_ms, now);
	if (!spec || json_set_str(spec, "renewTime", now) ||
		json_set_num(spec, "leaseDurationSeconds", (double)seconds))
		return NULL;
	if (step != LEASE_RENEW && put_holder(spec, step == LEASE_TAKE ? record : NULL, identity, now))
		return NULL;
	if (step != LEASE_CREATE && put_version(patch, record))
		return NULL;
	return TAKE_PTR(patch);
}

struct json *lease_release_patch(const struct json *record)
{
	auto_json struct json *patch = json_new_obj();
	struct json *spec = patch ? json_obj_at(patch, "spec") : NULL;

	if (!spec || json_set_str(spec, "holderIdentity", "") ||
		json_set_num(spec, "leaseDurationSeconds", 1) || put_version(patch, record))
		return NULL;
	return TAKE_PTR(patch);
}
