/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/cleanup.h>

#include "node-agent/runtime/criu.h"
#include "node-agent/runtime/proto.h"

static struct keeper_order good_order(void)
{
	return (struct keeper_order){.magic = KEEPER_MAGIC,
		.version = KEEPER_VERSION,
		.size = sizeof(struct keeper_order),
		.verb = KEEPER_RESTORE,
		.seq = 1,
		.order_id = 2,
		.pod_uid = "uid",
		.dir = "/var/lib/escape/x"};
}

static void good_messages(void **state)
{
	struct keeper_order o = good_order(), got = {0};
	struct keeper_reply r = {.magic = KEEPER_MAGIC,
				    .version = KEEPER_VERSION,
				    .size = sizeof(r),
				    .state = KEEPER_HELD},
			    back;

	(void)state;
	assert_int_equal(proto_check_order(&o, sizeof(o), &got, NULL), 0);
	assert_memory_equal(&o, &got, sizeof(o));
	assert_int_equal(proto_check_reply(&r, sizeof(r), &back, NULL), 0);
	memset(r.message, 'x', sizeof(r.message));
	assert_int_equal(proto_check_reply(&r, sizeof(r), &back, NULL), -EPROTO);
}

static void wrong_sizes(void **state)
{
	char message[sizeof(struct keeper_order) + 1] = {0};
	struct keeper_order o = good_order(), got;

	(void)state;
	memcpy(message, &o, sizeof(o));
	assert_int_equal(proto_check_order(message, sizeof(o) + 1, &got, NULL), -EPROTO);
	assert_int_equal(proto_check_order(message, sizeof(o) - 1, &got, NULL), -EPROTO);
	assert_int_equal(proto_check_order(message, 0, &got, NULL), -EPROTO);
}

static void wrong_fields(void **state)
{
	struct keeper_order bad[12], got;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		bad[i] = good_order();
	bad[0].magic++;
	bad[1].version++;
	bad[2].size--;
	bad[3].verb = 0;
	bad[4].verb = KEEPER_KILL + 1;
	bad[5].seq = 0;
	bad[6].flags = 8;
	bad[7].order_id = 0;
	bad[8].dir[0] = 0;
	memset(bad[9].dir, '/', sizeof(bad[9].dir));
	memset(bad[10].pod_uid, 'a', sizeof(bad[10].pod_uid));
	memset(bad[11].text, 'a', sizeof(bad[11].text));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = {0};
		assert_int_equal(proto_check_order(&bad[i], sizeof(bad[i]), &got, &e), -EPROTO);
		assert_true(strlen(e.message) > 0);
	}
}

static void paths(void **state)
{
	static const char *const bad[] = {
		"", "/", "a", "//a", "/a/", "/a//b", "/a/./b", "/a/../b", "/..", "/a\nb", "/a/.."};

	(void)state;
	assert_true(proto_path_ok("/a"));
	assert_true(proto_path_ok("/a/..b/.c/d."));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(proto_path_ok(bad[i]));
}

static void verbs_and_states(void **state)
{
	(void)state;
	assert_true(proto_verb_allowed(KEEPER_STATUS, KEEPER_BUSY));
	assert_true(proto_verb_allowed(KEEPER_START, KEEPER_CREATED));
	assert_false(proto_verb_allowed(KEEPER_START, KEEPER_RUNNING));
	assert_false(proto_verb_allowed(KEEPER_RESTORE, KEEPER_CREATED));
	assert_true(proto_verb_allowed(KEEPER_RESTORE, KEEPER_HELD));
	assert_false(proto_verb_allowed(KEEPER_SNAPSHOT, KEEPER_HELD));
	assert_false(proto_verb_allowed((enum keeper_verb)99, KEEPER_RUNNING));
	assert_string_equal(proto_state_name(KEEPER_FROZEN), "Frozen");
	assert_string_equal(proto_verb_name((enum keeper_verb)99), "unknown");
}

static void what_criu_said(void **state)
{
	char out[128], tiny[16];

	(void)state;
	criu_errors("(00.1) fine\n(00.2)  12: Error (a.c:1): one\n(00.3) Error (u.c): rlimit: Can't setup "
		    "RLIMIT_NOFILE for self\n"
		    "(00.4) Error (b.c:2): two",
		out, sizeof(out));
	assert_string_equal(out, "Error (a.c:1): one; Error (b.c:2): two");
	criu_errors("Error (a.c:1): something long\n", tiny, sizeof(tiny));
	assert_string_equal(tiny, "Error (a.c:1): ");
	criu_errors("", out, sizeof(out));
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_messages),
		cmocka_unit_test(wrong_sizes),
		cmocka_unit_test(wrong_fields),
		cmocka_unit_test(paths),
		cmocka_unit_test(verbs_and_states),
		cmocka_unit_test(what_criu_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
