/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel keeps as evidence is what user space finds over the same calls, and whose calls they were.
 */
#include "subject.h"

#include <bosc/fused.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define FOUND_MAX 4096
#define RING 16 /* what the kernel keeps of a kind */

struct seen {
	struct loop *loop;
	int count;
	struct monitor_verdict last;
};

static void on_verdict(void *arg, const struct monitor_verdict *v)
{
	struct seen *seen = arg;

	seen->count++;
	seen->last = *v;
}

static void turn_until_verdict(struct seen *seen)
{
	while (!seen->count)
		loop_turn(seen->loop, true);
}

static struct monitor_evidence *evidence_get(const struct monitor_watch *w, const struct seen *seen)
{
	struct monitor_evidence *e = malloc(sizeof(*e));

	assert_non_null(e);
	assert_int_equal(monitor_watch_evidence(w, &seen->last, e), 0);
	return e;
}

/* ---- bags with a fixed threshold ---- */

static const struct monitor_params bosc = {.window = 4, .epoch = 1000, .threshold = 12};

struct bosc_scene {
	struct seen seen;
	struct monitor_watch *watch;
	struct subject subject;
};

/* Nothing is known, so each bag is a finding. */
static void bosc_up(struct bosc_scene *c, struct fixture *f)
{
	*c = (struct bosc_scene){.seen.loop = f->loop};
	c->watch = fixture_watch(f, &bosc, on_verdict, &c->seen);
	subject_start(&c->subject, 0);
	subject_mark(&c->subject, c->watch);
	assert_int_equal(monitor_watch_mode(c->watch, MONITOR_DETECT), 0);
}

static void bosc_down(struct bosc_scene *c)
{
	subject_stop(&c->subject);
	monitor_watch_free(c->watch);
}

static bool is_of(
	const struct monitor_finding *f, enum monitor_finding_kind kind, const uint16_t *calls, size_t n)
{
	return f->kind == kind && f->n_calls == n && memcmp(f->calls, calls, n * sizeof(*calls)) == 0;
}

static const struct monitor_finding *find(
	const struct monitor_evidence *e, enum monitor_finding_kind kind, const uint16_t *calls, size_t n)
{
	for (size_t i = 0; i < e->n; i++)
		if (is_of(&e->at[i], kind, calls, n))
			return &e->at[i];
	return NULL;
}

static void bags_are_kept_with_their_calls_and_counted(void **state)
{
	static const uint16_t first[] = {480, 480, 480, 480}, last[] = {480, 480, 480, SYS_kill};
	struct monitor_evidence *e;
	struct bosc_scene c;

	bosc_up(&c, *state);
	subject_run(&c.subject, SUBJECT_CALLS, 1, 100, 1);
	turn_until_verdict(&c.seen);
	e = evidence_get(c.watch, &c.seen);
	assert_int_equal(e->n, 2);
	assert_ptr_equal(find(e, MONITOR_BAG, first, 4), &e->at[0]);
	assert_int_equal(e->at[0].count, 97);
	assert_non_null(find(e, MONITOR_BAG, last, 4));
	assert_int_equal(e->at[1].count, 1);
	assert_int_equal(e->at[0].task.pid, c.subject.pid);
	assert_string_equal(e->at[0].task.comm, "test_monitor_ev");
	assert_int_equal(e->bags, 98);
	assert_int_equal(e->bags_threshold, 12);
	assert_int_equal(c.seen.last.task.pid, c.subject.pid);
	free(e);
	bosc_down(&c);
}

/* More findings than are kept: the newest stay. */
static void the_newest_findings_stay(void **state)
{
	struct monitor_evidence *e;
	struct bosc_scene c;
	uint16_t one[4];

	bosc_up(&c, *state);
	for (uint32_t i = 1; i <= 30; i++)
		subject_run(&c.subject, SUBJECT_CALLS, 1, 4 * i, 1);
	subject_run(&c.subject, SUBJECT_CALLS, 7, 300, 30);
	turn_until_verdict(&c.seen);
	e = evidence_get(c.watch, &c.seen);
	assert_int_equal(e->n, RING);
	for (uint64_t seed = 7, i = 0; i < 300; i++) {
		memmove(one, one + 1, sizeof(one) - sizeof(one[0]));
		one[3] = (uint16_t)subject_call(&seed, 30);
		if (i >= 300 - 12 && !find(e, MONITOR_BAG, one, 4))
			fail_msg("the bag of call %d is not kept", (int)i);
	}
	free(e);
	bosc_down(&c);
}

static void a_new_epoch_and_a_rearm_forget(void **state)
{
	static const uint16_t of_before[] = {480, 480, 480, 480};
	struct monitor_evidence *e;
	struct bosc_scene c;

	bosc_up(&c, *state);
	subject_run(&c.subject, SUBJECT_CALLS, 1, 100, 1);
	turn_until_verdict(&c.seen);
	assert_int_equal(monitor_watch_rearm(c.watch), 0);
	e = evidence_get(c.watch, &c.seen);
	assert_int_equal(e->n, 0);
	free(e);
	c.seen.count = 0;
	subject_run(&c.subject, SUBJECT_EXEC, 0, 100, 490);
	turn_until_verdict(&c.seen);
	e = evidence_get(c.watch, &c.seen);
	assert_true(e->n > 0);
	assert_null(find(e, MONITOR_BAG, of_before, 4));
	free(e);
	bosc_down(&c);
}

/* ---- pairs and triples, against the reference ---- */

static const struct monitor_params fused = {.window = 10, .epoch = 100, .detector = MONITOR_FUSED};
static const struct fused_params same = {.window = 10, .epoch = 100, .form = FUSED_KERNEL};

struct found {
	enum fused_kind kind;
	uint64_t epoch, bag;
	uint32_t count;
	uint16_t calls[10];
	size_t n_calls;
};

struct fused_scene {
	struct seen seen;
	struct monitor_watch *watch;
	struct subject subject;
	struct fused_model model;
	struct fused_stream *stream;
	struct found found[FOUND_MAX]; /* by the reference, in order */
	size_t n_found;
};

static uint64_t bag_of(const struct fused_finding *f)
{
	uint64_t bag = 0;

	for (size_t i = 0; i < f->n_calls; i++)
		bag += bosc_mark(f->calls[i]);
	return bag;
}

/* Among those that are kept still: one that has given way begins anew. */
static struct found *found_again(struct fused_scene *c, const struct found *one)
{
	for (size_t i = c->n_found, kept = 0; i-- && kept < RING;) {
		struct found *f = &c->found[i];

		if (f->kind != one->kind)
			continue;
		if (f->epoch == one->epoch && f->bag == one->bag)
			return f;
		kept++;
	}
	return NULL;
}

static void on_finding(void *arg, const struct fused_finding *f)
{
	struct fused_scene *c = arg;
	struct found one = {.kind = f->kind, .epoch = f->epoch, .bag = bag_of(f), .count = 1};
	struct found *again = f->kind == FUSED_BAG ? found_again(c, &one) : NULL;

	if (again) {
		again->count++;
		return;
	}
	assert_true(c->n_found < FOUND_MAX && f->n_calls <= 10);
	one.n_calls = f->n_calls;
	memcpy(one.calls, f->calls, f->n_calls * sizeof(*f->calls));
	c->found[c->n_found++] = one;
}

static void fused_run(struct fused_scene *c, uint64_t seed, uint32_t n, uint32_t kinds)
{
	subject_run(&c->subject, SUBJECT_CALLS, seed, n, kinds);
	for (uint32_t i = 0; i < n; i++)
		assert_true(fused_stream_call(c->stream, 1, subject_call(&seed, kinds)) >= 0);
	assert_true(fused_stream_call(c->stream, 1, SYS_kill) >= 0);
}

static struct fused_scene *fused_up(struct fixture *f)
{
	struct fused_scene *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->seen.loop = f->loop;
	assert_int_equal(fused_model_init(&c->model, &same), 0);
	assert_int_equal(fused_stream_new(&c->model, true, &c->stream), 0);
	c->watch = fixture_watch(f, &fused, on_verdict, &c->seen);
	subject_start(&c->subject, 0);
	subject_mark(&c->subject, c->watch);
	assert_int_equal(monitor_watch_mode(c->watch, MONITOR_LEARN), 0);
	for (uint32_t i = 0; i < 40; i++)
		fused_run(c, i, 99, 3);
	fused_stream_free(c->stream);
	assert_int_equal(fused_stream_new(&c->model, false, &c->stream), 0);
	fused_stream_observe(c->stream, on_finding, c);
	assert_int_equal(monitor_watch_mode(c->watch, MONITOR_DETECT), 0);
	return c;
}

static void fused_down(struct fused_scene *c)
{
	subject_stop(&c->subject);
	monitor_watch_free(c->watch);
	fused_stream_free(c->stream);
	fused_model_free(&c->model);
	free(c);
}

static void expect_one(const struct monitor_evidence *e, const struct found *f, uint64_t epoch)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->at[i].epoch == epoch &&
			is_of(&e->at[i], (enum monitor_finding_kind)f->kind, f->calls, f->n_calls)) {
			assert_int_equal(e->at[i].count, f->count);
			return;
		}
	fail_msg("a finding of kind %d in epoch %d is not kept", (int)f->kind, (int)epoch);
}

/* Of the newest RING of a kind, those that are not older than the verdict's epochs. */
static size_t expect_kind(const struct fused_scene *c, const struct monitor_evidence *e, enum fused_kind kind,
	uint64_t first_epoch, uint64_t offset)
{
	size_t kept = 0, expected = 0;

	for (size_t i = c->n_found; i-- && kept < RING;) {
		const struct found *f = &c->found[i];

		if (f->kind != kind)
			continue;
		kept++;
		if (f->epoch + offset < first_epoch)
			continue;
		expected++;
		expect_one(e, f, f->epoch + offset);
	}
	return expected;
}

static void findings_are_those_of_the_reference(void **state)
{
	for (uint32_t i = 0; i < 6; i++) {
		struct fused_scene *c = fused_up(*state);
		uint64_t offset = 40, epoch, older;
		struct monitor_evidence *e;
		size_t n;

		fused_run(c, 500 + i, 130, 3);
		fused_run(c, 600 + i, 100 + 37 * i, 5 + i);
		turn_until_verdict(&c->seen);
		epoch = c->seen.last.epoch;
		older = epoch - (GRADED_RING - 1);
		e = evidence_get(c->watch, &c->seen);
		n = expect_kind(c, e, FUSED_PAIR, older, offset) +
		    expect_kind(c, e, FUSED_TRIPLE, older, offset) +
		    expect_kind(c, e, FUSED_BAG, epoch, offset);
		assert_int_equal(e->n, n);
		assert_true(e->n > 0 && e->at[0].kind == MONITOR_PAIR);
		assert_true(e->graded > e->graded_threshold || e->bags > e->bags_threshold);
		free(e);
		fused_down(c);
	}
}

/* ---- whose calls ---- */

/* The subject's own pid namespace: its first process cannot stop itself, so that is another one. */
struct pidns {
	pid_t init;
	int before;
};

static void pidns_enter(struct pidns *ns)
{
	ns->before = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	assert_true(ns->before >= 0);
	assert_int_equal(unshare(CLONE_NEWPID), 0);
	ns->init = fork();
	assert_true(ns->init >= 0);
	if (ns->init == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
}

static void pidns_leave(const struct pidns *ns)
{
	assert_int_equal(setns(ns->before, CLONE_NEWPID), 0);
	close(ns->before);
}

static void pidns_end(const struct pidns *ns)
{
	kill(ns->init, SIGKILL);
	waitpid(ns->init, NULL, 0);
}

static void the_process_is_named_as_its_container_does(void **state)
{
	static const uint16_t strange[] = {490, 490, 490, 490};
	const struct monitor_finding *f;
	struct monitor_evidence *e;
	struct bosc_scene c;
	struct pidns ns;

	pidns_enter(&ns);
	bosc_up(&c, *state);
	pidns_leave(&ns);
	subject_run(&c.subject, SUBJECT_SPAWN, 0, 300, 490);
	turn_until_verdict(&c.seen);
	e = evidence_get(c.watch, &c.seen);
	f = find(e, MONITOR_BAG, strange, 4);
	assert_non_null(f);
	assert_int_equal(f->count, 297);
	assert_int_equal(f->task.pid, 3);
	assert_string_equal(f->task.comm, "exe");
	assert_true(f->task.our_pid > 3);
	free(e);
	bosc_down(&c);
	pidns_end(&ns);
}

static void the_executable_of_a_living_process(void **state)
{
	char path[512], mine[512] = "";
	struct monitor_task stranger;
	struct bosc_scene c;
	struct pidns ns;

	pidns_enter(&ns);
	bosc_up(&c, *state);
	pidns_leave(&ns);
	subject_run(&c.subject, SUBJECT_EXEC, 0, 100, 490);
	turn_until_verdict(&c.seen);
	assert_int_equal(c.seen.last.task.pid, 2);
	assert_int_equal(c.seen.last.task.our_pid, c.subject.pid);
	assert_true(readlink("/proc/self/exe", mine, sizeof(mine) - 1) > 0);
	assert_int_equal(monitor_task_executable(&c.seen.last.task, path, sizeof(path)), 0);
	assert_string_equal(path, mine);
	stranger = c.seen.last.task;
	stranger.start_ns += 1000000000;
	assert_int_equal(monitor_task_executable(&stranger, path, sizeof(path)), -ESRCH);
	assert_string_equal(path, "");
	bosc_down(&c);
	pidns_end(&ns);
	assert_int_equal(monitor_task_executable(&c.seen.last.task, path, sizeof(path)), -ESRCH);
}

int main(int argc, char **argv)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_up, fixture_down)
	const struct CMUnitTest tests[] = {
		CASE(bags_are_kept_with_their_calls_and_counted),
		CASE(the_newest_findings_stay),
		CASE(a_new_epoch_and_a_rearm_forget),
		CASE(findings_are_those_of_the_reference),
		CASE(the_process_is_named_as_its_container_does),
		CASE(the_executable_of_a_living_process),
	};

	subject_exec_main(argc, argv);
	fixture_need_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
