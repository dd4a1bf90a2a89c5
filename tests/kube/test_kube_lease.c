/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include <base/clock.h>
#include <base/str.h>
#include <kube/lease_priv.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct lease_timing TIMING = {
	.duration_ms = 15000, .renew_ms = 5000, .give_up_ms = 10000, .retry_ms = 2000};

static struct json *record(const char *holder, const char *version, int seconds)
{
	char text[512];
	struct json *j = NULL;

	snprintf(text, sizeof(text),
		"{\"metadata\":{\"name\":\"l\",\"resourceVersion\":\"%s\"},\"spec\":{\"holderIdentity\":\"%"
		"s\","
		"\"leaseDurationSeconds\":%d,\"leaseTransitions\":4}}",
		version, holder, seconds);
	assert_int_equal(json_parse(text, strlen(text), sizeof(text), &j, NULL), 0);
	return j;
}

static struct lease_plan plan(const char *holder, const char *version, int64_t now, struct lease_seen *seen)
{
	struct json *r = record(holder, version, 15);
	struct lease_plan p = lease_plan(r, "me", &TIMING, now, seen);

	json_free(r);
	return p;
}

static void an_absent_lease_is_created(void **state)
{
	struct lease_seen seen = {0};

	(void)state;
	assert_int_equal(lease_plan(NULL, "me", &TIMING, 1000, &seen).step, LEASE_CREATE);
}

static void a_free_lease_is_taken_and_ours_renewed(void **state)
{
	struct lease_seen seen = {0};

	(void)state;
	assert_int_equal(plan("", "1", 1000, &seen).step, LEASE_TAKE);
	assert_int_equal(plan("me", "2", 1000, &seen).step, LEASE_RENEW);
}

static void a_holder_lives_as_long_as_the_record_changes(void **state)
{
	struct lease_seen seen = {0};

	(void)state;
	assert_int_equal(plan("other", "1", 100000, &seen).step, LEASE_WAIT);
	assert_int_equal(plan("other", "1", 114999, &seen).step, LEASE_WAIT);
	assert_int_equal(plan("other", "1", 114999, &seen).wait_ms, 1);
	assert_int_equal(plan("other", "2", 115000, &seen).step, LEASE_WAIT);
	assert_int_equal(plan("other", "2", 129999, &seen).step, LEASE_WAIT);
	assert_int_equal(plan("other", "2", 130000, &seen).step, LEASE_TAKE);
}

static void a_record_cannot_claim_the_lease_for_ever(void **state)
{
	struct lease_seen seen = {0};
	struct json *r = record("other", "1", 2000000000);

	(void)state;
	assert_int_equal(lease_plan(r, "me", &TIMING, 0, &seen).step, LEASE_WAIT);
	assert_int_equal(lease_plan(r, "me", &TIMING, 61000, &seen).step, LEASE_TAKE);
	json_free(r);
	r = record("other", "2", -5);
	assert_int_equal(lease_plan(r, "me", &TIMING, 62000, &seen).step, LEASE_WAIT);
	json_free(r);
}

static void taking_counts_a_transition_and_has_a_precondition(void **state)
{
	struct json *r = record("other", "7", 15);
	struct json *take = lease_patch(LEASE_TAKE, r, "me", &TIMING, 1000);
	struct json *renew = lease_patch(LEASE_RENEW, r, "me", &TIMING, 1000);
	struct json *release = lease_release_patch(r);

	(void)state;
	assert_string_equal(json_str_at(take, "metadata.resourceVersion", ""), "7");
	assert_string_equal(json_str_at(take, "spec.holderIdentity", ""), "me");
	assert_int_equal(json_int_at(take, "spec.leaseTransitions", 0), 5);
	assert_int_equal(json_int_at(take, "spec.leaseDurationSeconds", 0), 15);
	assert_string_equal(json_str_at(renew, "metadata.resourceVersion", ""), "7");
	assert_null(json_at(renew, "spec.holderIdentity"));
	assert_null(json_at(renew, "spec.leaseTransitions"));
	assert_string_equal(json_str_at(renew, "spec.renewTime", ""), "1970-01-01T00:00:01.000000Z");
	assert_string_equal(json_str_at(release, "metadata.resourceVersion", ""), "7");
	assert_string_equal(json_str_at(release, "spec.holderIdentity", "x"), "");
	json_free(take);
	json_free(renew);
	json_free(release);
	json_free(r);
}

/* The one Lease of an API server, kept with its resourceVersion as the real one keeps it. */
struct server {
	char holder[64];
	unsigned version;
	bool exists;
	int transitions;
	atomic_bool down;
	atomic_uint writes;
};

static void reply_lease(struct fake_conn *c, const struct server *s, int status)
{
	char text[512];

	snprintf(text, sizeof(text),
		"{\"metadata\":{\"name\":\"l\",\"resourceVersion\":\"%u\"},\"spec\":{\"holderIdentity\":\"%"
		"s\","
		"\"leaseDurationSeconds\":1,\"leaseTransitions\":%d}}",
		s->version, s->holder, s->transitions);
	fake_reply(c, status, NULL, text);
}

static void write_lease(struct server *s, const struct json *patch)
{
	str_copy(s->holder, sizeof(s->holder), json_str_at(patch, "spec.holderIdentity", s->holder));
	s->transitions = (int)json_int_at(patch, "spec.leaseTransitions", s->transitions);
	s->exists = true;
	s->version++;
	atomic_fetch_add(&s->writes, 1);
}

static void serve_lease(void *arg, struct fake_conn *c, const struct fake_request *r)
{
	struct server *s = arg;
	struct json *body = NULL;
	char version[16];

	if (atomic_load(&s->down)) {
		fake_reset(c);
		return;
	}
	if (r->body_len)
		json_parse(r->body, r->body_len, 65536, &body, NULL);
	snprintf(version, sizeof(version), "%u", s->version);
	if (!strcmp(r->method, "POST") && s->exists) {
		fake_reply(c, 409, NULL, "{\"reason\":\"AlreadyExists\"}");
	} else if (!strcmp(r->method, "POST")) {
		write_lease(s, body);
		reply_lease(c, s, 201);
	} else if (!s->exists) {
		fake_reply(c, 404, NULL, "{\"reason\":\"NotFound\"}");
	} else if (!strcmp(r->method, "PATCH") &&
		   !str_eq(json_str_at(body, "metadata.resourceVersion", ""), version)) {
		fake_reply(c, 409, NULL, "{\"reason\":\"Conflict\"}");
	} else {
		if (!strcmp(r->method, "PATCH"))
			write_lease(s, body);
		reply_lease(c, s, 200);
	}
	json_free(body);
}

struct contender {
	struct kube_lease *lease;
	unsigned gained, lost, released;
	struct contender *other;
	bool free_when_leader;
};

static void on_changed(void *arg, bool leader)
{
	struct contender *x = arg;

	if (leader)
		x->gained++;
	else
		x->lost++;
	/* Never two at once. */
	if (leader && x->other && x->other->lease)
		assert_false(kube_lease_is_leader(x->other->lease));
	if (leader && x->free_when_leader) {
		kube_lease_free(x->lease);
		x->lease = NULL;
	}
}

static void on_released(void *arg)
{
	struct contender *x = arg;

	x->released++;
}

static const struct lease_timing FAST = {
	.duration_ms = 1000, .renew_ms = 50, .give_up_ms = 500, .retry_ms = 20};

static void contend(struct fixture *f, struct contender *x, const char *identity)
{
	assert_int_equal(
		kube_lease_new_timed(f->client, "ns", "l", identity, &FAST, on_changed, x, &x->lease), 0);
}

static void one_of_two_leads_and_the_other_follows_its_release(void **state)
{
	struct server s = {0};
	struct fixture f;
	struct contender a = {0}, b = {.other = &a};

	(void)state;
	a.other = &b;
	fixture_start(&f, serve_lease, &s);
	contend(&f, &a, "a");
	watchdog_run(f.loop, &a.gained, 1);
	assert_true(kube_lease_is_leader(a.lease));
	contend(&f, &b, "b");
	kube_lease_release(a.lease, on_released, &a);
	watchdog_run(f.loop, &a.released, 1);
	assert_int_equal(a.lost, 1);
	assert_false(kube_lease_is_leader(a.lease));
	watchdog_run(f.loop, &b.gained, 1);
	kube_lease_free(a.lease);
	kube_lease_free(b.lease);
	fixture_stop(&f);
	assert_string_equal(s.holder, "b");
	assert_int_equal(s.transitions, 1);
}

static void a_silent_holder_is_succeeded(void **state)
{
	struct server s = {0};
	struct fixture f;
	struct contender a = {0}, b = {0};

	(void)state;
	fixture_start(&f, serve_lease, &s);
	contend(&f, &a, "a");
	watchdog_run(f.loop, &a.gained, 1);
	contend(&f, &b, "b");
	/* As if its process had been killed: no release. */
	kube_lease_free(a.lease);
	watchdog_run(f.loop, &b.gained, 1);
	kube_lease_free(b.lease);
	fixture_stop(&f);
	assert_string_equal(s.holder, "b");
}

static void a_leader_that_cannot_renew_steps_down_and_comes_back(void **state)
{
	struct server s = {0};
	struct fixture f;
	struct contender a = {0};

	(void)state;
	fixture_start(&f, serve_lease, &s);
	contend(&f, &a, "a");
	watchdog_run(f.loop, &a.gained, 1);
	atomic_store(&s.down, true);
	watchdog_run(f.loop, &a.lost, 1);
	assert_false(kube_lease_is_leader(a.lease));
	atomic_store(&s.down, false);
	watchdog_run(f.loop, &a.gained, 2);
	kube_lease_free(a.lease);
	fixture_stop(&f);
	assert_int_equal(s.transitions, 0);
}

static void releasing_what_is_not_ours_changes_nothing(void **state)
{
	struct server s = {.exists = true, .holder = "z", .version = 3};
	struct fixture f;
	struct contender a = {0};

	(void)state;
	fixture_start(&f, serve_lease, &s);
	contend(&f, &a, "a");
	kube_lease_release(a.lease, on_released, &a);
	assert_int_equal(a.released, 0);
	watchdog_run(f.loop, &a.released, 1);
	kube_lease_free(a.lease);
	fixture_stop(&f);
	assert_int_equal(a.gained + a.lost, 0);
	assert_int_equal(s.version, 3);
}

static void a_lease_may_be_freed_by_its_handler(void **state)
{
	struct server s = {0};
	struct fixture f;
	struct contender a = {.free_when_leader = true};

	(void)state;
	fixture_start(&f, serve_lease, &s);
	contend(&f, &a, "a");
	watchdog_run(f.loop, &a.gained, 1);
	assert_null(a.lease);
	fixture_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_absent_lease_is_created),
		cmocka_unit_test(a_free_lease_is_taken_and_ours_renewed),
		cmocka_unit_test(a_holder_lives_as_long_as_the_record_changes),
		cmocka_unit_test(a_record_cannot_claim_the_lease_for_ever),
		cmocka_unit_test(taking_counts_a_transition_and_has_a_precondition),
		cmocka_unit_test(one_of_two_leads_and_the_other_follows_its_release),
		cmocka_unit_test(a_silent_holder_is_succeeded),
		cmocka_unit_test(a_leader_that_cannot_renew_steps_down_and_comes_back),
		cmocka_unit_test(releasing_what_is_not_ours_changes_nothing),
		cmocka_unit_test(a_lease_may_be_freed_by_its_handler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
