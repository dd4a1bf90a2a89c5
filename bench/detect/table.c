/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <errno.h>
#include <stdlib.h>

static const char *const CALLS_NAMES[CALLS_KINDS] = {"getppid only: one bag",
	"a loop of 24 calls with branches: as a server", "five calls at random: the worst case"};
static const char *const THREAD_NAMES[THREADS] = {"host task", "unprotected pod", "protected"};
static const char *const STATE_NAMES[STATES] = {"nothing attached", "empty program", "BoSC, learning",
	"BoSC, detecting", "Fused, learning", "Fused, detecting"};

struct summary {
	double min, median;
};

uint64_t *table_cell(const struct table *t, enum calls c, enum thread th, enum state st, uint32_t round)
{
	return &t->ps[(((size_t)c * THREADS + th) * STATES + st) * t->rounds + round];
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of each round's time in `st`, less the same round's time in `less` (STATES: nothing), in ns per call. */
static struct summary summary_of(
	const struct table *t, enum calls c, enum thread th, enum state st, enum state less)
{
	double *v = calloc(t->rounds, sizeof(*v));
	struct summary s;

	if (!v)
		bench_fail("no memory for a column", ENOMEM);
	for (uint32_t i = 0; i < t->rounds; i++) {
		v[i] = (double)*table_cell(t, c, th, st, i) / 1000;
		if (less != STATES)
			v[i] -= (double)*table_cell(t, c, th, less, i) / 1000;
	}
	qsort(v, t->rounds, sizeof(*v), compare);
	s.min = v[0];
	s.median = v[t->rounds / 2];
	free(v);
	return s;
}

static void row_print(const struct table *t, enum calls c, enum thread th, enum state st, FILE *out)
{
	struct summary call = summary_of(t, c, th, st, STATES);
	struct summary nothing = summary_of(t, c, th, st, STATE_NOTHING);
	struct summary empty = summary_of(t, c, th, st, STATE_EMPTY);

	fprintf(out, "%-16s %-18s %8.1f %8.1f", THREAD_NAMES[th], STATE_NAMES[st], call.min, call.median);
	if (st != STATE_NOTHING)
		fprintf(out, "   %+8.1f %+8.1f", nothing.min, nothing.median);
	if (st > STATE_EMPTY)
		fprintf(out, "   %+8.1f %+8.1f", empty.min, empty.median);
	fputc('\n', out);
}

/* Both sides are medians over the rounds: of the call with the empty program, and of that plus the median of
 * the paired differences. */
static void goal_print(
	const struct table *t, enum calls c, enum thread th, enum state st, double goal, FILE *out)
{
	double empty = summary_of(t, c, th, STATE_EMPTY, STATES).median;
	double ours = empty + summary_of(t, c, th, st, STATE_EMPTY).median;

	fprintf(out, "%-16s %-18s %8.1f ns : %8.1f ns = %.3f, goal %.2f: %s\n", THREAD_NAMES[th],
		STATE_NAMES[st], ours, empty, ours / empty, goal, ours / empty <= goal ? "met" : "MISSED");
}

static void calls_print(const struct table *t, enum calls c, FILE *out)
{
	fprintf(out, "\n%s; ns per call, min and median of %u rounds\n", CALLS_NAMES[c], t->rounds);
	fprintf(out, "%-16s %-18s %17s   %17s   %17s\n", "thread", "state", "a call", "over nothing",
		"over empty");
	for (int th = 0; th < THREADS; th++)
		for (int st = 0; st < STATES; st++)
			row_print(t, c, (enum thread)th, (enum state)st, out);
	fprintf(out, "ESCAPE : empty program\n");
	for (int st = STATE_BOSC_LEARN; st < STATES; st++) {
		goal_print(t, c, THREAD_HOST, (enum state)st, 1.05, out);
		goal_print(t, c, THREAD_POD, (enum state)st, 1.15, out);
		goal_print(t, c, THREAD_PROTECTED, (enum state)st, 1.30, out);
	}
}

void table_print(const struct table *t, FILE *out)
{
	for (int c = 0; c < CALLS_KINDS; c++)
		calls_print(t, (enum calls)c, out);
}
