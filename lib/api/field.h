/* SPDX-License-Identifier: Apache-2.0 */
/* Shorthand for the decode tables of this folder. T is the struct the table fills, `m` the member. */
#ifndef ESCAPE_API_FIELD_H
#define ESCAPE_API_FIELD_H

#include <doc/decode.h>
#include <errno.h>
#include <stddef.h>

#define F_AT(T, m) .offset = offsetof(T, m), .size = sizeof(((T *)0)->m)

#define F_STR(k, T, m, ...)                                                                                  \
	{                                                                                                    \
		.key = (k), .type = FIELD_STRING, F_AT(T, m), __VA_ARGS__                                    \
	}
#define F_ENUM(k, T, m, n, ...)                                                                              \
	{                                                                                                    \
		.key = (k), .type = FIELD_ENUM, F_AT(T, m), .names = (n), __VA_ARGS__                        \
	}
#define F_BOOL(k, T, m, ...)                                                                                 \
	{                                                                                                    \
		.key = (k), .type = FIELD_BOOL, F_AT(T, m), __VA_ARGS__                                      \
	}
#define F_INT(k, T, m, lo, hi, ...)                                                                          \
	{                                                                                                    \
		.key = (k), .type = FIELD_INT, F_AT(T, m), .min = (lo), .max = (hi), __VA_ARGS__             \
	}
#define F_NUM(k, T, m, lo, hi, ...)                                                                          \
	{                                                                                                    \
		.key = (k), .type = FIELD_NUMBER, F_AT(T, m), .min = (lo), .max = (hi), __VA_ARGS__          \
	}
#define F_DUR(k, T, m, lo, hi, ...)                                                                          \
	{                                                                                                    \
		.key = (k), .type = FIELD_DURATION_MS, F_AT(T, m), .min = (lo), .max = (hi), __VA_ARGS__     \
	}
#define F_TIME(k, T, m, ...)                                                                                 \
	{                                                                                                    \
		.key = (k), .type = FIELD_TIME_MS, F_AT(T, m), __VA_ARGS__                                   \
	}
#define F_OBJ(k, s, ...)                                                                                     \
	{                                                                                                    \
		.key = (k), .type = FIELD_OBJECT, .sub = (s), __VA_ARGS__                                    \
	}
/* Items are structs when s is a table, strings when it is NULL. */
#define F_ARR(k, T, m, n, s, cap, ...)                                                                       \
	{                                                                                                    \
		.key = (k), .type = FIELD_ARRAY, .offset = offsetof(T, m), .size = sizeof(((T *)0)->m[0]),   \
		.sub = (s), .max_items = (cap), .count_offset = offsetof(T, n), __VA_ARGS__                  \
	}
#define F_END                                                                                                \
	{                                                                                                    \
		.key = NULL                                                                                  \
	}

#define REQUIRED .required = true
#define DEFAULT(text) .dflt = (text)

/* The largest integer that a JSON number carries exactly. */
#define JSON_INT_MAX 9007199254740991.0

/* decode() reads nothing at all as all defaults; an object of the API must be there. */
static inline int object_decode(const struct json *obj, const struct field *table, void *dst, struct err *e)
{
	if (!json_is_obj(obj))
		return err_set(e, -EINVAL, "InvalidField", "expected an object of the API");
	return decode(obj, table, dst, e);
}

#endif
