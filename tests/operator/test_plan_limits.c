/* SPDX-License-Identifier: Apache-2.0 */
/* What bounds new Escapes, and what each of them is called and takes along. */
#include "scene.h"

#include "operator/plan/draft.h"
#include "operator/plan/plan_alarms.h"

#include <base/buf.h>
#include <base/str.h>
#include <string.h>

static struct actions plan(struct scene *s)
{
	struct actions out = {0};

	plan_alarms(&s->w, &s->c, s->now_ms, 42, &out);
	assert_false(out.failed);
	return out;
}

static void alarm_everywhere(struct scene *s, const char *node, int from, int to)
{
	auto_buf struct buf list = BUF_INIT(16384);

	for (int i = from; i < to; i++) {
		char name[16], id[16];

		str_fmt(name, sizeof(name), "prey-%d", i);
		str_fmt(id, sizeof(id), "b%d", i);
		scene_pod(s, name, node, "");
		buf_addf(&list, "%s%s", i > from ? "," : "[", scene_anomaly(s, id, name, 1000 + i));
	}
	buf_adds(&list, "]");
	scene_node(s, node, list.data);
}

/* At most a quarter of 25 protected pods, rounded up; and of one node, whose agent may lie, half of that. */
static void the_brake_holds_mass_alarms(void **state)
{
	struct scene s;
	(void)state;
	scene_attacked(&s, "");
	s.c.brake_share = 0.25;
	alarm_everywhere(&s, "node-a", 0, 12);
	scene_node(&s, "node-b", "[]");
	for (int i = 12; i < 24; i++) {
		char name[16];

		str_fmt(name, sizeof(name), "prey-%d", i);
		scene_pod(&s, name, "node-b", "");
	}
	auto_actions struct actions one = plan(&s);

	assert_int_equal(actions_count(&one, ACTION_CREATE_ESCAPE), 4);
	assert_non_null(actions_event(&one, "Braked"));
	alarm_everywhere(&s, "node-b", 12, 24);
	auto_actions struct actions two = plan(&s);

	assert_int_equal(actions_count(&two, ACTION_CREATE_ESCAPE), 7);
	scene_end(&s);
}

static void a_small_cluster_is_never_braked_below_two(void **state)
{
	struct scene s;
	(void)state;
	scene_attacked(&s, "");
	scene_escape(&s, "x", "Rollback", "other", "Pending", 100, "'anomaly':'z'", "");
	auto_actions struct actions out = plan(&s);

	assert_int_equal(actions_count(&out, ACTION_CREATE_ESCAPE), 1);
	scene_end(&s);
}

static void addresses_of_earlier_moves_go_along(void **state)
{
	struct scene s;
	const struct json *list;
	(void)state;
	scene_attacked(&s, "'response':{'rollbacks':0}");
	scene_pod(&s, "prey", "node-a", ",'annotations':{'escape.dev/addresses':'10.0.1.1,10.0.2.2'}");
	auto_actions struct actions out = plan(&s);

	list = json_at(actions_first(&out, ACTION_CREATE_ESCAPE)->object, "spec.addresses");
	assert_int_equal(json_len(list), 3);
	assert_string_equal(json_str(json_first(list)), "10.0.1.1");
	assert_string_equal(json_str(json_next(json_next(json_first(list)))), "10.0.0.7");
	scene_end(&s);
}

static void names_do_not_grow_and_stay_labels(void **state)
{
	static struct world_pod p = {.uid = "1"};
	char once[API_LABEL_MAX], twice[API_LABEL_MAX], longest[API_LABEL_MAX];
	(void)state;

	str_copy(p.name, sizeof(p.name), "cart");
	draft_name(once, &p, "a", 0);
	str_copy(p.name, sizeof(p.name), once);
	str_copy(p.escape, sizeof(p.escape), once);
	draft_name(twice, &p, "b", 0);
	assert_int_equal(strlen(once), strlen(twice));
	assert_string_not_equal(once, twice);
	memset(p.name, 'x', 250);
	p.name[100] = '.';
	p.name[250] = '\0';
	draft_name(longest, &p, "b", 0);
	assert_true(str_is_dns_name(longest, false));
	/* Only a successor's hash is taken off. */
	p.escape[0] = '\0';
	str_copy(p.name, sizeof(p.name), "cart-deadbeef");
	draft_name(once, &p, "b", 0);
	assert_true(str_starts(once, "cart-deadbeef-"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_brake_holds_mass_alarms),
		cmocka_unit_test(a_small_cluster_is_never_braked_below_two),
		cmocka_unit_test(addresses_of_earlier_moves_go_along),
		cmocka_unit_test(names_do_not_grow_and_stay_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
