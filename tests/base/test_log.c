/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/cleanup.h>
#include <base/log.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

#define CAUGHT_MAX 16384

static int catch_pipe[2];
static int real_stderr;

static int catch_start(void **state)
{
	(void)state;
	real_stderr = dup(STDERR_FILENO);
	return pipe(catch_pipe) == 0 && dup2(catch_pipe[1], STDERR_FILENO) >= 0 ? 0 : -1;
}

static int catch_stop(void **state)
{
	(void)state;
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(catch_pipe[0]);
	close(catch_pipe[1]);
	log_set_level(LOG_INFO_);
	return 0;
}

/* What has been logged since, without the time stamp in front; a mark of our own ends the reading. */
static void caught(char dst[static CAUGHT_MAX])
{
	size_t len = 0;

	assert_int_equal(write(catch_pipe[1], "\x01", 1), 1);
	do
		assert_int_equal(read(catch_pipe[0], dst + len, 1), 1);
	while (dst[len++] != '\x01' && len < CAUGHT_MAX);
	dst[len - 1] = '\0';
}

static const char *after_ts(const char *line)
{
	assert_true(str_starts(line, "ts=20"));
	return strchr(line, ' ') + 1;
}

static void one_line_with_pairs(void **state)
{
	char text[CAUGHT_MAX];

	(void)state;
	log_info("pod marked", "pod", "a-1", "node", NULL, "why", "said so");
	caught(text);
	assert_string_equal(
		after_ts(text), "level=info msg=\"pod marked\" pod=a-1 node=\"\" why=\"said so\"\n");
}

static void values_cannot_forge_lines(void **state)
{
	char text[CAUGHT_MAX];

	(void)state;
	log_warn("x", "v", "a\nts=1 level=error\t\x1b[31m\"\\\x7f\xff\xc2\x9b");
	caught(text);
	assert_string_equal(after_ts(text),
		"level=warn msg=x v=\"a\\nts=1 level=error\\t\\x1b[31m\\\"\\\\\\x7f\\xff\\xc2\\x9b\"\n");
}

static void text_stays_text(void **state)
{
	char text[CAUGHT_MAX];

	(void)state;
	log_error("x", "a", "\xc3\xa4\xe2\x82\xac", "b", "k=v");
	caught(text);
	assert_string_equal(after_ts(text), "level=error msg=x a=\"\xc3\xa4\xe2\x82\xac\" b=\"k=v\"\n");
}

static void long_lines_are_cut_and_say_so(void **state)
{
	char text[CAUGHT_MAX], big[6000];

	(void)state;
	memset(big, '\n', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_info("x", "big", big, "more", "no");
	caught(text);
	assert_true(strlen(text) <= 4096);
	assert_string_equal(text + strlen(text) - 13, "\\n\" cut=true\n");
	memset(big, 'a', sizeof(big) - 1);
	log_info("x", "big", big, "more", "no");
	caught(text);
	assert_true(strlen(text) <= 4096);
	assert_string_equal(text + strlen(text) - 10, " cut=true\n");
}

static void level_is_a_threshold(void **state)
{
	char text[CAUGHT_MAX];
	enum log_level level = LOG_INFO_;

	(void)state;
	log_debug("quiet");
	assert_int_equal(log_level_parse("error", &level), 0);
	log_set_level(level);
	log_warn("quiet");
	assert_int_equal(log_level_parse("debug", &level), 0);
	log_set_level(level);
	log_debug("loud");
	caught(text);
	assert_string_equal(after_ts(text), "level=debug msg=loud\n");
	assert_int_equal(log_level_parse("loud", &level), -EINVAL);
	assert_int_equal(log_level_parse(NULL, &level), -EINVAL);
	assert_int_equal(level, LOG_DEBUG_);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_line_with_pairs, catch_start, catch_stop),
		cmocka_unit_test_setup_teardown(values_cannot_forge_lines, catch_start, catch_stop),
		cmocka_unit_test_setup_teardown(text_stays_text, catch_start, catch_stop),
		cmocka_unit_test_setup_teardown(long_lines_are_cut_and_say_so, catch_start, catch_stop),
		cmocka_unit_test_setup_teardown(level_is_a_threshold, catch_start, catch_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
