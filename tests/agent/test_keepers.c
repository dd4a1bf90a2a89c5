/* SPDX-License-Identifier: Apache-2.0 */
/* The client of the keepers against scripted ones: found, watched, ordered, lost, found again; and keepers
 * that misbehave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/io.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_keeper.h"
#include "node-agent/agent/keepers/keepers.h"
#include "watchdog.h"

struct scene {
	struct loop *loop;
	char root[64];
	struct keepers *keepers;
	unsigned changes, gone, settled;
	enum keeper_state state;
	bool connected;
};

static void on_change(void *arg, struct keeper *k)
{
	struct scene *s = arg;

	s->changes++;
	s->state = k->last.state;
	s->connected = k->connected;
}

static void on_gone(void *arg, struct keeper *k)
{
	struct scene *s = arg;

	(void)k;
	s->gone++;
}

static void on_settled(void *arg)
{
	struct scene *s = arg;

	s->settled++;
}

static const struct keepers_ops OPS = {on_change, on_gone, on_settled};

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	log_set_level(LOG_ERROR_);
	str_copy(s->root, sizeof(s->root), "/tmp/escape-keepers-XXXXXX");
	assert_non_null(mkdtemp(s->root));
	assert_int_equal(loop_new(&s->loop), 0);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	keepers_free(s->keepers);
	loop_free(s->loop);
	io_remove_tree(s->root);
	free(s);
	return 0;
}

static void begin(struct scene *s)
{
	struct err e = {0};

	if (keepers_new(s->loop, s->root, &OPS, s, &s->keepers, &e))
		fail_msg("%s", e.message);
	watchdog_run(s->loop, &s->settled, 1);
}

static void identity(struct fake_keeper *k)
{
	str_copy(k->reply.pod_uid, sizeof(k->reply.pod_uid), "aaaa-bbbb");
	str_copy(k->reply.pod_name, sizeof(k->reply.pod_name), "prey");
	str_copy(k->reply.pod_namespace, sizeof(k->reply.pod_namespace), "default");
	str_copy(k->reply.container, sizeof(k->reply.container), "app");
	k->reply.init_pid = 4242;
}

struct answer {
	unsigned calls;
	bool replied;
	struct err err;
	uint32_t state;
};

static void on_answer(void *arg, const struct keeper_reply *r, const struct err *e)
{
	struct answer *a = arg;

	a->calls++;
	a->replied = r != NULL;
	a->state = r ? r->state : 0;
	a->err = e ? *e : (struct err){0};
}

static int order(struct scene *s, const char *id, enum keeper_verb verb, uint64_t order_id, struct answer *a)
{
	const struct keeper_args args = {
		.verb = verb, .order_id = order_id, .deadline_ms = 60000, .dir = "/tmp/nowhere"};
	struct keeper *k = keepers_find(s->keepers, id);

	assert_non_null(k);
	return keeper_order(k, &args, on_answer, a, NULL);
}

static void test_none(void **state)
{
	struct scene *s = *state;

	begin(s);
	assert_int_equal(s->changes, 0);
	assert_true(keepers_settled(s->keepers));
}

static void test_found_and_watched(void **state)
{
	struct scene *s = *state;
	struct fake_keeper first = {0}, late = {0};

	identity(&first);
	identity(&late);
	fake_keeper_start(&first, s->loop, s->root, "c1");
	begin(s);
	assert_int_equal(s->changes, 1);
	assert_string_equal(keepers_find(s->keepers, "c1")->last.pod_name, "prey");
	/* One that comes later is found by its directory, its state is told at once. */
	fake_keeper_start(&late, s->loop, s->root, "c2");
	watchdog_run(s->loop, &s->changes, 2);
	fake_keeper_state(&late, KEEPER_FROZEN);
	watchdog_run(s->loop, &s->changes, 3);
	assert_int_equal(s->state, KEEPER_FROZEN);
	fake_keeper_remove(&late);
	watchdog_run(s->loop, &s->gone, 1);
	assert_null(keepers_find(s->keepers, "c2"));
	assert_non_null(keepers_find(s->keepers, "c1"));
	fake_keeper_stop(&first);
}

static void test_socket_later_than_directory(void **state)
{
	struct scene *s = *state;
	struct fake_keeper k = {0};
	char dir[100];

	identity(&k);
	begin(s);
	str_fmt(dir, sizeof(dir), "%s/c1", s->root);
	assert_int_equal(io_mkdirs(dir, 0700), 0);
	loop_turn(s->loop, false);
	assert_int_equal(s->changes, 0);
	fake_keeper_start(&k, s->loop, s->root, "c1");
	watchdog_run(s->loop, &s->changes, 1);
	fake_keeper_stop(&k);
}

static void test_orders(void **state)
{
	struct scene *s = *state;
	struct fake_keeper k = {0};
	struct answer freeze = {0}, thaw = {0}, restore = {0};

	identity(&k);
	fake_keeper_start(&k, s->loop, s->root, "c1");
	begin(s);
	assert_int_equal(order(s, "c1", KEEPER_FREEZE, 0, &freeze), 0);
	assert_int_equal(freeze.calls, 0);
	watchdog_run(s->loop, &freeze.calls, 1);
	assert_int_equal(freeze.err.code, 0);
	assert_int_equal(freeze.state, KEEPER_FROZEN);
	/* A failure carries the keeper's own reason. */
	k.fail_reason = "RestoreFailed";
	assert_int_equal(order(s, "c1", KEEPER_RESTORE, 7, &restore), 0);
	assert_int_equal(order(s, "c1", KEEPER_THAW, 0, &thaw), 0);
	assert_int_equal(keepers_in_flight(s->keepers), 2);
	watchdog_run(s->loop, &thaw.calls, 1);
	assert_int_equal(restore.calls, 1);
	assert_true(restore.replied);
	assert_string_equal(restore.err.reason, "RestoreFailed");
	assert_int_equal(keepers_in_flight(s->keepers), 0);
	fake_keeper_stop(&k);
}

/* A keeper takes one order at a time from a connection; a second one waits here, but FREEZE goes past. */
static void test_orders_one_at_a_time(void **state)
{
	struct scene *s = *state;
	struct fake_keeper k = {.manner = FAKE_SLOW};
	struct answer first = {0}, second = {0};

	identity(&k);
	fake_keeper_start(&k, s->loop, s->root, "c1");
	begin(s);
	assert_int_equal(order(s, "c1", KEEPER_THAW, 0, &first), 0);
	assert_int_equal(order(s, "c1", KEEPER_KILL, 0, &second), 0);
	watchdog_run(s->loop, &s->changes, 2); /* BUSY */
	for (int i = 0; i < 5; i++)
		loop_turn(s->loop, false);
	k.reply.state = KEEPER_RUNNING;
	fake_keeper_answer(&k);
	watchdog_run(s->loop, &second.calls, 1);
	assert_int_equal(first.calls, 1);
	assert_int_equal(k.orders[KEEPER_THAW], 1);
	assert_int_equal(k.orders[KEEPER_KILL], 1);
	fake_keeper_stop(&k);
}

static void test_lost_and_found_again(void **state)
{
	struct scene *s = *state;
	struct fake_keeper k = {.manner = FAKE_SLOW};
	struct answer a = {0}, again = {0};
	unsigned changes;

	identity(&k);
	fake_keeper_start(&k, s->loop, s->root, "c1");
	begin(s);
	assert_int_equal(order(s, "c1", KEEPER_KILL, 9, &a), 0);
	watchdog_run(s->loop, &s->changes, 2);
	fake_keeper_stop(&k);
	watchdog_run(s->loop, &a.calls, 1);
	assert_false(a.replied);
	assert_string_equal(a.err.reason, "KeeperLost");
	assert_false(s->connected);
	assert_int_equal(order(s, "c1", KEEPER_KILL, 9, &a), -ENOTCONN);
	/* Nobody listens: it has ended without a last word. */
	while (s->state != KEEPER_ENDED)
		loop_turn(s->loop, true);
	/* Back again; the order that had been carried out meanwhile is answered, not done twice. */
	changes = s->changes;
	k.manner = FAKE_GOOD;
	k.reply.state = KEEPER_ENDED;
	k.last_id = 9;
	k.last = k.reply;
	fake_keeper_listen(&k);
	watchdog_run(s->loop, &s->changes, changes + 1);
	assert_int_equal(order(s, "c1", KEEPER_KILL, 9, &again), 0);
	watchdog_run(s->loop, &again.calls, 1);
	assert_int_equal(again.err.code, 0);
	assert_int_equal(k.orders[KEEPER_KILL], 0);
	fake_keeper_stop(&k);
}

static void test_misbehaving(void **state)
{
	static const enum fake_manner manners[] = {
		FAKE_SHORT, FAKE_LONG, FAKE_OLD_VERSION, FAKE_UNENDED, FAKE_OTHER_ID, FAKE_BAD_NAME};
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
		struct fake_keeper k = {.manner = manners[i]};
		unsigned changes;

		identity(&k);
		fake_keeper_start(&k, s->loop, s->root, "c1");
		s->settled = 0;
		/* Settled without it: a keeper that cannot be understood does not hold up the others. */
		begin(s);
		assert_null(keepers_find(s->keepers, "c1"));
		/* Once it speaks properly, it is taken up. */
		changes = s->changes;
		k.manner = FAKE_GOOD;
		watchdog_run(s->loop, &s->changes, changes + 1);
		assert_non_null(keepers_find(s->keepers, "c1"));
		fake_keeper_remove(&k);
		keepers_free(s->keepers);
		s->keepers = NULL;
	}
}

static void test_silent(void **state)
{
	struct scene *s = *state;
	struct fake_keeper k = {.manner = FAKE_SILENT};

	identity(&k);
	fake_keeper_start(&k, s->loop, s->root, "c1");
	begin(s);
	assert_null(keepers_find(s->keepers, "c1"));
	k.manner = FAKE_GOOD;
	watchdog_run(s->loop, &s->changes, 1);
	fake_keeper_stop(&k);
}

static void test_cancelled_at_the_end(void **state)
{
	struct scene *s = *state;
	struct fake_keeper k = {.manner = FAKE_SLOW};
	struct answer a = {0};

	identity(&k);
	fake_keeper_start(&k, s->loop, s->root, "c1");
	begin(s);
	assert_int_equal(order(s, "c1", KEEPER_KILL, 9, &a), 0);
	keepers_free(s->keepers);
	s->keepers = NULL;
	assert_int_equal(a.calls, 1);
	assert_int_equal(a.err.code, -ECANCELED);
	fake_keeper_stop(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_found_and_watched, setup, teardown),
		cmocka_unit_test_setup_teardown(test_socket_later_than_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_orders, setup, teardown),
		cmocka_unit_test_setup_teardown(test_orders_one_at_a_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost_and_found_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_misbehaving, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancelled_at_the_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
