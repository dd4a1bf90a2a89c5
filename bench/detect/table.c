/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <errno.h>
#include <stdlib.h>

static const char *const CALLS_NAMES[CALLS_KINDS] = {"getppid only: one bag",
	"a loop of 24 calls with branches: as a server", "five calls at random: the worst case"};
static const char *const THREAD_NAMES[THREADS] = {"host task", "unprotected pod", "protected"};
static const char *const STATE_NAMES[STATES] = {"nothing attached", "empty program", "BoSC, learning",
	"BoSC, detecting", "Fused, learning", "Fused, detecting", "bpftrace count()", "strace -c"};

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

struct goal {
	enum thread thread;
	enum state base;
	double most;
};
static const struct goal GOALS[] = {
	{THREAD_HOST, STATE_EMPTY, 1.05},
	{THREAD_POD, STATE_EMPTY, 1.15},
	{THREAD_PROTECTED, STATE_EMPTY, 1.30},
	{THREAD_PROTECTED, STATE_BPFTRACE, 1.10},
};

/* Both sides are medians over the rounds: of the call in the base's state, and of that plus the median of the
 * paired differences. */
static void goal_print(const struct table *t, enum calls c, enum state st, const struct goal *g, FILE *out)
{
	double base = summary_of(t, c, g->thread, g->base, STATES).median;
	double ours = base + summary_of(t, c, g->thread, st, g->base).median;

	fprintf(out, "%-16s %-18s %8.1f ns : %8.1f ns %-16s = %.3f, goal %.2f: %s\n", THREAD_NAMES[g->thread],
		STATE_NAMES[st], ours, base, STATE_NAMES[g->base], ours / base, g->most,
		ours / base <= g->most ? "met" : "MISSED");
}

static void rows_print(const struct table *t, enum calls c, FILE *out)
{
	for (int th = 0; th < THREADS; th++)
		for (int st = 0; st < STATES_OURS; st++)
			row_print(t, c, (enum thread)th, (enum state)st, out);
	for (int st = STATES_OURS; st < STATES; st++) {
		const char *missing = state_missing((enum state)st);

		if (missing)
			fprintf(out, "%-16s %-18s %s\n", "", STATE_NAMES[st], missing);
		else
			row_print(t, c, THREAD_PROTECTED, (enum state)st, out);
	}
}

static void calls_print(const struct table *t, enum calls c, FILE *out)
{
	fprintf(out, "\n%s; ns per call, min and median of %u rounds\n", CALLS_NAMES[c], t->rounds);
	fprintf(out, "%-16s %-18s %17s   %17s   %17s\n", "thread", "state", "a call", "over nothing",
		"over empty");
	rows_print(t, c, out);
	fprintf(out, "ESCAPE : another\n");
	for (size_t i = 0; i < sizeof(GOALS) / sizeof(GOALS[0]); i++)
		for (int st = STATE_BOSC_LEARN; st < STATES_OURS; st++)
			if (!state_missing(GOALS[i].base))
				goal_print(t, c, (enum state)st, &GOALS[i], out);
}

void table_print(const struct table *t, FILE *out)
{
	for (int c = 0; c < CALLS_KINDS; c++)
		calls_print(t, (enum calls)c, out);
}
