/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <loop/loop.h>
#include <signal.h>
#include <string.h>

struct ended {
	int calls;
	int exit_code;
	char output[4096];
	size_t len;
};

static void on_done(void *arg, int exit_code, const char *output, size_t len)
{
	struct ended *e = arg;

	e->calls++;
	e->exit_code = exit_code;
	e->len = len;
	assert_true(len < sizeof(e->output));
	memcpy(e->output, output, len + 1);
}

static int setup(void **state)
{
	return loop_new((struct loop **)(void *)state);
}

static int teardown(void **state)
{
	loop_free(*state);
	return 0;
}

static void run(struct loop *l, const char *script, const struct loop_spawn *how, struct ended *e)
{
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	struct loop_spawn s = how ? *how : (struct loop_spawn){.max_output = 1000};

	s.argv = argv;
	assert_int_equal(loop_spawn(l, &s, on_done, e), 0);
	assert_int_equal(e->calls, 0);
	assert_int_equal(loop_run(l), 0);
	assert_int_equal(e->calls, 1);
}

static void output_and_exit_code(void **state)
{
	struct ended e = {0};

	run(*state, "echo out; echo err >&2; exit 3", NULL, &e);
	assert_int_equal(e.exit_code, 3);
	assert_string_equal(e.output, "out\nerr\n");
}

static void silence_is_an_empty_string(void **state)
{
	struct ended e = {0};

	run(*state, "exit 0", NULL, &e);
	assert_int_equal(e.exit_code, 0);
	assert_int_equal(e.len, 0);
	assert_string_equal(e.output, "");
}

static void stdin_is_empty(void **state)
{
	struct ended e = {0};

	run(*state, "cat; echo end", NULL, &e);
	assert_string_equal(e.output, "end\n");
}

static void a_signal_is_128_and_more(void **state)
{
	struct ended e = {0};

	run(*state, "kill -TERM $$", NULL, &e);
	assert_int_equal(e.exit_code, 128 + SIGTERM);
}

static void environment_and_directory(void **state)
{
	const char *const env[] = {"GREETING=hello", NULL};
	const struct loop_spawn how = {.env = env, .cwd = "/", .max_output = 1000};
	struct ended e = {0};

	run(*state, "echo \"$GREETING $HOME\"; pwd", &how, &e);
	assert_string_equal(e.output, "hello \n/\n");
}

/* More than a pipe holds: the rest is read and dropped, so that the child can go on to its end. */
static void output_is_capped(void **state)
{
	const struct loop_spawn how = {.max_output = 10};
	struct ended e = {0};

	run(*state, "head -c 300000 /dev/zero | tr '\\0' x; exit 5", &how, &e);
	assert_int_equal(e.exit_code, 5);
	assert_string_equal(e.output, "xxxxxxxxxx");
	e = (struct ended){0};
	run(*state, "echo x", &(const struct loop_spawn){.max_output = 0}, &e);
	assert_string_equal(e.output, "");
}

/* Also what the child has started goes: here the shell waits for a sleep of its own. */
static void deadline_kills_the_group(void **state)
{
	const struct loop_spawn how = {.deadline_ms = 100, .max_output = 1000};
	struct ended e = {0};

	run(*state, "echo begun; sleep 600; echo never", &how, &e);
	assert_int_equal(e.exit_code, 128 + SIGKILL);
	assert_true(e.len == 0 || str_eq(e.output, "begun\n"));
}

static void in_time_the_deadline_is_nothing(void **state)
{
	const struct loop_spawn how = {.deadline_ms = 60000, .max_output = 1000};
	struct ended e = {0};

	run(*state, "exit 0", &how, &e);
	assert_int_equal(e.exit_code, 0);
}

/* A daemon that keeps the pipe does not keep the caller: done comes with the child's own end. */
static void daemons_do_not_hold_it_up(void **state)
{
	struct ended e = {0};
	int64_t pid;

	run(*state, "setsid sleep 600 & echo $!", NULL, &e);
	assert_int_equal(e.exit_code, 0);
	e.output[e.len - 1] = '\0';
	assert_int_equal(str_parse_i64(e.output, 2, INT32_MAX, &pid), 0);
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
}

static void what_cannot_start_is_told_at_once(void **state)
{
	const char *const argv[] = {"/nonexistent/program", NULL};
	const struct loop_spawn s = {.argv = argv, .deadline_ms = 1000};
	const char *const sh[] = {"/bin/sh", NULL};
	const struct loop_spawn nowhere = {.argv = sh, .cwd = "/nonexistent"};
	struct ended e = {0};

	assert_int_equal(loop_spawn(*state, &s, on_done, &e), -ENOENT);
	assert_int_equal(loop_spawn(*state, &nowhere, on_done, &e), -ENOENT);
	assert_int_equal(loop_run(*state), 0);
	assert_int_equal(e.calls, 0);
}

static void many_at_once(void **state)
{
	const char *const argv[] = {"/bin/sh", "-c", "echo x; exit 7", NULL};
	const struct loop_spawn s = {.argv = argv, .max_output = 100};
	struct ended e[20] = {0};

	for (size_t i = 0; i < ARRAY_LEN(e); i++)
		assert_int_equal(loop_spawn(*state, &s, on_done, &e[i]), 0);
	assert_int_equal(loop_run(*state), 0);
	for (size_t i = 0; i < ARRAY_LEN(e); i++) {
		assert_int_equal(e[i].calls, 1);
		assert_int_equal(e[i].exit_code, 7);
		assert_string_equal(e[i].output, "x\n");
	}
}

static void freeing_the_loop_ends_children(void **state)
{
	const char *const argv[] = {"/bin/sh", "-c", "sleep 600", NULL};
	const struct loop_spawn s = {.argv = argv, .deadline_ms = 600000};
	struct ended e = {0};
	struct loop *l;

	(void)state;
	assert_int_equal(loop_new(&l), 0);
	assert_int_equal(loop_spawn(l, &s, on_done, &e), 0);
	loop_free(l);
	assert_int_equal(e.calls, 1);
	assert_int_equal(e.exit_code, 128 + SIGKILL);
}

int main(void)
{
#define IN_LOOP(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		IN_LOOP(output_and_exit_code),
		IN_LOOP(silence_is_an_empty_string),
		IN_LOOP(stdin_is_empty),
		IN_LOOP(a_signal_is_128_and_more),
		IN_LOOP(environment_and_directory),
		IN_LOOP(output_is_capped),
		IN_LOOP(deadline_kills_the_group),
		IN_LOOP(in_time_the_deadline_is_nothing),
		IN_LOOP(daemons_do_not_hold_it_up),
		IN_LOOP(what_cannot_start_is_told_at_once),
		IN_LOOP(many_at_once),
		cmocka_unit_test(freeing_the_loop_ends_children),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
