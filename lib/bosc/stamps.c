/* SPDX-License-Identifier: Apache-2.0 */
#include "stamps.h"

#include <bosc/core.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int stamps_init(struct stamps *s, size_t max)
{
	size_t n = 64;

	while (n < 2 * max)
		n *= 2;
	*s = (struct stamps){.at = calloc(n, sizeof(*s->at)), .n = n, .era = 1};
	return s->at ? 0 : -ENOMEM;
}

void stamps_free(struct stamps *s)
{
	free(s->at);
	s->at = NULL;
}

void stamps_next_epoch(struct stamps *s)
{
	if (++s->era)
		return;
	memset(s->at, 0, s->n * sizeof(*s->at));
	s->era = 1;
}

bool stamps_take(struct stamps *s, uint32_t key)
{
	size_t i = bosc_mark(key) & (s->n - 1);

	for (; s->at[i].era == s->era; i = (i + 1) & (s->n - 1))
		if (s->at[i].key == key)
			return false;
	s->at[i] = (struct stamp){.key = key, .era = s->era};
	return true;
}
