/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes single values inside a JSON text and leaves every other byte as it was: a runtime spec holds
 * numbers (limits of 2^64-1) that a decode and encode would not bring back. The text must have been found
 * valid by a JSON parser before, and stay as it is while pointers into it are used. Pure; not a parser.
 */
#ifndef ESCAPE_RUNTIME_SPLICE_H
#define ESCAPE_RUNTIME_SPLICE_H

#include <stddef.h>

#define SPLICE_EDITS_MAX 16

struct splice {
	const char *text;
	size_t count;
	struct {
		size_t at, len; /* what is replaced */
		char *with;     /* owned */
	} edits[SPLICE_EDITS_MAX];
};

/* The value of `key` in the object that begins at `object`, NULL when it is not there or `object` is no
 * object. */
const char *splice_member(const char *object, const char *key);
/* The elements of an array, one after the other: pass the array first, then what came back. NULL at the end.
 */
const char *splice_first(const char *array);
const char *splice_next(const char *element);
/* Puts the JSON text `json` in place of the value at `value`. -ENOMEM, -E2BIG. Edits come in any order, never
 * overlapping. */
int splice_replace(struct splice *s, const char *value, const char *json);
/* Adds a member to the object at `object`, where no such key may be. */
int splice_add_member(struct splice *s, const char *object, const char *key, const char *json);
/* The text with all edits. NULL when out of memory; caller frees. */
char *splice_apply(struct splice *s, size_t *ret_len);
void splice_free(struct splice *s);

#endif
