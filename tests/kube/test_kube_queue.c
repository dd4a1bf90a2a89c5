/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watchdog.h"
#include <base/buf.h>
#include <kube/queue.h>
#include <string.h>

enum { AN_HOUR_MS = 3600000 };

struct fixture {
	struct loop *loop;
	struct kube_queue *queue;
	struct buf order;
	unsigned worked;
	/* What the work does. */
	bool keep; /* does not end at once */
	unsigned fail_times;
	const char *add_again; /* adds this key while working, once */
	bool free_queue;
};

static void work(void *arg, const char *key)
{
	struct fixture *f = arg;

	f->worked++;
	buf_addf(&f->order, "%s ", key);
	if (f->add_again) {
		const char *again = f->add_again;

		f->add_again = NULL;
		kube_queue_add(f->queue, again);
		kube_queue_add(f->queue, again);
	}
	if (f->free_queue) {
		kube_queue_free(f->queue);
		f->queue = NULL;
		return;
	}
	if (f->keep)
		return;
	if (f->fail_times) {
		f->fail_times--;
		kube_queue_done(f->queue, key, false);
	} else {
		kube_queue_done(f->queue, key, true);
	}
}

static void start(struct fixture *f, unsigned parallel)
{
	f->order = BUF_INIT(65536);
	assert_int_equal(loop_new(&f->loop), 0);
	assert_int_equal(kube_queue_new(f->loop, 1, 20, parallel, work, f, &f->queue), 0);
}

static void stop(struct fixture *f)
{
	kube_queue_free(f->queue);
	loop_free(f->loop);
	buf_free(&f->order);
}

/* Runs what is due; nothing more may come of it. */
static void on_tick(void *arg)
{
	unsigned *ticks = arg;

	++*ticks;
}

static void settle(struct fixture *f)
{
	unsigned before, ticks = 0;
	struct loop_timer *tick;

	assert_int_equal(loop_timer_new(f->loop, on_tick, &ticks, &tick), 0);
	do {
		before = f->worked;
		loop_timer_start(tick, 5, 0);
		watchdog_run(f->loop, &ticks, ticks + 1);
	} while (f->worked != before);
	loop_timer_free(tick);
}

static void a_waiting_key_is_not_added_twice(void **state)
{
	struct fixture f = {0};

	(void)state;
	start(&f, 1);
	kube_queue_add(f.queue, "a");
	kube_queue_add(f.queue, "b");
	kube_queue_add(f.queue, "a");
	assert_int_equal(kube_queue_depth(f.queue), 2);
	settle(&f);
	assert_string_equal(f.order.data, "a b ");
	assert_int_equal(kube_queue_depth(f.queue), 0);
	stop(&f);
}

static void a_key_added_while_worked_on_comes_once_more(void **state)
{
	struct fixture f = {.add_again = "a"};

	(void)state;
	start(&f, 4);
	kube_queue_add(f.queue, "a");
	settle(&f);
	assert_string_equal(f.order.data, "a a ");
	stop(&f);
}

static void one_key_is_never_worked_on_twice_at_a_time(void **state)
{
	struct fixture f = {.keep = true};

	(void)state;
	start(&f, 4);
	kube_queue_add(f.queue, "a");
	settle(&f);
	kube_queue_add(f.queue, "a");
	kube_queue_add(f.queue, "a");
	settle(&f);
	assert_int_equal(f.worked, 1);
	kube_queue_done(f.queue, "a", true);
	settle(&f);
	assert_int_equal(f.worked, 2);
	kube_queue_done(f.queue, "a", true);
	settle(&f);
	assert_int_equal(f.worked, 2);
	stop(&f);
}

static void parallel_work_is_limited(void **state)
{
	struct fixture f = {.keep = true};

	(void)state;
	start(&f, 2);
	kube_queue_add(f.queue, "a");
	kube_queue_add(f.queue, "b");
	kube_queue_add(f.queue, "c");
	settle(&f);
	assert_string_equal(f.order.data, "a b ");
	assert_int_equal(kube_queue_depth(f.queue), 3);
	kube_queue_done(f.queue, "b", true);
	settle(&f);
	assert_string_equal(f.order.data, "a b c ");
	stop(&f);
}

static void a_failed_key_comes_again(void **state)
{
	struct fixture f = {.fail_times = 3};

	(void)state;
	start(&f, 1);
	kube_queue_add(f.queue, "a");
	watchdog_run(f.loop, &f.worked, 4);
	settle(&f);
	assert_int_equal(f.worked, 4);
	stop(&f);
}

static void a_delayed_key_comes_by_itself(void **state)
{
	struct fixture f = {0};

	(void)state;
	start(&f, 1);
	kube_queue_add_after(f.queue, "late", AN_HOUR_MS);
	kube_queue_add_after(f.queue, "soon", 2);
	watchdog_run(f.loop, &f.worked, 1);
	assert_string_equal(f.order.data, "soon ");
	assert_int_equal(kube_queue_depth(f.queue), 0);
	/* An explicit add does not wait for the delay. */
	kube_queue_add(f.queue, "late");
	watchdog_run(f.loop, &f.worked, 2);
	settle(&f);
	assert_string_equal(f.order.data, "soon late ");
	stop(&f);
}

static void the_shorter_of_two_delays_counts(void **state)
{
	struct fixture f = {0};

	(void)state;
	start(&f, 1);
	kube_queue_add_after(f.queue, "a", AN_HOUR_MS);
	kube_queue_add_after(f.queue, "a", 2);
	kube_queue_add_after(f.queue, "a", AN_HOUR_MS);
	watchdog_run(f.loop, &f.worked, 1);
	settle(&f);
	assert_int_equal(f.worked, 1);
	stop(&f);
}

static void work_that_adds_itself_does_not_stop_the_loop(void **state)
{
	struct fixture f = {.keep = true};
	unsigned before = 0;

	(void)state;
	start(&f, 1);
	kube_queue_add(f.queue, "a");
	for (unsigned i = 1; i <= 50; i++) {
		watchdog_run(f.loop, &f.worked, i);
		assert_int_equal(f.worked, before + 1);
		before = f.worked;
		kube_queue_add(f.queue, "a");
		kube_queue_done(f.queue, "a", true);
	}
	stop(&f);
}

static void a_stray_done_changes_nothing(void **state)
{
	struct fixture f = {0};

	(void)state;
	start(&f, 1);
	kube_queue_done(f.queue, "a", true);
	kube_queue_add(f.queue, "a");
	kube_queue_done(f.queue, "a", false);
	settle(&f);
	assert_int_equal(f.worked, 1);
	kube_queue_done(f.queue, "a", false);
	settle(&f);
	assert_int_equal(f.worked, 1);
	stop(&f);
}

static void the_queue_may_be_freed_by_its_work(void **state)
{
	struct fixture f = {.free_queue = true};

	(void)state;
	start(&f, 2);
	kube_queue_add(f.queue, "a");
	kube_queue_add(f.queue, "b");
	watchdog_run(f.loop, &f.worked, 1);
	assert_null(f.queue);
	assert_string_equal(f.order.data, "a ");
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_waiting_key_is_not_added_twice),
		cmocka_unit_test(a_key_added_while_worked_on_comes_once_more),
		cmocka_unit_test(one_key_is_never_worked_on_twice_at_a_time),
		cmocka_unit_test(parallel_work_is_limited),
		cmocka_unit_test(a_failed_key_comes_again),
		cmocka_unit_test(a_delayed_key_comes_by_itself),
		cmocka_unit_test(the_shorter_of_two_delays_counts),
		cmocka_unit_test(work_that_adds_itself_does_not_stop_the_loop),
		cmocka_unit_test(a_stray_done_changes_nothing),
		cmocka_unit_test(the_queue_may_be_freed_by_its_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
