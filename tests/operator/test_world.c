/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <base/backoff.h>
#include <base/str.h>
#include <string.h>

static const char *governor(struct scene *s)
{
	const struct world_pod *p = world_pod(&s->w, "shop", "prey");

	return p->policy ? p->policy->name : "";
}

static void policy(
	struct scene *s, const char *namespace_, const char *name, const char *created, const char *app)
{
	scene_put(s,
		"{'kind':'EscapePolicy','metadata':{'namespace':'%s','name':'%s','creationTimestamp':'%s'},"
		"'spec':{'selector':{'matchLabels':{'app':'%s'}}}}",
		namespace_, name, created, app);
}

static void the_oldest_policy_governs_in_any_order(void **state)
{
	struct scene s;
	(void)state;
	scene_begin(&s);
	scene_pod(&s, "prey", "node-a", "");
	assert_string_equal(governor(&s), "");
	policy(&s, "shop", "young", "2026-03-01T00:00:00Z", "shop");
	assert_string_equal(governor(&s), "young");
	policy(&s, "shop", "old", "2026-01-01T00:00:00Z", "shop");
	policy(&s, "shop", "middle", "2026-02-01T00:00:00Z", "shop");
	policy(&s, "other", "elsewhere", "2025-01-01T00:00:00Z", "shop");
	assert_string_equal(governor(&s), "old");
	/* It selects something else now. */
	policy(&s, "shop", "old", "2026-01-01T00:00:00Z", "else");
	assert_string_equal(governor(&s), "middle");
	world_drop_policy(&s.w, "shop", "middle");
	assert_string_equal(governor(&s), "young");
	scene_pod(&s, "prey", "node-a", ",'annotations':{'escape.dev/exempt':'true'}");
	assert_string_equal(governor(&s), "");
	scene_end(&s);
}

static void a_policy_that_cannot_be_read_governs_nothing(void **state)
{
	struct scene s;
	(void)state;
	scene_begin(&s);
	scene_policy(&s, "");
	scene_pod(&s, "prey", "node-a", "");
	assert_string_equal(governor(&s), "policy");
	assert_true(world_put_policy(&s.w,
			    scene_json(&s, "{'metadata':{'namespace':'shop','name':'policy'},'spec':{'"
					   "selector':{},'detection':{"
					   "'windowSize':1}}}"),
			    NULL) < 0);
	assert_string_equal(governor(&s), "");
	scene_end(&s);
}

static void the_same_name_may_be_another_pod(void **state)
{
	struct scene s;
	(void)state;
	scene_begin(&s);
	scene_pod(&s, "prey", "node-a", "");
	scene_put(&s, "{'kind':'Pod','metadata':{'namespace':'shop','name':'prey','uid':'ffff'},'spec':{},'"
		      "status':{}}");
	assert_null(world_pod_by_uid(&s.w, scene_uid("prey")));
	assert_non_null(world_pod_by_uid(&s.w, "ffff"));
	world_drop_pod(&s.w, "shop", "prey");
	assert_null(world_pod_by_uid(&s.w, "ffff"));
	scene_end(&s);
}

static void escape_put(struct scene *s, const char *version, const char *phase, bool watched)
{
	assert_int_equal(
		world_put_escape(&s->w,
			scene_json(s,
				"{'kind':'Escape','metadata':{'namespace':'shop','name':'x','uid':'e','"
				"resourceVersion':'%s'"
				"},'spec':{'kind':'Rollback','podName':'prey','podUID':'a','sourceNode':'n'},"
				"'status':{'phase':'%s'}}",
				version, phase),
			watched, s->now_ms, NULL),
		0);
}

static void an_older_version_of_an_escape_is_ignored(void **state)
{
	struct scene s;
	(void)state;
	scene_begin(&s);
	escape_put(&s, "9", "Pending", true);
	s.now_ms += 10;
	escape_put(&s, "10", "Restoring", false);
	assert_int_equal(world_escape(&s.w, "shop", "x")->since_ms, s.now_ms);
	s.now_ms += 10;
	/* The informer lags behind what our own patch was answered with. */
	escape_put(&s, "9", "Pending", true);
	assert_int_equal(world_escape(&s.w, "shop", "x")->x.status.phase, PHASE_RESTORING);
	escape_put(&s, "11", "Restoring", true);
	assert_int_equal(world_escape(&s.w, "shop", "x")->since_ms, s.now_ms - 10);
	scene_end(&s);
}

static void what_the_informer_never_shows_is_forgotten(void **state)
{
	struct scene s;
	(void)state;
	scene_begin(&s);
	escape_put(&s, "9", "Pending", false);
	world_forget_unwatched(&s.w, s.now_ms + 59999);
	assert_non_null(world_escape(&s.w, "shop", "x"));
	world_forget_unwatched(&s.w, s.now_ms + 60000);
	assert_null(world_escape(&s.w, "shop", "x"));
	escape_put(&s, "9", "Pending", true);
	world_forget_unwatched(&s.w, s.now_ms + 60000);
	assert_non_null(world_escape(&s.w, "shop", "x"));
	scene_end(&s);
}

static void node_and_report_come_and_go_on_their_own(void **state)
{
	struct scene s;
	(void)state;
	scene_begin(&s);
	scene_node(&s, "node-a", "[]");
	world_drop_node(&s.w, "node-a");
	assert_false(world_node(&s.w, "node-a")->known);
	assert_true(world_node(&s.w, "node-a")->reported);
	world_drop_report(&s.w, "node-a");
	assert_null(world_node(&s.w, "node-a"));
	assert_true(world_put_report(&s.w, scene_json(&s, "{'metadata':{}}"), NULL) < 0);
	assert_null(s.w.nodes);
	scene_end(&s);
}

static size_t walked(const struct world_node *n)
{
	size_t pods = 0;

	for (const struct world_pod *p = n ? n->pods : NULL; p; p = p->on_next)
		pods++;
	return pods;
}

/* What is counted as objects come and go is what counting them anew gives. */
static void counts_are_kept(void **state)
{
	static const char *const NODES[] = {"node-a", "node-b", "node-c", ""};
	struct scene s;
	uint64_t rng = 3;

	(void)state;
	scene_begin(&s);
	for (int round = 0; round < 400; round++) {
		char name[16];
		size_t is_protected = 0, evicted = 0;
		uint64_t dice = rng_next(&rng);

		str_fmt(name, sizeof(name), "p%d", (int)(dice % 9));
		if (dice >> 8 & 1)
			world_drop_pod(&s.w, "shop", name);
		else
			scene_put(&s,
				"{'kind':'Pod','metadata':{'namespace':'shop','name':'%s','labels':{'app':'%"
				"s'},'annotations':{%s}},"
				"'spec':{'nodeName':'%s'%s,'containers':[{'resources':{'requests':{'cpu':'%d'"
				"}}}]},'status':{'phase':"
				"'%s'}}",
				name, dice >> 12 & 1 ? "shop" : "other",
				dice >> 16 & 1 ? "'escape.dev/evicted':'2027-01-15T08:00:00Z'" : "",
				NODES[dice >> 20 & 3], dice >> 24 & 1 ? ",'runtimeClassName':'escape'" : "",
				(int)(dice >> 28 & 3), dice >> 32 & 3 ? "Running" : "Succeeded");
		if (round % 40 == 13)
			scene_policy(&s, "");
		if (round % 40 == 33)
			world_drop_policy(&s.w, "shop", "policy");
		for (const struct world_pod *p = s.w.pods; p; p = p->hh.next) {
			is_protected += p->policy && p->guarded && !p->ended;
			evicted += p->evicted_ms > 0;
		}
		assert_int_equal(s.w.n_protected, is_protected);
		assert_int_equal(s.w.n_evicted, evicted);
		for (size_t i = 0; i < 3; i++) {
			const struct world_node *n = world_node(&s.w, NODES[i]);
			struct resources used = {{0}};
			size_t pods = 0;

			for (const struct world_pod *p = s.w.pods; p; p = p->hh.next)
				if (!p->ended && str_eq(p->node, NODES[i])) {
					resources_add(&used, &p->asks);
					pods++;
				}
			assert_int_equal(n ? n->n_pods : 0, pods);
			assert_int_equal(walked(n), pods);
			assert_true(!n || !memcmp(&n->used, &used, sizeof(used)));
		}
	}
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oldest_policy_governs_in_any_order),
		cmocka_unit_test(a_policy_that_cannot_be_read_governs_nothing),
		cmocka_unit_test(the_same_name_may_be_another_pod),
		cmocka_unit_test(an_older_version_of_an_escape_is_ignored),
		cmocka_unit_test(what_the_informer_never_shows_is_forgotten),
		cmocka_unit_test(counts_are_kept),
		cmocka_unit_test(node_and_report_come_and_go_on_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
