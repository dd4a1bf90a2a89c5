/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the eye costs a system call: bench-detect [--rounds N] [--calls N] [--cpu N]; its parts `serve` and
 * `many` are for bench/detect/run. In each round every
 * thread is measured in every state, so that what disturbs the machine disturbs both sides; the order changes
 * from round to round. The monitor is loaded throughout: "nothing attached" is a node without a protected
 * container.
 */
#include "many.h"
#include "serve.h"
#include "table.h"

#include <argp.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#define ROUNDS_DEFAULT 100
#define CALLS_DEFAULT 4000
#define BATCHES 5

struct options {
	uint32_t rounds, calls, cpu;
};

static const struct argp_option OPTIONS[] = {
	{"rounds", 'r', "N", 0, "How often everything is measured (default: 100)", 0},
	{"calls", 'n', "N", 0, "System calls in one measurement (default: 4000)", 0},
	{"cpu", 'c', "N", 0, "CPU on which they are made (default: the last)", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	uint32_t *to = key == 'r' ? &o->rounds : key == 'n' ? &o->calls : key == 'c' ? &o->cpu : NULL;
	int64_t n;

	if (!to)
		return ARGP_ERR_UNKNOWN;
	if (str_parse_i64(arg, key == 'c' ? 0 : 1, key == 'c' ? 1023 : 100000000, &n))
		argp_error(state, "-%c %s: not a number that makes sense here", key, arg);
	else
		*to = (uint32_t)n;
	return 0;
}

/*
 * The fastest of a few batches: short enough that most run undisturbed. One before them is not measured:
 * caches, and while learning the profile.
 */
static uint64_t fastest(const struct worker *w, enum calls c, uint32_t calls)
{
	uint64_t best = UINT64_MAX;

	worker_run(w, c, calls);
	for (int i = 0; i < BATCHES; i++) {
		uint64_t ps = worker_run(w, c, calls);

		if (ps < best)
			best = ps;
	}
	return best;
}

/* A stop at every call: fewer of them say enough. */
#define STRACE_FEWER 10

/* Others are measured where they do what we do. */
static void measure_peer(
	struct table *t, const struct worker *workers, enum state st, uint32_t round, uint32_t calls)
{
	uint32_t n = st == STATE_STRACE ? calls / STRACE_FEWER + 1 : calls;

	for (uint32_t c = 0; c < CALLS_KINDS; c++)
		*table_cell(t, (enum calls)c, THREAD_PROTECTED, st, round) =
			fastest(&workers[THREAD_PROTECTED], (enum calls)c, n);
}

static void measure(
	struct table *t, const struct worker *workers, enum state st, uint32_t round, uint32_t calls)
{
	for (uint32_t c = 0; c < CALLS_KINDS; c++) {
		for (uint32_t i = 0; i < THREADS; i++) {
			uint32_t th = (i + round) % THREADS;

			*table_cell(t, (enum calls)c, (enum thread)th, st, round) =
				fastest(&workers[th], (enum calls)c, calls);
		}
	}
}

static void round_run(
	struct table *t, const struct worker *workers, struct states *s, uint32_t round, uint32_t calls)
{
	static const enum state turns[] = {STATE_NOTHING, STATE_EMPTY, STATE_BOSC_LEARN, STATE_FUSED_LEARN,
		STATE_BPFTRACE, STATE_STRACE};
	const uint32_t n = sizeof(turns) / sizeof(turns[0]);

	for (uint32_t i = 0; i < n; i++) {
		enum state st = turns[(i + round) % n];

		if (state_missing(st))
			continue;
		states_enter(s, st);
		if (st >= STATES_OURS) {
			measure_peer(t, workers, st, round, calls);
			continue;
		}
		measure(t, workers, st, round, calls);
		if (st < STATE_BOSC_LEARN)
			continue;
		states_enter(s, st + 1);
		measure(t, workers, st + 1, round, calls);
		if (!states_clean(s))
			bench_fail("calls were lost, or known calls taken for strange ones", EIO);
	}
}

static void run(const struct options *o)
{
	struct worker workers[THREADS];
	struct utsname u;
	struct table t = {.rounds = o->rounds};
	struct states *s;
	uint32_t others;

	t.ps = calloc((size_t)CALLS_KINDS * THREADS * STATES * o->rounds, sizeof(*t.ps));
	if (!t.ps)
		bench_fail("no memory for the table", ENOMEM);
	for (int i = 0; i < THREADS; i++)
		worker_start(&workers[i], i != THREAD_HOST, (int)o->cpu);
	s = states_new(workers[THREAD_PROTECTED].pid);
	others = states_others();
	for (uint32_t round = 0; round < o->rounds; round++)
		round_run(&t, workers, s, round, o->calls);
	for (int i = 0; i < THREADS; i++)
		worker_stop(&workers[i]);
	states_free(s);
	uname(&u);
	printf("Linux %s, CPU %u, the fastest of %d batches of %u calls in each round\n", u.release, o->cpu,
		BATCHES, o->calls);
	if (others)
		printf("note: %u other programs are on sys_enter; they make every ratio smaller\n", others);
	table_print(&t, stdout);
	free(t.ps);
}

#define MANY 50
#define MANY_SECONDS 10

int main(int argc, char **argv)
{
	static const struct argp ARGP = {.options = OPTIONS,
		.parser = parse,
		.doc = "Measures what ESCAPE's eBPF programs add to a system call, beside an empty program."};
	struct options o = {.rounds = ROUNDS_DEFAULT, .calls = CALLS_DEFAULT};

	if (argc > 3 && str_eq(argv[1], "serve") && str_eq(argv[2], "--"))
		return serve_main(argv + 3);
	if (argc == 2 && str_eq(argv[1], "many"))
		return many_main(MANY, MANY_SECONDS);
	o.cpu = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN) - 1;
	argp_parse(&ARGP, argc, argv, 0, NULL, &o);
	run(&o);
	return EXIT_SUCCESS;
}
