/* SPDX-License-Identifier: Apache-2.0 */
/* `kubectl-escape simulate --play` and `--study`, the program itself: seeded, whatever the threads; what it
 * refuses. */
#include "simulate.h"

#define SMALL " --plays 300 --steps 20"

static void test_play_names_every_strategy(void **state)
{
	static const char *const NAMES[] = {"| static |", "| random |", "| farthest |", "| predator-prey |",
		"| equation-2 |", "| oracle |"};
	auto_buf struct buf out = BUF_INIT(OUTPUT_MAX);

	(void)state;
	assert_int_equal(simulate("--play all --topology lattice:5x5" SMALL, &out), 0);
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
		assert_non_null(strstr(out.data, NAMES[i]));
	assert_int_equal(simulate("--play static,oracle" SMALL, &out), 0);
	assert_non_null(strstr(out.data, "| static |"));
	assert_non_null(strstr(out.data, "| oracle |"));
	assert_null(strstr(out.data, "| random |"));
}

static void test_the_same_seed_is_the_same_result(void **state)
{
	static const char *const GAMES[] = {"--play all --td 0.3 --capacity 6 --rate 0.1" SMALL,
		"--play all --topology lattice:6x5 --format csv" SMALL, "--study strategies --plays 60"};
	auto_buf struct buf one = BUF_INIT(OUTPUT_MAX), other = BUF_INIT(OUTPUT_MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(GAMES); i++)
		for (int seed = 1; seed <= 2; seed++) {
			auto_free char *a = str_dup_fmt("%s --seed 1 --threads 1", GAMES[i]);
			auto_free char *b = str_dup_fmt("%s --seed %d --threads 3", GAMES[i], seed);

			assert_int_equal(simulate(a, &one), 0);
			assert_int_equal(simulate(b, &other), 0);
			assert_true(!strcmp(one.data, other.data) == (seed == 1));
		}
}

/* Columns, and a survival that starts at 1 and only falls. */
static void test_csv_of_a_play(void **state)
{
	auto_buf struct buf out = BUF_INIT(OUTPUT_MAX);
	double last = 1;
	char *line;

	(void)state;
	assert_int_equal(simulate("--play random --format csv" SMALL, &out), 0);
	line = strtok(out.data, "\n");
	assert_string_equal(line, "figure,series,t,p");
	for (int t = 0; t <= 20; t++) {
		auto_free char *start = str_dup_fmt("play,random,%d,", t);
		double p;

		line = strtok(NULL, "\n");
		assert_true(line && str_starts(line, start));
		p = strtod(line + strlen(start), NULL);
		assert_true(p <= last && p >= 0 && (t || p == 1));
		last = p;
	}
	assert_null(strtok(NULL, "\n"));
}

static void test_studies_answer(void **state)
{
	static const char *const STUDIES[][2] = {
		{"static", "pi t / ln t"},
		{"evasive", "With 2 attackers the lazy prey was caught 0 times"},
		{"strategies", "predator-prey moves when"},
		{"weights", "weight 1000"},
	};
	auto_buf struct buf out = BUF_INIT(OUTPUT_MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(STUDIES); i++) {
		auto_free char *args = str_dup_fmt("--study %s --plays 40", STUDIES[i][0]);

		assert_int_equal(simulate(args, &out), 0);
		assert_non_null(strstr(out.data, STUDIES[i][1]));
		assert_null(strstr(out.data, "nan"));
	}
}

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *args;
		int code;
		const char *says;
	} WRONG[] = {
		{"--play nobody", 2, "expected static, random"},
		{"--play ''", 2, "expected static, random"},
		{"--play static,", 2, "expected static, random"},
		{"--study everything", 2, "expected static, evasive"},
		{"--play all --figure 4", 2, "exclude each other"},
		{"--play all --td -1", 2, "expected a number from 0"},
		{"--play all --td nan", 2, "expected a number from 0"},
		{"--play all --td 1x", 2, "expected a number from 0"},
		{"--play all --stay 2", 2, "expected a number from 0 to 1"},
		{"--play all --plays 0", 2, "expected 1 to"},
		{"--play all --steps 1001", 2, "expected 2 to 1000"},
		{"--play all --topology ring:7", 1, "expected lattice:"},
		{"--play all --topology lattice:5x5x5", 1, "expected lattice:"},
		{"--play all --topology zones:0x1x1", 1, "expected lattice:"},
		{"--play all --topology zones:9x99x999", 1, "expected lattice:"},
		{"--play all --topology lattice:999x999", 1, "must be 2 to 2048"},
		{"--play all --topology lattice:2x9", 1, "each side must be"},
		{"--play all --topology lattice:3x3 --hacked 9", 1, "fewer than the hosts"},
	};
	auto_buf struct buf out = BUF_INIT(OUTPUT_MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
		int code = simulate(WRONG[i].args, &out);

		if (code != WRONG[i].code || !strstr(out.data, WRONG[i].says))
			fail_msg("%s: %d, %s", WRONG[i].args, code, out.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_play_names_every_strategy),
		cmocka_unit_test(test_the_same_seed_is_the_same_result),
		cmocka_unit_test(test_csv_of_a_play),
		cmocka_unit_test(test_studies_answer),
		cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
