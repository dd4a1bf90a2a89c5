/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo's client:
 *   demo-client run HOST PORT LOG INTERVAL_MS [RECONNECT_EVERY [IDLE_MS [ANSWER_MS]]]
 *           asks `ADD` all the time over one connection, reconnects when it breaks, or an answer takes
 * ANSWER_MS (20,000) demo-client attack HOST PORT LINE sends one line and prints the wall-clock ms at which
 * it was sent demo-client summary LOG FROM_MS TO_MS one JSON object over what the log says of that time
 *
 * Each line of LOG: sent_ms answered_ms (0: never) count book connection.
 */
#include "client.h"

#include <base/str.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(void)
{
	fprintf(stderr,
		"usage: demo-client run HOST PORT LOG INTERVAL_MS [RECONNECT_EVERY [IDLE_MS [ANSWER_MS]]]\n"
		"       demo-client attack HOST PORT LINE\n"
		"       demo-client summary LOG FROM_MS TO_MS\n");
	return 2;
}

/* Ends the process when text is something else. */
static int64_t number(const char *text, int64_t max)
{
	int64_t n = 0;

	if (str_parse_i64(text, 0, max, &n)) {
		fprintf(stderr, "demo-client: %s: expected a number from 0 to %lld\n", text, (long long)max);
		exit(2);
	}
	return n;
}

static int number_int(const char *text)
{
	return (int)number(text, INT_MAX);
}

int main(int argc, char **argv)
{
	if (argc >= 6 && !strcmp(argv[1], "run"))
		return client_run(argv[2], number_int(argv[3]), argv[4], number_int(argv[5]),
			argc > 6 ? number_int(argv[6]) : 0, argc > 7 ? number_int(argv[7]) : 0,
			argc > 8 ? number_int(argv[8]) : 20000);
	if (argc == 5 && !strcmp(argv[1], "attack"))
		return client_attack(argv[2], number_int(argv[3]), argv[4]);
	if (argc == 5 && !strcmp(argv[1], "summary"))
		return client_summary(argv[2], number(argv[3], INT64_MAX), number(argv[4], INT64_MAX));
	return usage();
}
