/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON trees; cJSON is inside and nowhere else. Numbers above 2^53 lose precision, so such values are kept as
 * strings. Parsing is strict (RFC 8259, UTF-8, whole input, depth at most 64, no NUL in strings, size at most
 * what the caller says; of two members with one key the first is read). `struct json *` arguments may be NULL
 * wherever a value is read: reading from nothing gives the default, so paths need no ladder of checks.
 */
#ifndef ESCAPE_DOC_JSON_H
#define ESCAPE_DOC_JSON_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;

/* Caller frees *ret with json_free. -EINVAL with position and reason, -EFBIG above max. */
int json_parse(const char *text, size_t len, size_t max, struct json **ret, struct err *e);
void json_free(struct json *j); /* frees the whole tree; only for roots */
static inline void cleanup_jsonp(struct json **j)
{
	json_free(*j);
}
#define auto_json __attribute__((cleanup(cleanup_jsonp)))
/* Compact text, caller frees; NULL when out of memory. json_print_pretty indents. Whole numbers print as
 * digits only. */
char *json_print(const struct json *j);
char *json_print_pretty(const struct json *j);
struct json *json_dup(const struct json *j);
bool json_equal(const struct json *a, const struct json *b);

/* Reading. `path` is dotted ("status.phase"); json_member takes one literal key (may contain dots). */
const struct json *json_at(const struct json *j, const char *path);
const struct json *json_member(const struct json *j, const char *key);
const char *json_str_at(const struct json *j, const char *path, const char *dflt); /* borrowed */
int64_t json_int_at(const struct json *j, const char *path, int64_t dflt);
double json_num_at(const struct json *j, const char *path, double dflt);
bool json_bool_at(const struct json *j, const char *path, bool dflt);
bool json_is_obj(const struct json *j);
bool json_is_arr(const struct json *j);
bool json_is_str(const struct json *j);
bool json_is_num(const struct json *j);
bool json_is_bool(const struct json *j);
bool json_is_null(const struct json *j);
const char *json_str(const struct json *j);
double json_num(const struct json *j);
size_t json_len(const struct json *j); /* members or items */
/* Iteration over members and items in order; key is NULL for items of an array. */
const struct json *json_first(const struct json *j);
const struct json *json_next(const struct json *item);
const char *json_key(const struct json *item);
#define json_foreach(item, j) for (const struct json *item = json_first(j); item; item = json_next(item))

/* Building. json_set and json_add take ownership of `value` even on failure (-ENOMEM) and allow a NULL value
 * as failure. */
struct json *json_new_obj(void);
struct json *json_new_arr(void);
struct json *json_new_str(const char *s); /* NULL becomes JSON null */
struct json *json_new_num(double n);
struct json *json_new_bool(bool b);
struct json *json_new_null(void);
int json_set(struct json *obj, const char *key, struct json *value); /* replaces */
int json_add(struct json *arr, struct json *item);
int json_set_str(struct json *obj, const char *key, const char *s);
int json_set_num(struct json *obj, const char *key, double n);
int json_set_bool(struct json *obj, const char *key, bool b);
/* Creates objects on the way ("metadata.labels"). Borrowed; NULL: out of memory, or something else is in the
 * way. */
struct json *json_obj_at(struct json *root, const char *path);
/* A member of a tree that may be changed; NULL when absent. */
struct json *json_edit(struct json *root, const char *path);
void json_remove(struct json *obj, const char *key);

#endif
