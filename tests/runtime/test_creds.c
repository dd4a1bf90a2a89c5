/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/str.h>

#include "node-agent/runtime/bundle.h"
#include "node-agent/runtime/criu_core.h"

#define STATUS                                                                                               \
	"Name:\tsh\nUid:\t%s\nGid:\t%s\nGroups:\t%s "                                                        \
	"\nNSpid:\t70\t1\nThreads:\t1\nCapInh:\t%s\nCapPrm:\t%s\n"                                           \
	"CapEff:\t%s\nCapBnd:\t%s\nCapAmb:\t0000000000000000\nNoNewPrivs:\t%d\nSeccomp:\t%d\nSeccomp_"       \
	"filters:\t1\n"

#define RESTRICTED                                                                                           \
	"\"process\":{\"user\":{\"uid\":1000,\"gid\":1000,\"additionalGids\":[2000]},\"capabilities\":{},"   \
	"\"noNewPrivileges\":true},\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\"}}"
#define ROOT                                                                                                 \
	"\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_"   \
	"SETUID\","                                                                                          \
	"\"CAP_SETGID\"],\"permitted\":[\"CAP_CHOWN\",\"CAP_SETUID\",\"CAP_SETGID\"]}}"
#define PLAIN_USER                                                                                           \
	"\"process\":{\"user\":{\"uid\":1000,\"gid\":1000},\"capabilities\":{\"bounding\":[\"CAP_CHOWN\"]}}"

struct shown {
	const char *uid, *gid, *groups, *caps, *bounding;
	int no_new_privs, seccomp;
};

static const struct shown user = {
	"1000\t1000\t1000\t1000", "1000\t1000\t1000\t1000", "1000 2000", "0", "0", 1, 2};

static struct bundle parse(const char *rest)
{
	char text[2048];
	struct bundle b;
	struct err e = {0};

	str_fmt(text, sizeof(text), "{\"root\":{\"path\":\"r\"},%s}", rest);
	assert_int_equal(bundle_parse("/b", text, strlen(text), &b, &e), 0);
	return b;
}

static int check(const char *rest, const struct shown *s, const char *label, bool init)
{
	struct bundle b = parse(rest);
	char status[1024];
	struct creds_task t;
	struct err e = {0};

	str_fmt(status, sizeof(status), STATUS, s->uid, s->gid, s->groups, "0", s->caps, s->caps, s->bounding,
		s->no_new_privs, s->seccomp);
	assert_int_equal(creds_task_parse(status, &t), 0);
	int r = creds_check(&b.creds, &t, label, init, &e);
	assert_true(!r || str_eq(e.reason, "CredentialsExceedSpec"));
	bundle_free(&b);
	return r;
}

static void what_the_spec_says_may_run(void **state)
{
	(void)state;
	assert_int_equal(check(RESTRICTED, &user, "", true), 0);
	assert_int_equal(check(RESTRICTED, &user, "", false), 0);
}

static void each_excess_is_refused(void **state)
{
	struct shown s;

	(void)state;
#define REFUSED(field, value)                                                                                \
	do {                                                                                                 \
		s = user;                                                                                    \
		s.field = value;                                                                             \
		assert_int_equal(check(RESTRICTED, &s, "", false), -EPERM);                                  \
	} while (0)
	REFUSED(uid, "1000\t1000\t0\t1000");
	REFUSED(uid, "1000\t1000\t1000\t0");
	REFUSED(gid, "0\t1000\t1000\t1000");
	REFUSED(groups, "0 1000");
	REFUSED(caps, "1");
	REFUSED(bounding, "8000000000");
	REFUSED(no_new_privs, 0);
	REFUSED(seccomp, 0);
	REFUSED(seccomp, 1);
#undef REFUSED
}

static void root_may_become_anyone_within_its_capabilities(void **state)
{
	struct shown s = user;

	(void)state;
	s.caps = s.bounding = "c1";
	s.seccomp = s.no_new_privs = 0;
	assert_int_equal(check(ROOT, &s, "", true), 0);
	s.caps = "2";
	assert_int_equal(check(ROOT, &s, "", true), -EPERM);
}

static void set_id_programs_make_another_user_but_not_of_init(void **state)
{
	struct shown s = user;

	(void)state;
	s.uid = "1000\t0\t0\t0";
	s.groups = "1000";
	s.caps = s.bounding = "1";
	assert_int_equal(check(PLAIN_USER, &s, "", false), 0);
	assert_int_equal(check(PLAIN_USER, &s, "", true), -EPERM);
}

static void profile_confines(void **state)
{
	const char *spec = "\"process\":{\"user\":{\"uid\":1000,\"gid\":1000},\"apparmorProfile\":\"p\"}";
	struct shown s = user;

	(void)state;
	s.groups = "1000";
	assert_int_equal(check(spec, &s, "p (enforce)\n", true), 0);
	assert_int_equal(check(spec, &s, "unconfined\n", true), -EPERM);
	assert_int_equal(
		check("\"process\":{\"user\":{\"uid\":1000,\"gid\":1000},\"apparmorProfile\":\"unconfined\"}",
			&s, "unconfined\n", true),
		0);
}

static void filter_that_allows_everything_is_none(void **state)
{
	struct bundle b = parse("\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"}}");

	(void)state;
	assert_false(b.creds.seccomp);
	bundle_free(&b);
	b = parse("\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{}]}}");
	assert_true(b.creds.seccomp);
	bundle_free(&b);
}

static void ids_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {"{\"uid\":-1}", "{\"uid\":\"0\"}", "{\"gid\":4294967295}",
		"{\"additionalGids\":[null]}", "{\"additionalGids\":[1e300]}"};
	char text[256];
	struct bundle b;
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		str_fmt(text, sizeof(text), "{\"root\":{\"path\":\"r\"},\"process\":{\"user\":%s}}", bad[i]);
		assert_int_equal(bundle_parse("/b", text, strlen(text), &b, &e), -EINVAL);
	}
}

static void status_with_a_field_missing_is_refused(void **state)
{
	char status[1024];
	struct creds_task t;

	(void)state;
	str_fmt(status, sizeof(status), STATUS, user.uid, user.gid, "", "0", "0", "0", "0", 1, 2);
	assert_int_equal(creds_task_parse(status, &t), 0);
	for (char *line = status; (line = strchr(line, '\n')) && line[1];) {
		char kept = *++line;
		bool needed = strncmp(line, "NSpid", 5) && strncmp(line, "Threads", 7) &&
			      strncmp(line, "Seccomp_", 8);
		*line = '-';
		assert_int_equal(creds_task_parse(status, &t), needed ? -EINVAL : 0);
		*line = kept;
	}
}

static void stopped_tasks_are_told_from_others(void **state)
{
	/* Two magic numbers, a size; mtype 1, tc {task_state, exit_code 0}. */
	uint8_t image[] = {1, 2, 3, 4, 5, 6, 7, 8, 8, 0, 0, 0, 0x08, 1, 0x1a, 4, 0x08, 3, 0x10, 0};

	(void)state;
	assert_true(criu_core_is_stopped(image, sizeof(image)));
	for (size_t len = 0; len < sizeof(image) - 2; len++)
		assert_false(criu_core_is_stopped(image, len));
	image[17] = 1;
	assert_false(criu_core_is_stopped(image, sizeof(image)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_spec_says_may_run),
		cmocka_unit_test(each_excess_is_refused),
		cmocka_unit_test(root_may_become_anyone_within_its_capabilities),
		cmocka_unit_test(set_id_programs_make_another_user_but_not_of_init),
		cmocka_unit_test(profile_confines),
		cmocka_unit_test(filter_that_allows_everything_is_none),
		cmocka_unit_test(ids_that_are_none_are_refused),
		cmocka_unit_test(status_with_a_field_missing_is_refused),
		cmocka_unit_test(stopped_tasks_are_told_from_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
