/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/reconcile/told.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
/* Out of memory, an addition then leaves hh.tbl NULL instead of ending the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct entry {
	UT_hash_handle hh;
	char key[];
};

struct told {
	struct entry *entries; /* uthash keeps the order of insertion */
};

int told_new(struct told **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

static void forget(struct told *t, struct entry *i)
{
	HASH_DEL(t->entries, i);
	free(i);
}

void told_free(struct told *t)
{
	if (!t)
		return;
	while (t->entries)
		forget(t, t->entries);
	free(t);
}

bool told_first(struct told *t, const char *key)
{
	size_t len = strlen(key);
	struct entry *i;

	HASH_FIND(hh, t->entries, key, len, i);
	if (i)
		return false;
	if (HASH_COUNT(t->entries) >= TOLD_MAX)
		forget(t, t->entries);
	i = calloc(1, sizeof(*i) + len + 1);
	if (!i)
		return true;
	memcpy(i->key, key, len + 1);
	HASH_ADD(hh, t->entries, key, len, i);
	if (!i->hh.tbl)
		free(i);
	return true;
}
