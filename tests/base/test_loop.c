/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <errno.h>
#include <fcntl.h>
#include <loop/loop.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

struct seen {
	struct loop *loop;
	struct loop_timer *timer;
	struct loop_poll *poll;
	struct loop_signal *signal;
	int fd;
	int calls;
	int events;
	pthread_t thread;
};

static int setup(void **state)
{
	struct seen *s = calloc(1, sizeof(*s));

	*state = s;
	return s ? loop_new(&s->loop) : -1;
}

static int teardown(void **state)
{
	struct seen *s = *state;

	loop_free(s->loop);
	free(s);
	return 0;
}

static void count(void *arg)
{
	struct seen *s = arg;

	s->calls++;
}

static void count_and_stop_at_three(void *arg)
{
	struct seen *s = arg;

	if (++s->calls == 3)
		loop_timer_stop(s->timer);
}

static void timer_fires_once(void **state)
{
	struct seen *s = *state;

	assert_int_equal(loop_timer_new(s->loop, count, s, &s->timer), 0);
	assert_false(loop_timer_active(s->timer));
	assert_int_equal(loop_timer_start(s->timer, 0, 0), 0);
	assert_true(loop_timer_active(s->timer));
	assert_int_equal(loop_run(s->loop), 0);
	assert_int_equal(s->calls, 1);
	assert_false(loop_timer_active(s->timer));
	loop_timer_free(s->timer);
	loop_timer_free(NULL);
}

static void timer_repeats_until_stopped(void **state)
{
	struct seen *s = *state;

	assert_int_equal(loop_timer_new(s->loop, count_and_stop_at_three, s, &s->timer), 0);
	assert_int_equal(loop_timer_start(s->timer, 1, 1), 0);
	assert_int_equal(loop_run(s->loop), 0);
	assert_int_equal(s->calls, 3);
	loop_timer_free(s->timer);
}

static void restarting_replaces_the_old_time(void **state)
{
	struct seen *s = *state;

	assert_int_equal(loop_timer_new(s->loop, count, s, &s->timer), 0);
	assert_int_equal(loop_timer_start(s->timer, UINT64_C(3600) * 1000, 0), 0);
	assert_int_equal(loop_timer_start(s->timer, 1, 0), 0);
	assert_int_equal(loop_run(s->loop), 0);
	assert_int_equal(s->calls, 1);
	loop_timer_free(s->timer);
}

static void free_in_callback(void *arg)
{
	struct seen *s = arg;

	s->calls++;
	loop_timer_free(s->timer);
}

static void timer_may_free_itself(void **state)
{
	struct seen *s = *state;

	assert_int_equal(loop_timer_new(s->loop, free_in_callback, s, &s->timer), 0);
	assert_int_equal(loop_timer_start(s->timer, 1, 1), 0);
	assert_int_equal(loop_run(s->loop), 0);
	assert_int_equal(s->calls, 1);
}

static void start_again_at_once(void *arg)
{
	struct seen *s = arg;

	if (++s->calls < 1000)
		assert_int_equal(loop_timer_start(s->timer, 0, 0), 0);
}

/* One that always starts itself with no delay leaves the other events their turn. */
static void zero_delay_does_not_starve(void **state)
{
	struct seen *s = *state;

	assert_int_equal(loop_timer_new(s->loop, start_again_at_once, s, &s->timer), 0);
	assert_int_equal(loop_timer_start(s->timer, 0, 0), 0);
	loop_turn(s->loop, true);
	assert_in_range(s->calls, 0, 10);
	loop_timer_free(s->timer);
}

static void soon_again(void *arg)
{
	struct seen *s = arg;

	if (++s->calls == 1)
		assert_int_equal(loop_soon(s->loop, soon_again, s), 0);
}

static void soon_runs_on_the_next_turn(void **state)
{
	struct seen *s = *state;

	assert_int_equal(loop_soon(s->loop, soon_again, s), 0);
	assert_int_equal(s->calls, 0);
	loop_turn(s->loop, false);
	assert_int_equal(s->calls, 1);
	loop_turn(s->loop, false);
	assert_int_equal(s->calls, 2);
	loop_turn(s->loop, false);
	assert_int_equal(s->calls, 2);
}

static void order_add(void *arg)
{
	static int next;
	int *slot = arg;

	*slot = ++next;
}

static void soons_keep_their_order(void **state)
{
	struct seen *s = *state;
	int slots[3] = {0};

	for (size_t i = 0; i < ARRAY_LEN(slots); i++)
		assert_int_equal(loop_soon(s->loop, order_add, &slots[i]), 0);
	assert_int_equal(loop_run(s->loop), 0);
	assert_true(slots[0] < slots[1] && slots[1] < slots[2]);
}

static void stop_from_callback(void *arg)
{
	struct seen *s = arg;

	s->calls++;
	loop_stop(s->loop);
}

static void stop_ends_run_with_things_active(void **state)
{
	struct seen *s = *state;

	assert_int_equal(loop_timer_new(s->loop, count, s, &s->timer), 0);
	assert_int_equal(loop_timer_start(s->timer, UINT64_C(3600) * 1000, 0), 0);
	assert_int_equal(loop_soon(s->loop, stop_from_callback, s), 0);
	assert_int_equal(loop_run(s->loop), 0);
	assert_int_equal(s->calls, 1);
	assert_true(loop_timer_active(s->timer));
	loop_timer_free(s->timer);
}

static void on_events(void *arg, int events)
{
	struct seen *s = arg;
	char c;

	s->calls++;
	s->events |= events;
	if (events & LOOP_READ && read(s->fd, &c, 1) <= 0)
		loop_poll_set(s->poll, 0);
	if (events & LOOP_WRITE || events & LOOP_HUP)
		loop_poll_set(s->poll, 0);
}

static void poll_tells_readable_and_hangup(void **state)
{
	struct seen *s = *state;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	s->fd = fds[0];
	assert_int_equal(loop_poll_new(s->loop, fds[0], LOOP_READ, on_events, s, &s->poll), 0);
	loop_turn(s->loop, false);
	assert_int_equal(s->calls, 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	loop_turn(s->loop, false);
	assert_int_equal(s->events, LOOP_READ);
	assert_int_equal(loop_poll_set(s->poll, LOOP_HUP), 0);
	loop_turn(s->loop, false);
	assert_int_equal(s->events, LOOP_READ);
	close(fds[1]);
	loop_turn(s->loop, false);
	assert_true(s->events & LOOP_HUP);
	loop_poll_free(s->poll);
	loop_poll_free(NULL);
	close(fds[0]);
}

static void poll_tells_writable(void **state)
{
	struct seen *s = *state;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(loop_poll_new(s->loop, fds[1], LOOP_WRITE, on_events, s, &s->poll), 0);
	assert_int_equal(loop_run(s->loop), 0); /* the callback switches the poll off */
	assert_int_equal(s->events, LOOP_WRITE);
	assert_true(fcntl(fds[1], F_GETFL) & O_NONBLOCK);
	loop_poll_free(s->poll);
	close(fds[0]);
	close(fds[1]);
}

/* The reader of a pipe is gone: an error on the fd, told as all its events and a hang-up. */
static void poll_tells_errors_once(void **state)
{
	struct seen *s = *state;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	close(fds[0]);
	assert_int_equal(loop_poll_new(s->loop, fds[1], LOOP_WRITE, on_events, s, &s->poll), 0);
	assert_int_equal(loop_run(s->loop), 0);
	assert_int_equal(s->events, LOOP_WRITE | LOOP_HUP);
	assert_int_equal(s->calls, 1);
	loop_poll_free(s->poll);
	close(fds[1]);
}

static void poll_refuses_files_and_bad_fds(void **state)
{
	struct seen *s = *state;
	auto_close int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_int_equal(loop_poll_new(s->loop, file, LOOP_READ, on_events, s, &s->poll), -EPERM);
	assert_int_equal(loop_poll_new(s->loop, -1, LOOP_READ, on_events, s, &s->poll), -EBADF);
	assert_null(s->poll);
}

static void poll_free_in_callback(void *arg, int events)
{
	struct seen *s = arg;

	(void)events;
	s->calls++;
	loop_poll_free(s->poll);
}

static void poll_may_free_itself(void **state)
{
	struct seen *s = *state;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(loop_poll_new(s->loop, fds[1], LOOP_WRITE, poll_free_in_callback, s, &s->poll), 0);
	assert_int_equal(loop_run(s->loop), 0);
	assert_int_equal(s->calls, 1);
	close(fds[0]);
	close(fds[1]);
}

static void on_signal(void *arg, int signum)
{
	struct seen *s = arg;

	s->calls++;
	s->events = signum;
	loop_signal_free(s->signal);
}

static void signals_arrive(void **state)
{
	struct seen *s = *state;

	assert_int_equal(loop_signal_new(s->loop, SIGUSR1, on_signal, s, &s->signal), 0);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(loop_run(s->loop), 0);
	assert_int_equal(s->calls, 1);
	assert_int_equal(s->events, SIGUSR1);
	loop_signal_free(NULL);
	assert_int_equal(loop_signal_new(s->loop, SIGKILL, on_signal, s, &s->signal), -EINVAL);
}

static void work_elsewhere(void *arg)
{
	struct seen *s = arg;

	s->thread = pthread_self();
}

static void work_is_done_here(void **state)
{
	struct seen *s = *state;

	assert_int_equal(loop_work(s->loop, work_elsewhere, count, s), 0);
	assert_int_equal(s->calls, 0);
	assert_int_equal(loop_run(s->loop), 0);
	assert_int_equal(s->calls, 1);
	assert_false(pthread_equal(s->thread, pthread_self()));
}

/* The owner of a timer is freed by the last of its work, while the loop goes. */
static void free_owner(void *arg)
{
	struct seen *s = arg;
	struct loop_timer *never;

	loop_timer_free(s->timer);
	assert_int_equal(loop_soon(s->loop, count, s), -ESHUTDOWN);
	assert_int_equal(loop_timer_new(s->loop, count, s, &never), -ESHUTDOWN);
	assert_int_equal(loop_work(s->loop, count, count, s), -ESHUTDOWN);
	free(s);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void free_closes_what_is_left(void **state)
{
	struct seen *owner = calloc(1, sizeof(*owner)), lost = {0};
	struct loop_poll *poll;
	struct loop_timer *timer;
	struct loop_signal *sig;
	int fds[2];

	(void)state;
	assert_non_null(owner);
	loop_free(NULL);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(loop_new(&owner->loop), 0);
	assert_int_equal(loop_timer_new(owner->loop, count, owner, &owner->timer), 0);
	assert_int_equal(loop_timer_start(owner->timer, 1, 1), 0);
	assert_int_equal(loop_timer_new(owner->loop, count, &lost, &timer), 0);
	assert_int_equal(loop_timer_start(timer, 1, 1), 0);
	assert_int_equal(loop_poll_new(owner->loop, fds[1], LOOP_WRITE, on_events, &lost, &poll), 0);
	assert_int_equal(loop_signal_new(owner->loop, SIGUSR2, on_signal, &lost, &sig), 0);
	assert_int_equal(loop_soon(owner->loop, count, &lost), 0);
	assert_int_equal(loop_work(owner->loop, nothing, free_owner, owner), 0);
	loop_free(owner->loop);
	assert_int_equal(lost.calls, 0);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
#define IN_LOOP(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		IN_LOOP(timer_fires_once),
		IN_LOOP(timer_repeats_until_stopped),
		IN_LOOP(restarting_replaces_the_old_time),
		IN_LOOP(timer_may_free_itself),
		IN_LOOP(zero_delay_does_not_starve),
		IN_LOOP(soon_runs_on_the_next_turn),
		IN_LOOP(soons_keep_their_order),
		IN_LOOP(stop_ends_run_with_things_active),
		IN_LOOP(poll_tells_readable_and_hangup),
		IN_LOOP(poll_tells_writable),
		IN_LOOP(poll_tells_errors_once),
		IN_LOOP(poll_refuses_files_and_bad_fds),
		IN_LOOP(poll_may_free_itself),
		IN_LOOP(signals_arrive),
		IN_LOOP(work_is_done_here),
		cmocka_unit_test(free_closes_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
