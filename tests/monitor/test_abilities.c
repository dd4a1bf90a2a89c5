/* SPDX-License-Identifier: Apache-2.0 */
/* What the trials say agrees with what the monitor itself finds. */
#include "subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node-agent/monitor/abilities.h"

static int error_of(const struct monitor_ability *all, const char *name)
{
	for (size_t i = 0; i < MONITOR_ABILITIES; i++)
		if (!strcmp(all[i].name, name))
			return all[i].error;
	fail_msg("%s was not tried", name);
	return 0;
}

/* The monitor stands here (the others of this folder need it), so what it is made of works. */
static void test_agrees(void **state)
{
	static const char *const needed[] = {
		"btf", "bpfRingbuf", "bpfTaskStorage", "bpfTracepointBtf", "bpfTaskIter"};
	struct monitor_ability all[MONITOR_ABILITIES];

	(void)state;
	monitor_abilities(all);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (error_of(all, needed[i]))
			fail_msg("%s: %s", needed[i], strerror(-error_of(all, needed[i])));
	for (size_t i = 0; i < MONITOR_ABILITIES; i++) {
		printf("%s: %s\n", all[i].name, all[i].error ? strerror(-all[i].error) : "yes");
		assert_true(all[i].error <= 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees),
	};

	fixture_need_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
