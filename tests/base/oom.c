/* SPDX-License-Identifier: Apache-2.0 */
#include "oom.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#if OOM_CAN_SWEEP

/* glibc's own, under the names it keeps for replacements like ours. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void __libc_free(void *p);

static int fail_in; /* 0: never; else this many allocations from now */
static int live;    /* blocks */

static int denied(void)
{
	if (fail_in == 0 || --fail_in > 0)
		return 0;
	errno = ENOMEM;
	return 1;
}

static void *counted(void *p)
{
	live += p != NULL;
	return p;
}

/* glibc's headers give the parameters reserved names. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
void *malloc(size_t size)
{
	return denied() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return denied() ? NULL : counted(__libc_calloc(n, size));
}

void *realloc(void *p, size_t size)
{
	if (denied())
		return NULL;
	return p ? __libc_realloc(p, size) : counted(__libc_malloc(size));
}

void *reallocarray(void *p, size_t n, size_t size)
{
	size_t total;

	return __builtin_mul_overflow(n, size, &total) ? NULL : realloc(p, total);
}

void free(void *p)
{
	live -= p != NULL;
	__libc_free(p);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

static void check_way(int way, int r, int fired, int leaked)
{
	if (leaked == 0 && (fired || r == 0))
		return;
	fprintf(stderr, "allocation %d failed: result %d, %d blocks left\n", way, r, leaked);
	abort();
}

int oom_sweep(int (*body)(void))
{
	for (int way = 1;; way++) {
		int before = live;

		fail_in = way;

		int r = body();
		int fired = fail_in == 0;

		fail_in = 0;
		check_way(way, r, fired, live - before);
		if (!fired)
			return way - 1;
	}
}

#else

int oom_sweep(int (*body)(void))
{
	(void)body;
	return 0;
}

#endif
