/* SPDX-License-Identifier: Apache-2.0 */
/* Which profiles are in use, and what a policy says of one that is held. */
#include "scene.h"

#include "merge.h"
#include "operator/plan/plan_profiles.h"
#include "operator/plan/plan_status.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/str.h>
#include <string.h>

static void profile(struct scene *s, const char *name, const char *state, const char *image,
	const char *created, const char *more)
{
	scene_put(s,
		"{'kind':'BehaviorProfile','metadata':{'namespace':'shop','name':'%s','resourceVersion':'7',"
		"'creationTimestamp':'%s'},'spec':{'workload':'web','container':'app','image':'%s',"
		"'windowSize':10,'epochSize':500,'pairs':'','triples':'','thresholds':{'graded':64,'bosc':20}"
		","
		"'state':'%s'%s}}",
		name, created, image, state, more);
}

static void pod(struct scene *s, const char *name, const char *image)
{
	scene_put(s,
		"{'kind':'Pod','metadata':{'namespace':'shop','name':'%s','labels':{'app':'shop',"
		"'pod-template-hash':'7f'},'ownerReferences':[{'kind':'ReplicaSet','name':'web-7f','uid':'r',"
		"'controller':true}]},'spec':{'nodeName':'node-a','runtimeClassName':'escape'},"
		"'status':{'phase':'Running','containerStatuses':[{'name':'app','imageID':'local/web@%s'}]}}",
		name, image);
}

static void begin(struct scene *s)
{
	scene_begin(s);
	scene_policy(s, "");
	scene_node(s, "node-a", "[]");
	profile(s, "old", "Ready", "sha256:1", "2026-01-01T00:00:00Z", "");
	profile(s, "new", "Learning", "sha256:2", "2026-02-01T00:00:00Z", "");
}

/* "" when nothing is done to it. */
static const char *state_wanted(struct scene *s, const char *name)
{
	static char state[16];
	auto_actions struct actions out = {0};

	*state = '\0';
	plan_profiles(&s->w, "shop", &out);
	assert_false(out.failed);
	for (size_t i = 0; i < out.n; i++) {
		const struct action *a = &out.items[i];

		if (a->kind != ACTION_PATCH_PROFILE || !str_eq(a->name, name))
			continue;
		assert_string_equal(json_str_at(a->object, "metadata.resourceVersion", ""), "7");
		str_copy(state, sizeof(state), json_str_at(a->object, "spec.state", ""));
	}
	return state;
}

/* While a rollout is under way both are in use. */
static void stale_when_the_last_pod_has_gone_on(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	pod(&s, "web-1", "sha256:1");
	pod(&s, "web-2", "sha256:2");
	assert_string_equal(state_wanted(&s, "old"), "");
	world_drop_pod(&s.w, "shop", "web-1");
	assert_string_equal(state_wanted(&s, "old"), "Stale");
	assert_string_equal(state_wanted(&s, "new"), "");
	scene_end(&s);
}

static void nobody_runs_so_nothing_is_stale(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	assert_string_equal(state_wanted(&s, "old"), "");
	scene_end(&s);
}

/* Applied before the rollout it is for. */
static void younger_one_waits_for_its_pods(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	profile(&s, "new", "Ready", "sha256:2", "2026-02-01T00:00:00Z", "");
	pod(&s, "web-1", "sha256:1");
	assert_string_equal(state_wanted(&s, "new"), "");
	assert_string_equal(state_wanted(&s, "old"), "");
	scene_end(&s);
}

static void used_again_is_ready_again(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	profile(&s, "old", "Stale", "sha256:1", "2026-01-01T00:00:00Z", "");
	pod(&s, "web-1", "sha256:2");
	assert_string_equal(state_wanted(&s, "old"), "");
	pod(&s, "web-2", "sha256:1");
	assert_string_equal(state_wanted(&s, "old"), "Ready");
	scene_end(&s);
}

/* The same image under other numbers has a profile of its own. */
static void other_numbers_are_another_profile(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	scene_policy(&s, "'detection':{'epochSize':300}");
	scene_put(&s,
		"{'kind':'BehaviorProfile','metadata':{'namespace':'shop','name':'new','creationTimestamp':"
		"'2026-02-01T00:00:00Z'},'spec':{'workload':'web','container':'app','image':'sha256:1',"
		"'windowSize':10,'epochSize':300,'pairs':'','triples':''}}");
	pod(&s, "web-1", "sha256:1");
	assert_string_equal(state_wanted(&s, "old"), "Stale");
	scene_end(&s);
}

static const struct json *condition(const struct actions *out, const char *type)
{
	const struct action *a = actions_first(out, ACTION_PATCH_POLICY);

	json_foreach(c, json_at(a->object, "status.conditions"))
	{
		if (str_eq(json_str_at(c, "type", ""), type))
			return c;
	}
	return NULL;
}

static void assert_degraded(struct scene *s, const char *reason, const char *says)
{
	auto_actions struct actions out = {0};
	const struct json *c;

	plan_status(&s->w, &s->c, world_policy(&s->w, "shop", "policy"), s->now_ms, &out);
	c = condition(&out, "Degraded");
	assert_string_equal(json_str_at(c, "reason", ""), reason);
	assert_non_null(strstr(json_str_at(c, "message", ""), says));
}

static void assert_now(struct scene *s, const char *now)
{
	auto_actions struct actions out = {0};

	plan_status(&s->w, &s->c, world_policy(&s->w, "shop", "policy"), s->now_ms, &out);
	assert_string_equal(
		json_str_at(actions_first(&out, ACTION_PATCH_POLICY)->object, "status.detection", ""), now);
}

static void report(struct scene *s, const char *state)
{
	char now[CLOCK_RFC3339_MAX];

	clock_format_micro(s->now_ms, now);
	scene_put(s,
		"{'kind':'NodeReport','metadata':{'name':'node-a'},'status':{'heartbeat':'%s','containers':[{"
		"'namespace':'shop','pod':'web-1','podUID':'%s','container':'app','state':'%s'}]}}",
		now, scene_uid("web-1"), state);
}

/* Without a word of anybody, as far as the policy allows. */
static void learning_becomes_enforcing(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	assert_now(&s, "None");
	pod(&s, "web-1", "sha256:2");
	report(&s, "Learning");
	assert_now(&s, "Learning");
	report(&s, "Watching");
	assert_now(&s, "Enforcing");
	scene_policy(&s, "'detection':{'mode':'Observe'}");
	assert_now(&s, "Observing");
	profile(&s, "new", "Held", "sha256:2", "2026-02-01T00:00:00Z", ",'held':{'reason':'FarOutside'}");
	assert_now(&s, "Held");
	scene_end(&s);
}

static void held_profile_is_told_by_its_policy(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	profile(&s, "new", "Held", "sha256:2", "2026-02-01T00:00:00Z",
		",'held':{'reason':'FarOutside','message':'an epoch was odd'}");
	assert_degraded(&s, "AsExpected", "");
	pod(&s, "web-1", "sha256:2");
	assert_degraded(&s, "LearningHeld", "new waits for an admin: an epoch was odd");
	scene_end(&s);
}

static void full_profile_is_told_by_its_policy(void **state)
{
	struct scene s;
	char now[CLOCK_RFC3339_MAX];

	(void)state;
	begin(&s);
	pod(&s, "web-1", "sha256:2");
	clock_format_micro(s.now_ms, now);
	scene_put(&s,
		"{'kind':'NodeReport','metadata':{'name':'node-a'},'status':{'heartbeat':'%s','containers':[{"
		"'namespace':'shop','pod':'web-1','podUID':'%s','container':'app','state':'Learning','"
		"message':"
		"'ProfileFull: 50001 bags'}]}}",
		now, scene_uid("web-1"));
	assert_degraded(&s, "ProfileFull", "web-1");
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stale_when_the_last_pod_has_gone_on),
		cmocka_unit_test(nobody_runs_so_nothing_is_stale),
		cmocka_unit_test(younger_one_waits_for_its_pods),
		cmocka_unit_test(used_again_is_ready_again),
		cmocka_unit_test(other_numbers_are_another_profile),
		cmocka_unit_test(learning_becomes_enforcing),
		cmocka_unit_test(held_profile_is_told_by_its_policy),
		cmocka_unit_test(full_profile_is_told_by_its_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
