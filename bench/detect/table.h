/* SPDX-License-Identifier: Apache-2.0 */
/* What was measured, round by round, and how it is shown. */
#ifndef ESCAPE_BENCH_DETECT_TABLE_H
#define ESCAPE_BENCH_DETECT_TABLE_H

#include "states.h"
#include "worker.h"

#include <stdio.h>

enum thread { THREAD_HOST, THREAD_POD, THREAD_PROTECTED, THREADS };

struct table {
	uint32_t rounds;
	uint64_t *ps; /* per call: [calls][thread][state][round] */
};

uint64_t *table_cell(const struct table *t, enum calls c, enum thread th, enum state st, uint32_t round);
void table_print(const struct table *t, FILE *out);

#endif
