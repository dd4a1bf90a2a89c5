/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two promises, over many moves driven by chance: at every instant at most one copy of the container
 * runs, and at least one exists. And in the end, when nothing goes wrong any more, every move ends, with the
 * pod where its Escape says.
 */
#include "sim.h"

#include <base/str.h>

#define RUNS 4000
#define CHAOS_STEPS 60
#define CALM_ROUNDS 40

static void assert_promises(const struct sim *s, uint64_t seed)
{
	bool here = s->source == PROCESS_RUNNING, there = s->destination == PROCESS_RUNNING;

	if (here && there)
		fail_msg("seed %llu: two copies run in phase %s", (unsigned long long)seed, sim_phase(s));
	if (s->pod_deleted || s->successor_deleted || s->destination_dead)
		return;
	if (s->source == PROCESS_NONE && !there)
		fail_msg("seed %llu: no copy is left in phase %s", (unsigned long long)seed, sim_phase(s));
}

static void chaos_step(struct sim *s)
{
	switch (sim_chance(s, 16)) {
	case 0:
	case 1:
	case 2:
		sim_operator(s, true);
		break;
	case 3:
	case 4:
	case 5:
		sim_source_agent(s);
		break;
	case 6:
	case 7:
	case 8:
		sim_destination_agent(s);
		break;
	case 9:
	case 10:
		sim_kubelets(s);
		break;
	case 11:
	case 12:
	case 13:
		sim_deliver(s, (enum sim_stream)sim_chance(s, STREAMS));
		break;
	case 14:
		s->now_ms += (int64_t)sim_chance(s, 40000);
		break;
	default:
		if (sim_chance(s, 12) == 0)
			sim_user_deletes_pod(s);
		else if (sim_chance(s, 12) == 0)
			sim_user_deletes_successor(s);
		else if (sim_chance(s, 20) == 0)
			sim_destination_dies(s);
		break;
	}
}

static void calm_round(struct sim *s)
{
	for (int i = 0; i < STREAMS; i++)
		sim_deliver(s, (enum sim_stream)i);
	sim_operator(s, false);
	sim_source_agent(s);
	sim_destination_agent(s);
	sim_kubelets(s);
	s->now_ms += 5000;
}

static void assert_ended_well(const struct sim *s, uint64_t seed)
{
	const char *phase = sim_phase(s);
	const struct json *successor = s->truth[STREAM_SUCCESSOR];

	if (str_eq(phase, "Succeeded")) {
		assert_null(s->truth[STREAM_OLD]);
		assert_true(s->destination == PROCESS_RUNNING || !successor);
		if (successor) {
			assert_string_equal(json_str_at(successor, "metadata.labels.app", ""), "shop");
			assert_null(json_member(json_at(successor, "metadata.labels"), WORLD_STAGED_LABEL));
			assert_int_equal(json_len(json_at(successor, "metadata.ownerReferences")), 1);
		}
	} else if (str_eq(phase, "Aborted")) {
		assert_true(s->source == PROCESS_RUNNING || s->pod_deleted);
		assert_null(successor);
	} else if (str_eq(phase, "Failed")) {
		assert_true(s->pod_deleted);
		assert_null(successor);
	} else if (str_eq(phase, "Restoring")) {
		/* Its successor was deleted after the claim: only the agent may say that nothing runs there.
		 */
		assert_true(s->successor_deleted);
	} else if (!(str_eq(phase, "Sealed") && s->pod_deleted)) {
		fail_msg("seed %llu: still %s", (unsigned long long)seed, phase);
	}
}

static void promises_hold_whatever_happens(void **state)
{
	unsigned ended[4] = {0};
	(void)state;
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		static struct sim s;

		sim_begin(&s, seed);
		for (int i = 0; i < CHAOS_STEPS; i++) {
			chaos_step(&s);
			assert_promises(&s, seed);
		}
		for (int i = 0; i < CALM_ROUNDS; i++) {
			calm_round(&s);
			assert_promises(&s, seed);
		}
		assert_ended_well(&s, seed);
		ended[0] += str_eq(sim_phase(&s), "Succeeded");
		ended[1] += str_eq(sim_phase(&s), "Aborted");
		ended[2] += str_eq(sim_phase(&s), "Failed");
		ended[3] += s.destination_dead;
		sim_end(&s);
	}
	/* Chance has been everywhere. */
	for (size_t i = 0; i < 4; i++)
		assert_true(ended[i] > RUNS / 100);
	print_message("%u succeeded, %u aborted, %u failed; the destination died in %u\n", ended[0], ended[1],
		ended[2], ended[3]);
}

/* Without trouble every move succeeds, and quickly. */
static void a_calm_move_succeeds(void **state)
{
	static struct sim s;
	(void)state;
	/* A seed whose destination does not happen to fail. */
	for (uint64_t seed = 1;; seed++) {
		sim_begin(&s, seed);
		for (int i = 0; i < 12; i++)
			calm_round(&s);
		if (!str_eq(sim_phase(&s), "Aborted"))
			break;
		sim_end(&s);
	}
	assert_string_equal(sim_phase(&s), "Succeeded");
	assert_ended_well(&s, 0);
	sim_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_calm_move_succeeds),
		cmocka_unit_test(promises_hold_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
