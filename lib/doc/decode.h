/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table-driven decoder: a table per kind says key, type, offset, limits and default; it drives
 * decoding and messages, and a test holds it against the CRD files. Unknown keys are ignored (the API server
 * has pruned them). Errors name the path: "spec.detection.windowSize: 0 is below the minimum 2".
 */
#ifndef ESCAPE_DOC_DECODE_H
#define ESCAPE_DOC_DECODE_H

#include <doc/json.h>

enum field_type {
	FIELD_STRING,      /* char[size] */
	FIELD_ENUM,        /* int, index into names */
	FIELD_BOOL,        /* bool */
	FIELD_INT,         /* int64_t */
	FIELD_NUMBER,      /* double */
	FIELD_DURATION_MS, /* int64_t, from "10m" */
	FIELD_TIME_MS,     /* int64_t wall ms, from RFC 3339 */
	FIELD_OBJECT,      /* struct in place, by sub table */
	FIELD_ARRAY,       /* T[max_items] in place, size_t at count_offset; strings when sub is NULL */
};

struct field {
	const char *key; /* one key, no dots */
	enum field_type type;
	bool required;
	size_t offset;
	size_t size;              /* STRING: sizeof the array; ARRAY: sizeof one item */
	double min, max;          /* INT, NUMBER, DURATION_MS, TIME_MS; ignored when min > max or both 0 */
	const char *const *names; /* ENUM: NULL-terminated */
	const char *dflt;         /* textual default as in the CRD; NULL: zero value */
	const struct field *sub;  /* OBJECT, ARRAY: table ended by key == NULL */
	size_t max_items;         /* ARRAY */
	size_t count_offset;      /* ARRAY */
	size_t has_offset;        /* offset of a bool set when the key was given; 0: none (never field 0) */
};

/*
 * Fills the struct at dst from obj: defaults where keys are absent or null, also inside absent objects, whose
 * `required` fields are not asked for. Each field in the table is written. On error (-EINVAL) dst is not to
 * be used.
 */
int decode(const struct json *obj, const struct field *table, void *dst, struct err *e);
/*
 * The reverse, for status objects: only non-empty strings, non-zero numbers and non-empty arrays, unless
 * `required`, with a presence bit that is set, or with a default (which the absent value would come back as).
 * NULL: out of memory.
 */
struct json *encode(const struct field *table, const void *src);

#endif
