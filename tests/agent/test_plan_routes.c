/* SPDX-License-Identifier: Apache-2.0 */
/* Where moved addresses go, as each node sees it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/str.h>
#include <string.h>

#include "node-agent/agent/network/routes.h"

static const struct node NODES[] = {
	{.name = "node-a", .internal_ip = "10.0.0.1"},
	{.name = "node-b", .internal_ip = "10.0.0.2"},
	{.name = "node-c", .internal_ip = "10.0.0.3"},
	{.name = "node-d"},
};

static struct escape pool[4];
static struct route_input list[4];
static size_t count;

static struct escape *add(
	const char *name, const char *to, enum escape_phase phase, int64_t claimed, const char *address)
{
	struct escape *x = &pool[count];

	memset(x, 0, sizeof(*x));
	x->spec.kind = ESCAPE_MOVE;
	x->status.phase = phase;
	str_copy(x->name, sizeof(x->name), name);
	str_copy(x->spec.destination_node, sizeof(x->spec.destination_node), to);
	str_fmt(x->status.successor_uid, sizeof(x->status.successor_uid), "uid-%s", name);
	str_copy(x->spec.addresses[0], API_ADDRESS_MAX, address);
	x->spec.n_addresses = 1;
	str_copy(x->status.timeline[0].phase, sizeof(x->status.timeline[0].phase), "Restoring");
	x->status.timeline[0].at_ms = claimed;
	x->status.n_timeline = claimed ? 1 : 0;
	list[count++] = (struct route_input){.x = x};
	return x;
}

static size_t plan(const char *me, struct route_plan *ret)
{
	return plan_routes(list, count, NODES, ARRAY_LEN(NODES), me, ret, 4);
}

static int setup(void **state)
{
	(void)state;
	count = 0;
	return 0;
}

static void test_phases(void **state)
{
	static const bool want[] = {[PHASE_RESTORING] = true,
		[PHASE_RESTORED] = true,
		[PHASE_SUCCEEDED] = true,
		[PHASE_FAILED] = false};
	struct route_plan r[4];

	(void)state;
	for (enum escape_phase p = PHASE_PENDING; p <= PHASE_FAILED; p++) {
		count = 0;
		add("one", "node-b", p, 1, "10.244.0.5");
		assert_int_equal(plan("node-c", r), want[p] ? 1 : 0);
	}
}

static void test_each_node_sees_its_own(void **state)
{
	struct route_plan r[4];

	(void)state;
	add("one", "node-b", PHASE_RESTORED, 1, "10.244.0.5");
	assert_int_equal(plan("node-a", r), 1);
	assert_false(r[0].local);
	assert_string_equal(r[0].via, "10.0.0.2");
	assert_int_equal(plan("node-b", r), 1);
	assert_true(r[0].local);
	assert_string_equal(r[0].successor_uid, "uid-one");
	assert_string_equal(r[0].via, "");
}

/* From the cut on, source and destination send packets ahead; everybody else waits for the claim. */
static void test_sent_ahead(void **state)
{
	struct route_plan r[4];
	struct escape *x;

	(void)state;
	add("before", "node-a", PHASE_SUCCEEDED, 100, "10.244.0.5");
	x = add("now", "node-b", PHASE_STAGED, 0, "10.244.0.5");
	x->created_ms = 200;
	str_copy(x->spec.source_node, sizeof(x->spec.source_node), "node-a");
	assert_int_equal(plan("node-c", r), 1);
	assert_string_equal(r[0].via, "10.0.0.1");
	assert_int_equal(plan("node-b", r), 1);
	assert_true(r[0].local);
	assert_string_equal(r[0].successor_uid, "uid-now");
	/* The source serves until it is cut. */
	assert_int_equal(plan("node-a", r), 1);
	assert_true(r[0].local);
	list[1].cut = true;
	for (enum escape_phase p = PHASE_STAGED; p <= PHASE_SEALED; p++) {
		x->status.phase = p;
		assert_int_equal(plan("node-a", r), 1);
		assert_string_equal(r[0].via, "10.0.0.2");
	}
	x->status.phase = PHASE_ABORTING;
	assert_int_equal(plan("node-a", r), 1);
	assert_true(r[0].local);
}

static void test_latest_claim_wins(void **state)
{
	struct route_plan r[4];

	(void)state;
	add("first", "node-b", PHASE_SUCCEEDED, 100, "10.244.0.5");
	add("second", "node-c", PHASE_RESTORING, 200, "10.244.0.5");
	assert_int_equal(plan("node-a", r), 1);
	assert_string_equal(r[0].via, "10.0.0.3");
	/* In whatever order the cache gives them. */
	list[0].x = &pool[1];
	list[1].x = &pool[0];
	assert_int_equal(plan("node-a", r), 1);
	assert_string_equal(r[0].via, "10.0.0.3");
	/* Aborted after the claim: the address is where it was before. */
	pool[1].status.phase = PHASE_ABORTING;
	assert_int_equal(plan("node-a", r), 1);
	assert_string_equal(r[0].via, "10.0.0.2");
}

static void test_left_out(void **state)
{
	struct route_plan r[4];
	struct escape *x;

	(void)state;
	x = add("released", "node-b", PHASE_SUCCEEDED, 1, "10.244.0.5");
	x->status.network_released = true;
	x = add("service", "node-b", PHASE_SUCCEEDED, 1, "10.244.0.6");
	x->spec.network = NETWORK_SERVICE;
	x = add("rollback", "node-b", PHASE_SUCCEEDED, 1, "10.244.0.7");
	x->spec.kind = ESCAPE_ROLLBACK;
	/* A node without an address, or without a Node object, cannot be routed to. */
	add("nowhere", "node-d", PHASE_SUCCEEDED, 1, "10.244.0.8");
	assert_int_equal(plan("node-a", r), 0);
	str_copy(pool[3].spec.destination_node, sizeof(pool[3].spec.destination_node), "node-x");
	assert_int_equal(plan("node-a", r), 0);
	/* But a node needs no address to be itself. */
	assert_int_equal(plan("node-x", r), 1);
	assert_true(r[0].local);
}

static void test_several_addresses_and_the_limit(void **state)
{
	struct route_plan r[4];
	struct escape *x;

	(void)state;
	x = add("one", "node-b", PHASE_SUCCEEDED, 1, "10.244.0.1");
	for (int i = 1; i < 6; i++)
		str_fmt(x->spec.addresses[i], API_ADDRESS_MAX, "10.244.0.%d", i + 1);
	x->spec.n_addresses = 3;
	assert_int_equal(plan("node-a", r), 3);
	x->spec.n_addresses = 6;
	assert_int_equal(plan("node-a", r), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_phases, setup),
		cmocka_unit_test_setup(test_each_node_sees_its_own, setup),
		cmocka_unit_test_setup(test_sent_ahead, setup),
		cmocka_unit_test_setup(test_latest_claim_wins, setup),
		cmocka_unit_test_setup(test_left_out, setup),
		cmocka_unit_test_setup(test_several_addresses_and_the_limit, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
