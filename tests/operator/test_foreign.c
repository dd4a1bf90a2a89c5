/* SPDX-License-Identifier: Apache-2.0 */
/* What Falco, falcosidekick and Tetragon send (tests/operator/alerts-corpus), who may, and how much of it. */
#include "scene.h"

#include "operator/foreign/accept.h"
#include "operator/foreign/token.h"

#include <base/cleanup.h>
#include <base/io.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

static const struct json *sample(struct scene *s, const char *name)
{
	auto_free char *path = str_dup_fmt("%s/%s.json", ALERTS, name);
	auto_free char *text = NULL;
	struct json *doc = NULL;
	struct err e = {0};

	assert_int_equal(io_read_file(path, 1 << 20, &text, NULL), 0);
	if (json_parse(text, strlen(text), 1 << 20, &doc, &e))
		fail_msg("%s: %s", name, e.message);
	s->docs[s->n_docs++] = doc;
	return doc;
}

static struct foreign_report read_good(struct scene *s, const char *name)
{
	struct foreign_report r;
	struct err e = {0};

	if (foreign_read(sample(s, name), &r, &e))
		fail_msg("%s: %s", name, e.message);
	return r;
}

static void falcos_alert_is_read(void **state)
{
	struct foreign_report r;
	struct scene s;
	(void)state;
	scene_begin(&s);
	r = read_good(&s, "falco");
	assert_int_equal(r.source, SOURCE_FALCO);
	assert_int_equal(r.priority, PRIORITY_CRITICAL);
	assert_string_equal(r.node, "node-a");
	assert_string_equal(r.namespace_, "shop");
	assert_string_equal(r.pod, "prey");
	assert_string_equal(r.rule, "Terminal shell in container");
	assert_non_null(strstr(r.message, "A shell was spawned"));
	assert_int_equal(r.at_ms, SCENE_NOW - 2000 + 727);
	r = read_good(&s, "falcosidekick");
	assert_string_equal(r.rule, "Drop and execute new binary in container");
	assert_string_equal(r.pod, "prey");
	assert_int_equal(foreign_read(sample(&s, "falco-audit"), &r, NULL), -ENOMSG);
	scene_end(&s);
}

static void tetragons_events_are_read(void **state)
{
	struct foreign_report r;
	struct scene s;
	(void)state;
	scene_begin(&s);
	r = read_good(&s, "tetragon");
	assert_int_equal(r.source, SOURCE_TETRAGON);
	assert_int_equal(r.priority, PRIORITY_CRITICAL);
	assert_string_equal(r.node, "node-a");
	assert_string_equal(r.pod, "prey");
	assert_string_equal(r.rule, "no-setns");
	assert_string_equal(r.message, "/usr/bin/nsenter -t 1 -m: __x64_sys_setns");
	const struct json *list = sample(&s, "tetragon-exec");
	assert_int_equal(foreign_read(json_first(list), &r, NULL), -ENOMSG);
	assert_int_equal(foreign_read(json_next(json_first(list)), &r, NULL), 0);
	assert_int_equal(r.priority, PRIORITY_WARNING);
	scene_end(&s);
}

static void hostile_texts_are_cut_and_cleaned(void **state)
{
	struct foreign_report r;
	struct scene s;
	struct err e;
	(void)state;
	scene_begin(&s);
	assert_int_equal(
		foreign_read(
			scene_json(&s, "{'rule':'a\\u001b[2J','priority':'critical','hostname':'../x',"
				       "'output':'x\\ny','output_fields':{'k8s.pod.name':17},'time':'?'}"),
			&r, &e),
		0);
	assert_string_equal(r.rule, "a [2J");
	assert_string_equal(r.message, "x y");
	assert_string_equal(r.node, "");
	assert_int_equal(r.at_ms, 0);
	assert_int_equal(foreign_read(scene_json(&s, "{'rule':'a','priority':'Huge'}"), &r, &e), -EINVAL);
	assert_int_equal(foreign_read(scene_json(&s, "{'rule':7,'priority':'Alert'}"), &r, &e), -EINVAL);
	assert_int_equal(foreign_read(scene_json(&s, "{'hello':'world'}"), &r, &e), -EINVAL);
	assert_int_equal(foreign_read(scene_json(&s, "[]"), &r, &e), -EINVAL);
	/* Cut between characters. */
	char text[1000] = "";
	for (int i = 0; i < 200; i++)
		strcat(text, "\xc3\xa4");
	assert_int_equal(foreign_read(scene_json(&s, "{'rule':'%s','priority':'Alert'}", text), &r, &e), 0);
	assert_int_equal(strlen(r.rule), VERDICT_TEXT_MAX - 2);
	scene_end(&s);
}

static void the_token_opens_in_two_forms(void **state)
{
	static const char TOKEN[] = "0123456789abcdef0123456789abcdef";
	(void)state;
	assert_true(token_matches("Bearer 0123456789abcdef0123456789abcdef", TOKEN));
	assert_true(token_matches("bearer  0123456789abcdef0123456789abcdef", TOKEN));
	/* falco:0123..., as curl makes it from a URL */
	assert_true(token_matches("Basic ZmFsY286MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", TOKEN));
	assert_false(token_matches("Basic MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", TOKEN));
	assert_false(token_matches("Bearer 0123456789abcdef0123456789abcdeF", TOKEN));
	assert_false(token_matches("Bearer 0123456789abcdef0123456789abcde", TOKEN));
	assert_false(token_matches("0123456789abcdef0123456789abcdef", TOKEN));
	assert_false(token_matches("Bearer", TOKEN));
	assert_false(token_matches("", TOKEN));
	assert_false(token_matches("Bearer ", ""));
	assert_false(token_matches("Basic Og==", ""));
}

static void a_bucket_gives_what_it_holds_and_fills_again(void **state)
{
	struct rate r = {.per_s = 2, .burst = 3};
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(rate_take(&r, SCENE_NOW));
	assert_false(rate_take(&r, SCENE_NOW));
	assert_false(rate_take(&r, SCENE_NOW - 100000));
	assert_false(rate_take(&r, SCENE_NOW + 499));
	assert_true(rate_take(&r, SCENE_NOW + 500));
	assert_false(rate_take(&r, SCENE_NOW + 500));
	for (int i = 0; i < 3; i++)
		assert_true(rate_take(&r, SCENE_NOW + 100000));
	assert_false(rate_take(&r, SCENE_NOW + 100000));
}

/* ---- intake ---- */

static const struct foreign_thresholds USUAL = {PRIORITY_CRITICAL, PRIORITY_WARNING};

static void begin(struct scene *s, struct foreign_intake *f)
{
	scene_begin(s);
	scene_policy(s, "");
	scene_node(s, "node-a", "[]");
	scene_node(s, "node-b", "[]");
	scene_pod(s, "prey", "node-a", "");
	foreign_intake_init(f, &s->w, &USUAL);
}

static void end(struct scene *s, struct foreign_intake *f)
{
	foreign_intake_free(f);
	scene_end(s);
}

static enum foreign_result take(struct scene *s, struct foreign_intake *f, const char *fmt, ...)
{
	enum verdict_source source;
	struct err e = {0};
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	enum foreign_result result =
		foreign_take(f, scene_json(s, "{'rule':'r',%s}", text), s->now_ms, &source, &e);

	/* Nothing of the event is kept. */
	json_free(s->docs[--s->n_docs]);
	return result;
}

static void priorities_decide_what_a_report_weighs(void **state)
{
	struct foreign_intake f;
	struct scene s;
	(void)state;
	begin(&s, &f);
	assert_int_equal(take(&s, &f, "'priority':'Notice','hostname':'node-a'"), FOREIGN_IGNORED);
	assert_null(world_node(&s.w, "node-a")->foreign);
	assert_int_equal(take(&s, &f, "'priority':'Warning','hostname':'node-a'"), FOREIGN_ACCEPTED);
	assert_int_equal(world_node(&s.w, "node-a")->foreign[0].weight, VERDICT_SUSPECT);
	assert_int_equal(take(&s, &f, "'priority':'Alert','hostname':'node-a'"), FOREIGN_ACCEPTED);
	assert_int_equal(world_node(&s.w, "node-a")->n_foreign, 1);
	assert_int_equal(world_node(&s.w, "node-a")->foreign[0].weight, VERDICT_HACKED);
	assert_int_equal(world_node(&s.w, "node-a")->foreign[0].count, 2);
	end(&s, &f);
}

static void a_pod_leads_to_its_node_and_never_to_another(void **state)
{
	struct foreign_intake f;
	struct scene s;
	(void)state;
	begin(&s, &f);
	assert_int_equal(take(&s, &f,
				 "'priority':'Alert','hostname':'falco-x7','output_fields':{"
				 "'k8s.ns.name':'shop','k8s.pod.name':'prey'}"),
		FOREIGN_ACCEPTED);
	assert_string_equal(world_node(&s.w, "node-a")->foreign[0].pod_uid, scene_uid("prey"));
	/* The pod is elsewhere: the node that was named is meant, the pod is not accused. */
	assert_int_equal(take(&s, &f,
				 "'priority':'Alert','hostname':'node-b','output_fields':{"
				 "'k8s.ns.name':'shop','k8s.pod.name':'prey'}"),
		FOREIGN_ACCEPTED);
	assert_string_equal(world_node(&s.w, "node-b")->foreign[0].pod_uid, "");
	assert_int_equal(take(&s, &f, "'priority':'Alert','hostname':'nowhere'"), FOREIGN_REFUSED);
	assert_null(world_node(&s.w, "nowhere"));
	end(&s, &f);
}

static void old_alerts_count_from_when_they_were(void **state)
{
	struct foreign_intake f;
	struct scene s;
	(void)state;
	begin(&s, &f);
	take(&s, &f, "'priority':'Alert','hostname':'node-a','time':'2027-01-15T07:00:00Z'");
	assert_int_equal(world_node(&s.w, "node-a")->foreign[0].last_ms, s.now_ms - 3600000);
	take(&s, &f, "'priority':'Alert','hostname':'node-b','time':'2099-01-15T07:00:00Z'");
	assert_int_equal(world_node(&s.w, "node-b")->foreign[0].last_ms, s.now_ms);
	end(&s, &f);
}

static void floods_are_cut_off_for_a_node_and_for_a_source(void **state)
{
	struct foreign_intake f;
	unsigned taken = 0;
	struct scene s;
	(void)state;
	begin(&s, &f);
	for (int i = 0; i < 100; i++)
		taken += take(&s, &f, "'priority':'Alert','hostname':'node-a'") == FOREIGN_ACCEPTED;
	assert_int_equal(taken, 50);
	/* Another node is not made to suffer for it ... */
	assert_int_equal(take(&s, &f, "'priority':'Alert','hostname':'node-b'"), FOREIGN_ACCEPTED);
	end(&s, &f);
	begin(&s, &f);
	for (int i = 0; i < 480; i++)
		take(&s, &f, "'priority':'Debug','hostname':'node-a'");
	for (int i = 0; i < 20; i++)
		assert_int_equal(take(&s, &f, "'priority':'Debug','hostname':'node-a'"), FOREIGN_IGNORED);
	/* ... but all that a source may send together is bounded too. */
	assert_int_equal(take(&s, &f, "'priority':'Alert','hostname':'node-b'"), FOREIGN_LIMITED);
	end(&s, &f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(falcos_alert_is_read),
		cmocka_unit_test(tetragons_events_are_read),
		cmocka_unit_test(hostile_texts_are_cut_and_cleaned),
		cmocka_unit_test(the_token_opens_in_two_forms),
		cmocka_unit_test(a_bucket_gives_what_it_holds_and_fills_again),
		cmocka_unit_test(priorities_decide_what_a_report_weighs),
		cmocka_unit_test(a_pod_leads_to_its_node_and_never_to_another),
		cmocka_unit_test(old_alerts_count_from_when_they_were),
		cmocka_unit_test(floods_are_cut_off_for_a_node_and_for_a_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
