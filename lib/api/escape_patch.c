/* SPDX-License-Identifier: Apache-2.0 */
#include <api/escape.h>
#include <base/cleanup.h>
#include <base/clock.h>

/* Arrays are replaced whole by a merge patch, so each is written again with what was there. */
static int timeline_entry(struct json *timeline, const char *phase, int64_t at_ms)
{
	auto_json struct json *entry = json_new_obj();
	char at[CLOCK_RFC3339_MAX];

	clock_format_micro(at_ms, at);
	if (json_set_str(entry, "phase", phase) || json_set_str(entry, "at", at))
		return -1;
	return json_add(timeline, TAKE_PTR(entry));
}

/* When full, the oldest entries give way: what just happened is what an admin needs. */
static struct json *timeline_with(const struct escape_status *s, const char *phase, int64_t now_ms)
{
	auto_json struct json *timeline = json_new_arr();
	size_t first = s->n_timeline < ESCAPE_TIMELINE_MAX ? 0 : s->n_timeline - (ESCAPE_TIMELINE_MAX - 1);

	if (!timeline)
		return NULL;
	for (size_t i = first; i < s->n_timeline; i++)
		if (timeline_entry(timeline, s->timeline[i].phase, s->timeline[i].at_ms))
			return NULL;
	if (timeline_entry(timeline, phase, now_ms))
		return NULL;
	return TAKE_PTR(timeline);
}

static int steps_add(struct json *steps, const struct escape_stepms *from, size_t n)
{
	for (size_t i = 0; i < n && json_len(steps) < ESCAPE_STEPS_MAX; i++) {
		auto_json struct json *step = json_new_obj();

		if (json_set_str(step, "name", from[i].name) ||
			json_set_num(step, "ms", (double)from[i].ms) || json_add(steps, TAKE_PTR(step)))
			return -1;
	}
	return 0;
}

static int steps_set(
	struct json *status, const struct escape_status *s, const struct escape_stepms *steps, size_t n)
{
	auto_json struct json *all = json_new_arr();

	if (!all || steps_add(all, s->steps, s->n_steps) || steps_add(all, steps, n))
		return -1;
	return json_set(status, "steps", TAKE_PTR(all));
}

static int status_set(struct json *status, const struct json *extra)
{
	json_foreach(item, extra)
	{
		if (json_set(status, json_key(item), json_dup(item)))
			return -1;
	}
	return 0;
}

struct json *escape_patch_phase(const struct escape *x, enum escape_phase to, enum escape_actor actor,
	int64_t now_ms, const char *reason, const char *message, const struct escape_stepms *steps,
	size_t n_steps, struct json *extra)
{
	auto_json struct json *taken = extra;
	auto_json struct json *patch = json_new_obj();
	struct json *meta = json_obj_at(patch, "metadata");
	struct json *status = json_obj_at(patch, "status");
	const char *phase;

	if (!escape_step_allowed(x->spec.kind, x->status.phase, to, actor) || !meta || !status)
		return NULL;
	phase = ESCAPE_PHASE_NAMES[to];
	/* extra first: it may not say anything else about what the step itself decides. */
	if (status_set(status, taken) || json_set_str(meta, "resourceVersion", x->resource_version) ||
		json_set_str(status, "phase", phase) ||
		json_set(status, "timeline", timeline_with(&x->status, phase, now_ms)))
		return NULL;
	if ((reason && json_set_str(status, "reason", reason)) ||
		(message && json_set_str(status, "message", message)) ||
		(n_steps && steps_set(status, &x->status, steps, n_steps)))
		return NULL;
	return TAKE_PTR(patch);
}
