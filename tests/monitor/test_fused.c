/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel learns and judges with Fused is what user space does over the same calls, call by call. */
#include "subject.h"

#include <bosc/fused.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static const struct monitor_params params = {.window = 10, .epoch = 100, .detector = MONITOR_FUSED};
static const struct fused_params same = {.window = 10, .epoch = 100, .form = FUSED_KERNEL};

struct scene {
	struct loop *loop;
	struct monitor_watch *watch;
	struct subject subject;
	struct fused_model model;
	struct fused_stream *stream;
	int count;
	struct monitor_verdict last;
};

static void on_verdict(void *arg, const struct monitor_verdict *v)
{
	struct scene *c = arg;

	c->count++;
	c->last = *v;
}

static void stream_begin(struct scene *c, bool learn)
{
	fused_stream_free(c->stream);
	assert_int_equal(fused_stream_new(&c->model, learn, &c->stream), 0);
}

static void scene_up(struct scene *c, struct fixture *f, uint32_t threads)
{
	*c = (struct scene){.loop = f->loop};
	assert_int_equal(fused_model_init(&c->model, &same), 0);
	stream_begin(c, true);
	c->watch = fixture_watch(f, &params, on_verdict, c);
	subject_start(&c->subject, threads);
	subject_mark(&c->subject, c->watch);
	assert_int_equal(monitor_watch_mode(c->watch, MONITOR_LEARN), 0);
}

static void scene_down(struct scene *c)
{
	subject_stop(&c->subject);
	monitor_watch_free(c->watch);
	fused_stream_free(c->stream);
	fused_model_free(&c->model);
}

/* The calls of a seed in user space; how many of them raised the alarm. */
static int replay(struct scene *c, uint32_t task, uint64_t seed, uint32_t n, uint32_t kinds)
{
	int alarms = 0;

	for (uint32_t i = 0; i < n; i++) {
		int r = fused_stream_call(c->stream, task, subject_call(&seed, kinds));

		assert_true(r >= 0);
		alarms += r;
	}
	return alarms;
}

static int run(struct scene *c, uint64_t seed, uint32_t n, uint32_t kinds)
{
	int alarms;

	subject_run(&c->subject, SUBJECT_CALLS, seed, n, kinds);
	alarms = replay(c, 1, seed, n, kinds);
	return alarms + fused_stream_call(c->stream, 1, SYS_kill);
}

static void run_fork(struct scene *c, uint32_t child, uint64_t seed, uint32_t n, uint32_t kinds)
{
	subject_run(&c->subject, SUBJECT_FORK, seed, n, kinds);
	fused_stream_call(c->stream, 1, SYS_fork);
	replay(c, child, seed, n, kinds);
	fused_stream_call(c->stream, child, SYS_exit_group);
	fused_stream_call(c->stream, 1, SYS_wait4);
	fused_stream_call(c->stream, 1, SYS_kill);
}

static struct monitor_fused *fused_get(const struct monitor_watch *w)
{
	struct monitor_fused *f = malloc(sizeof(*f));

	assert_non_null(f);
	assert_int_equal(monitor_watch_fused_get(w, f), 0);
	return f;
}

static void assert_same_known(const struct scene *c, const struct monitor_fused *f)
{
	for (uint32_t i = 0; i < GRADED_PAIRS; i++)
		if (graded_bit(f->known.pairs, i) == graded_rare(c->model.pairs[i].tasks, c->model.tasks))
			fail_msg("pair %u %u", i >> GRADED_CALL_BITS, i & (BOSC_CALLS - 1));
	assert_memory_equal(f->known.triples, c->model.triples, sizeof(f->known.triples));
}

static void assert_same_learned(const struct scene *c)
{
	struct monitor_fused *f = fused_get(c->watch);
	struct fused_thresholds want;

	assert_int_equal(fused_model_calibrate(&c->model, &want), 0);
	assert_int_equal(f->graded, want.graded);
	assert_int_equal(f->bosc, want.bosc);
	assert_same_known(c, f);
	free(f);
}

/* Few kinds of calls at first, now and then more, so that some epochs bring something new. */
static void learn(struct scene *c)
{
	for (uint32_t i = 0; i < 60; i++)
		run(c, i, 50 + 7 * i, i % 9 == 8 ? 4 : 3);
}

/* Detecting in both, with the thresholds of the model. */
static void detect(struct scene *c)
{
	struct fused_thresholds t;

	assert_int_equal(fused_model_calibrate(&c->model, &t), 0);
	assert_int_equal(monitor_watch_mode(c->watch, MONITOR_DETECT), 0);
	stream_begin(c, false);
	fused_stream_alarm(c->stream, &t);
}

static void turn_until(struct scene *c, int count)
{
	while (c->count < count)
		loop_turn(c->loop, true);
}

static void turn_idle(struct scene *c)
{
	for (int i = 0; i < 20; i++)
		loop_turn(c->loop, false);
}

static void one_task_learns_the_same(void **state)
{
	struct scene c;

	scene_up(&c, *state, 0);
	learn(&c);
	assert_int_equal(fixture_stats(c.watch).scored, c.model.n_samples);
	assert_int_equal(fixture_stats(c.watch).bags, bosc_db_size(c.model.bags));
	detect(&c);
	assert_same_learned(&c);
	assert_int_equal(fixture_stats(c.watch).lost, 0);
	scene_down(&c);
}

/* What goes into a profile while learning goes on. */
static void what_is_learned_can_be_read_meanwhile(void **state)
{
	struct monitor_learned l;
	struct fused_thresholds want;
	struct scene c;
	size_t pairs;

	scene_up(&c, *state, 0);
	assert_int_equal(monitor_watch_learned(c.watch, &l), 0);
	assert_int_equal(l.n_bags + l.n_pairs + l.tasks + l.graded, 0);
	monitor_learned_free(&l);
	learn(&c);
	assert_int_equal(monitor_watch_learned(c.watch, &l), 0);
	assert_int_equal(l.epochs, c.model.n_samples);
	assert_int_equal(l.n_bags, bosc_db_size(c.model.bags));
	pairs = fused_model_pairs(&c.model, NULL);
	assert_int_equal(l.n_pairs, pairs);
	for (size_t i = 0; i < pairs; i++)
		assert_int_equal(l.tasks_of[i], c.model.pairs[l.pairs[i]].tasks);
	assert_int_equal(l.tasks, c.model.tasks);
	assert_memory_equal(l.triples, c.model.triples, GRADED_TRIPLE_WORDS * sizeof(*l.triples));
	assert_int_equal(fused_model_calibrate(&c.model, &want), 0);
	assert_int_equal(l.graded, want.graded);
	assert_int_equal(l.bosc, want.bosc);
	assert_int_equal(l.scored, c.model.n_samples);
	monitor_learned_free(&l);
	monitor_learned_free(NULL);
	scene_down(&c);
}

static void what_is_far_outside_is_seen_while_learning(void **state)
{
	struct monitor_outlier o;
	struct scene c;

	scene_up(&c, *state, 0);
	learn(&c);
	assert_int_equal(monitor_watch_outlier(c.watch, 20, &o), 0);
	run(&c, 5, 400, 4);
	assert_int_equal(monitor_watch_outlier(c.watch, 20, &o), 0);
	run(&c, 6, 400, 40);
	/* Too early to say, if the policy has not seen enough yet. */
	assert_int_equal(monitor_watch_outlier(c.watch, 100000, &o), 0);
	assert_int_equal(monitor_watch_outlier(c.watch, 20, &o), 1);
	assert_true(o.graded > o.graded_limit);
	/* Once. */
	assert_int_equal(monitor_watch_outlier(c.watch, 20, &o), 0);
	scene_down(&c);
}

static void forked_tasks_learn_the_same(void **state)
{
	struct scene c;

	scene_up(&c, *state, 0);
	for (uint32_t i = 0; i < 100; i++)
		run_fork(&c, 2 + i, i, 40 + i, i % 9 == 8 ? 5 : 3);
	detect(&c);
	assert_int_equal(c.model.tasks, 101);
	assert_same_learned(&c);
	scene_down(&c);
}

/* Beyond 1,024 tasks: what fewer than one in 256 showed is not known again. */
static void rarity_is_by_tasks(void **state)
{
	struct monitor_fused *f;
	struct scene c;
	size_t rare;

	scene_up(&c, *state, 0);
	for (uint32_t i = 0; i < 1100; i++)
		run_fork(&c, 2 + i, i, 12, i % 500 == 499 ? 5 : 2);
	run(&c, 1, 200, 2); /* so that all tasks are of complete epochs */
	detect(&c);
	assert_true(fused_model_pairs(&c.model, &rare) > rare);
	assert_true(rare > 0);
	f = fused_get(c.watch);
	assert_same_known(&c, f);
	assert_int_equal(fixture_stats(c.watch).lost, 0);
	free(f);
	scene_down(&c);
}

static void many_threads_learn_the_same(void **state)
{
	enum { CALLS = 500, KINDS = 6 };
	struct monitor_fused *f;
	struct scene c;

	scene_up(&c, *state, SUBJECT_THREADS_MAX);
	subject_run(&c.subject, SUBJECT_THREADS, 0, CALLS, KINDS);
	for (uint32_t k = 0; k < SUBJECT_THREADS_MAX; k++)
		replay(&c, 2 + k, k, CALLS, KINDS);
	fused_stream_call(c.stream, 1, SYS_kill);
	assert_int_equal(fixture_stats(c.watch).calls, SUBJECT_THREADS_MAX * CALLS + 1);
	assert_int_equal(monitor_watch_mode(c.watch, MONITOR_DETECT), 0);
	f = fused_get(c.watch);
	assert_same_known(&c, f);
	assert_int_equal(fixture_stats(c.watch).lost, 0);
	free(f);
	scene_down(&c);
}

/* In steps of a few calls: after each, either both have raised the alarm or neither. */
static void verdict_comes_at_the_same_step(void **state)
{
	for (uint32_t i = 0; i < 12; i++) {
		struct scene c;
		int alarms;

		scene_up(&c, *state, 0);
		learn(&c);
		detect(&c);
		alarms = run(&c, 7, 190 + 37 * i, 3);
		for (uint32_t step = 0; alarms == 0; step++) {
			turn_idle(&c);
			assert_int_equal(c.count, 0);
			alarms = run(&c, 1000 * i + step, 1 + step % 7, step % (2 + i) ? 3 : 30);
		}
		assert_int_equal(alarms, 1);
		turn_until(&c, 1);
		scene_down(&c);
	}
}

static void verdict_names_the_epoch_and_the_part(void **state)
{
	for (uint32_t i = 0; i < 8; i++) {
		uint64_t seed = 900 + i;
		struct fused_thresholds t;
		struct scene c;
		uint64_t first;
		int alarm = 0;
		uint32_t n = 0;

		scene_up(&c, *state, 0);
		learn(&c);
		detect(&c);
		assert_int_equal(fused_model_calibrate(&c.model, &t), 0);
		first = fixture_stats(c.watch).epochs;
		assert_int_equal(run(&c, 7, 90 + 37 * i, 3), 0);
		subject_run(&c.subject, SUBJECT_CALLS, 900 + i, 3000, 30);
		for (; !alarm; n++)
			alarm = fused_stream_call(c.stream, 1, subject_call(&seed, 30));
		turn_until(&c, 1);
		assert_int_equal(c.last.epoch, first + (90 + 37 * i + 1 + n - 1) / params.epoch);
		assert_int_equal(c.last.threshold, c.last.graded ? t.graded : t.bosc);
		assert_true(c.last.mismatches > c.last.threshold);
		assert_true(c.last.mismatches <= c.last.threshold + 1 + GRADED_PAIR_WEIGHT);
		scene_down(&c);
	}
}

static void known_behaviour_raises_nothing(void **state)
{
	struct scene c;

	scene_up(&c, *state, 0);
	learn(&c);
	detect(&c);
	for (uint32_t i = 0; i < 30; i++)
		assert_int_equal(run(&c, i, 500, 3), 0);
	turn_idle(&c);
	assert_int_equal(c.count, 0);
	scene_down(&c);
}

static void too_little_learned_is_said_and_learning_goes_on(void **state)
{
	struct monitor_fused *f = malloc(sizeof(*f));
	struct scene c;

	assert_non_null(f);
	scene_up(&c, *state, 0);
	run(&c, 1, 100 * (FUSED_EPOCHS_MIN - 2), 3);
	assert_int_equal(monitor_watch_mode(c.watch, MONITOR_DETECT), -EAGAIN);
	assert_int_equal(monitor_watch_fused_get(c.watch, f), -EAGAIN);
	learn(&c);
	detect(&c);
	assert_same_learned(&c);
	scene_down(&c);
	free(f);
}

static void without_a_profile_nothing_is_judged(void **state)
{
	struct monitor_watch *w = fixture_watch(*state, &params, NULL, NULL);

	assert_int_equal(monitor_watch_mode(w, MONITOR_DETECT), -EAGAIN);
	monitor_watch_free(w);
}

/* From one watch to another, as between nodes. */
static void profile_travels(void **state)
{
	struct monitor_watch *other;
	struct monitor_fused *f, *back;
	struct subject s;
	uint64_t *bags;
	struct scene c;
	struct err e;
	size_t n;

	scene_up(&c, *state, 0);
	learn(&c);
	detect(&c);
	f = fused_get(c.watch);
	assert_int_equal(monitor_watch_profile_get(c.watch, &bags, &n), 0);
	other = fixture_watch(*state, &params, on_verdict, &c);
	assert_int_equal(monitor_watch_fused_set(other, f, &e), 0);
	assert_int_equal(monitor_watch_profile_set(other, bags, n, &e), 0);
	back = fused_get(other);
	assert_memory_equal(back, f, sizeof(*f));
	subject_start(&s, 0);
	subject_mark(&s, other);
	assert_int_equal(monitor_watch_mode(other, MONITOR_DETECT), 0);
	subject_run(&s, SUBJECT_CALLS, 3, 3000, 3);
	turn_idle(&c);
	assert_int_equal(c.count, 0);
	subject_run(&s, SUBJECT_CALLS, 3, 3000, 30);
	turn_until(&c, 1);
	subject_stop(&s);
	monitor_watch_free(other);
	free(bags);
	free(back);
	free(f);
	scene_down(&c);
}

static void one_verdict_until_rearm(void **state)
{
	struct scene c;

	scene_up(&c, *state, 0);
	learn(&c);
	detect(&c);
	for (int i = 1; i < 5; i++) {
		/* The same calls each time: what counted before the rearm counts again. */
		subject_run(&c.subject, SUBJECT_CALLS, 3, 1000, 30);
		turn_until(&c, i);
		subject_run(&c.subject, SUBJECT_CALLS, 4, 1000, 30);
		turn_idle(&c);
		assert_int_equal(c.count, i);
		assert_int_equal(monitor_watch_rearm(c.watch), 0);
	}
	assert_int_equal(fixture_stats(c.watch).lost, 0);
	scene_down(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_task_learns_the_same, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			what_is_learned_can_be_read_meanwhile, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			what_is_far_outside_is_seen_while_learning, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(forked_tasks_learn_the_same, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(rarity_is_by_tasks, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(many_threads_learn_the_same, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(verdict_comes_at_the_same_step, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			verdict_names_the_epoch_and_the_part, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(known_behaviour_raises_nothing, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			too_little_learned_is_said_and_learning_goes_on, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			without_a_profile_nothing_is_judged, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(profile_travels, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(one_verdict_until_rearm, fixture_up, fixture_down),
	};

	fixture_need_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
