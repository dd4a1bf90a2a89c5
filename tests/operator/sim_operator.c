/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include "operator/plan/plan_escape.h"
#include "operator/plan/successor.h"

#include <base/cleanup.h>
#include <base/str.h>

static enum sim_stream stream_of(const char *pod)
{
	return str_eq(pod, "prey") ? STREAM_OLD : STREAM_SUCCESSOR;
}

static bool is_gone(const struct sim *s, const char *name, const char *uid)
{
	const struct json *pod = s->truth[stream_of(name)];

	return !*name || !pod || (*uid && !str_eq(json_str_at(pod, "metadata.uid", ""), uid));
}

static bool needs_met(const struct sim *s, const struct action *a)
{
	if (*a->need.escape && !str_eq(json_str_at(s->truth[STREAM_ESCAPE], "metadata.resourceVersion", ""),
				       a->need.version))
		return false;
	if (*a->need.lost_node && s->truth[STREAM_NODE])
		return false;
	return is_gone(s, a->need.gone[0].name, a->need.gone[0].uid) &&
	       is_gone(s, a->need.gone[1].name, a->need.gone[1].uid);
}

static void create_successor(struct sim *s, bool crash)
{
	auto_free struct escape *x = malloc(sizeof(*x));
	auto_json struct json *built = NULL;
	auto_json struct json *patch = NULL;

	assert_int_equal(escape_decode(s->truth[STREAM_ESCAPE], x, NULL), 0);
	if (!s->truth[STREAM_OLD] || json_at(s->truth[STREAM_OLD], "metadata.deletionTimestamp"))
		return;
	built = successor_build(x, s->truth[STREAM_OLD]);
	assert_non_null(built);
	if (!s->truth[STREAM_SUCCESSOR]) {
		s->truth[STREAM_SUCCESSOR] = json_dup(built);
		assert_true(s->n_docs < SIM_DOCS);
		s->docs[s->n_docs++] = s->truth[STREAM_SUCCESSOR];
		json_set_str(json_obj_at(sim_change(s, STREAM_SUCCESSOR), "metadata"), "uid", "b1");
	}
	assert_true(successor_matches(built, s->truth[STREAM_SUCCESSOR]) ||
		    json_at(s->truth[STREAM_SUCCESSOR], "metadata.deletionTimestamp"));
	if (crash && sim_chance(s, 3) == 0)
		return;
	patch = plan_staging_patch(x, s->truth[STREAM_SUCCESSOR], s->now_ms);
	sim_patch(s, STREAM_ESCAPE, patch);
}

static bool delete_pod(struct sim *s, const struct action *a)
{
	enum sim_stream stream = stream_of(a->name);
	struct json *meta;

	if (is_gone(s, a->name, a->uid))
		return true;
	if (!str_eq(json_str_at(s->truth[stream], "metadata.uid", ""), a->uid))
		return false;
	meta = json_obj_at(sim_change(s, stream), "metadata");
	json_set_str(meta, "deletionTimestamp", "2027-01-15T08:01:00Z");
	json_set_num(meta, "deletionGracePeriodSeconds", 1);
	return true;
}

static bool act(struct sim *s, const struct action *a, bool crash)
{
	if (!needs_met(s, a))
		return false;
	switch (a->kind) {
	case ACTION_CREATE_SUCCESSOR:
		create_successor(s, crash);
		return true;
	case ACTION_PATCH_ESCAPE:
		return sim_patch(s, STREAM_ESCAPE, a->object);
	case ACTION_PATCH_POD:
		return !s->truth[stream_of(a->name)] || sim_patch(s, stream_of(a->name), a->object);
	case ACTION_DELETE_POD:
		return delete_pod(s, a);
	default:
		return true;
	}
}

void sim_operator(struct sim *s, bool crash)
{
	const struct world_escape *x = world_escape(&s->view, "shop", "x");
	auto_actions struct actions out = {0};

	plan_escape(&s->view, &s->config, x, s->now_ms, &out);
	assert_false(out.failed);
	for (size_t i = 0; i < out.n; i++) {
		if (crash && sim_chance(s, 4) == 0) {
			sim_operator_restarts(s);
			return;
		}
		if (!act(s, &out.items[i], crash))
			return;
	}
}
