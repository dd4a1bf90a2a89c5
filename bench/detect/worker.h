/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that makes system calls when told and says how long they took. Between two orders it sleeps in a
 * read. Everything here ends the program with a message when it fails: without its worker a benchmark has
 * nothing to say.
 */
#ifndef ESCAPE_BENCH_DETECT_WORKER_H
#define ESCAPE_BENCH_DETECT_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * ONE: getppid only, one bag. LOOP: a round of 24 calls with a branch here and there, as a server makes for a
 * request. RANDOM: five calls at random, a thousand bags and hardly two paths alike, which no program does.
 */
enum calls { CALLS_ONE, CALLS_LOOP, CALLS_RANDOM, CALLS_KINDS };

struct worker {
	pid_t pid;
	int order, answer;
};

/* in_pod: in a pid namespace of its own, as a container's processes are. */
void worker_start(struct worker *w, bool in_pod, int cpu);
void worker_stop(struct worker *w);
/* Picoseconds per call. */
uint64_t worker_run(const struct worker *w, enum calls kind, uint32_t n);

void bench_fail(const char *what, int err) __attribute__((noreturn));

#endif
