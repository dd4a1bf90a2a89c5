/* SPDX-License-Identifier: Apache-2.0 */
#include <doc/decode.h>

#include <base/buf.h>
#include <base/clock.h>
#include <base/str.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_MAX 9007199254740992.0
#define PATH_TEXT_MAX 512
#define SHOWN_MAX 64

/* Where we are: a chain up the C stack, put into words only when something is wrong. */
struct place {
	const struct place *up;
	const char *key; /* NULL: the item with this index */
	size_t index;
};

static void add_path(struct buf *b, const struct place *at)
{
	if (!at)
		return;
	add_path(b, at->up);
	if (at->key)
		buf_addf(b, "%s%s", at->up ? "." : "", at->key);
	else
		buf_addf(b, "[%zu]", at->index);
}

static int fail(struct err *e, const struct place *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct err *e, const struct place *at, const char *fmt, ...)
{
	auto_buf struct buf path = BUF_INIT(PATH_TEXT_MAX);
	char what[ERR_MESSAGE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	add_path(&path, at);
	if (path.len == 0)
		return err_set(e, -EINVAL, "InvalidField", "%s", what);
	return err_set(e, -EINVAL, "InvalidField", "%s: %s", path.data, what);
}

static const char *type_name(const struct json *v)
{
	return json_is_obj(v)    ? "an object"
	       : json_is_arr(v)  ? "an array"
	       : json_is_str(v)  ? "a string"
	       : json_is_num(v)  ? "a number"
	       : json_is_bool(v) ? "a boolean"
				 : "null";
}

static int fail_type(struct err *e, const struct place *at, const char *wanted, const struct json *v)
{
	return fail(e, at, "expected %s, got %s", wanted, type_name(v));
}

/* A value from outside as a message may show it: short and without control bytes. */
static const char *show(const char *s, char dst[static SHOWN_MAX])
{
	size_t i = 0, n;

	for (; s[i] && i + 8 < SHOWN_MAX; i += n) {
		n = str_utf8_len(s + i, strlen(s + i), NULL);
		if (n > 1)
			memcpy(dst + i, s + i, n);
		else
			dst[i] = n == 0 || (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i];
		n += n == 0;
	}
	str_copy(dst + i, SHOWN_MAX - i, s[i] ? "..." : "");
	return dst;
}

static int check_range(const struct field *f, double v, const char *shown, const char *unit,
	const struct place *at, struct err *e)
{
	if (f->min > f->max || (f->min == 0 && f->max == 0))
		return 0;
	if (v < f->min)
		return fail(e, at, "%s is below the minimum %.15g%s", shown, f->min, unit);
	if (v > f->max)
		return fail(e, at, "%s is above the maximum %.15g%s", shown, f->max, unit);
	return 0;
}

static int put_number(const struct field *f, double n, char *dst, const struct place *at, struct err *e)
{
	char shown[SHOWN_MAX];

	str_fmt(shown, sizeof(shown), "%.15g", n);
	if (f->type == FIELD_INT && (n != trunc(n) || fabs(n) > EXACT_MAX))
		return fail(e, at, "%s is not a whole number", shown);

	int r = check_range(f, n, shown, "", at, e);

	if (r < 0)
		return r;
	if (f->type == FIELD_INT)
		*(int64_t *)(void *)dst = (int64_t)n;
	else
		*(double *)(void *)dst = n;
	return 0;
}

static int put_string(const char *s, char *dst, size_t size, const struct place *at, struct err *e)
{
	if (str_copy(dst, size, s) < 0)
		return fail(e, at, "longer than %zu bytes", size ? size - 1 : 0);
	return 0;
}

static int put_enum(const struct field *f, const char *s, char *dst, const struct place *at, struct err *e)
{
	auto_buf struct buf names = BUF_INIT(ERR_MESSAGE_MAX);
	char shown[SHOWN_MAX];

	for (int i = 0; f->names[i]; i++) {
		if (str_eq(f->names[i], s)) {
			*(int *)(void *)dst = i;
			return 0;
		}
		buf_addf(&names, "%s%s", i ? ", " : "", f->names[i]);
	}
	return fail(e, at, "\"%s\" is not one of %s", show(s, shown), names.data ? names.data : "(nothing)");
}

static int put_duration(
	const struct field *f, const char *s, char *dst, const struct place *at, struct err *e)
{
	char shown[SHOWN_MAX];
	int64_t ms;

	if (str_parse_duration_ms(s, &ms) < 0)
		return fail(
			e, at, "\"%s\" is not a duration such as 500ms, 30s, 10m or 1h30m", show(s, shown));

	int r = check_range(f, (double)ms, show(s, shown), "ms", at, e);

	if (r == 0)
		*(int64_t *)(void *)dst = ms;
	return r;
}

static int put_time(const struct field *f, const char *s, char *dst, const struct place *at, struct err *e)
{
	char shown[SHOWN_MAX];
	int64_t ms;

	if (clock_parse(s, &ms) < 0)
		return fail(e, at, "\"%s\" is not a time such as 2026-01-31T12:00:00Z", show(s, shown));

	int r = check_range(f, (double)ms, show(s, shown), "ms", at, e);

	if (r == 0)
		*(int64_t *)(void *)dst = ms;
	return r;
}

/* The four types that are strings in JSON; also how defaults are written. */
static int put_text(const struct field *f, const char *s, char *dst, const struct place *at, struct err *e)
{
	switch (f->type) {
	case FIELD_ENUM:
		return put_enum(f, s, dst, at, e);
	case FIELD_DURATION_MS:
		return put_duration(f, s, dst, at, e);
	case FIELD_TIME_MS:
		return put_time(f, s, dst, at, e);
	default:
		return put_string(s, dst, f->size, at, e);
	}
}

static int put_default(const struct field *f, char *dst, const struct place *at, struct err *e)
{
	switch (f->type) {
	case FIELD_BOOL:
		*(bool *)(void *)dst = str_eq(f->dflt, "true");
		return 0;
	case FIELD_INT:
	case FIELD_NUMBER:
		return put_number(f, strtod(f->dflt, NULL), dst, at, e);
	default:
		return put_text(f, f->dflt, dst, at, e);
	}
}

static void put_zero(const struct field *f, char *base)
{
	char *dst = base + f->offset;

	switch (f->type) {
	case FIELD_ENUM:
		*(int *)(void *)dst = 0;
		break;
	case FIELD_BOOL:
		*(bool *)(void *)dst = false;
		break;
	case FIELD_NUMBER:
		*(double *)(void *)dst = 0;
		break;
	case FIELD_INT:
	case FIELD_DURATION_MS:
	case FIELD_TIME_MS:
		*(int64_t *)(void *)dst = 0;
		break;
	case FIELD_ARRAY:
		*(size_t *)(void *)(base + f->count_offset) = 0;
		break;
	default:
		*dst = '\0';
	}
}

static int decode_object(
	const struct json *obj, const struct field *table, char *base, const struct place *at, struct err *e);

static int decode_array(
	const struct json *v, const struct field *f, char *base, const struct place *at, struct err *e)
{
	size_t *count = (size_t *)(void *)(base + f->count_offset);

	if (!json_is_arr(v))
		return fail_type(e, at, "an array", v);
	*count = 0;
	json_foreach(item, v)
	{
		struct place here = {.up = at, .index = *count};
		char *dst = base + f->offset + *count * f->size;
		int r;

		if (*count == f->max_items)
			return fail(e, at, "more than %zu items", f->max_items);
		if (f->sub)
			r = decode_object(item, f->sub, dst, &here, e);
		else if (json_is_str(item))
			r = put_string(json_str(item), dst, f->size, &here, e);
		else
			r = fail_type(e, &here, "a string", item);
		if (r < 0)
			return r;
		(*count)++;
	}
	return 0;
}

static int decode_value(
	const struct json *v, const struct field *f, char *base, const struct place *at, struct err *e)
{
	char *dst = base + f->offset;

	switch (f->type) {
	case FIELD_OBJECT:
		return decode_object(v, f->sub, dst, at, e);
	case FIELD_ARRAY:
		return decode_array(v, f, base, at, e);
	case FIELD_BOOL:
		if (!json_is_bool(v))
			return fail_type(e, at, "a boolean", v);
		*(bool *)(void *)dst = json_bool_at(v, "", false);
		return 0;
	case FIELD_INT:
	case FIELD_NUMBER:
		if (!json_is_num(v))
			return fail_type(e, at, "a number", v);
		return put_number(f, json_num(v), dst, at, e);
	default:
		if (!json_is_str(v))
			return fail_type(e, at, "a string", v);
		return put_text(f, json_str(v), dst, at, e);
	}
}

/* Also inside objects that are not there: their defaults hold, what they would require does not. */
static int fill_absent(const struct field *f, char *base, const struct place *at, struct err *e)
{
	if (f->type == FIELD_OBJECT)
		return decode_object(NULL, f->sub, base + f->offset, at, e);
	put_zero(f, base);
	return f->dflt && f->type != FIELD_ARRAY ? put_default(f, base + f->offset, at, e) : 0;
}

static int decode_field(
	const struct json *obj, const struct field *f, char *base, const struct place *at, struct err *e)
{
	const struct json *v = json_member(obj, f->key);
	bool given = v && !json_is_null(v); /* the API server drops nulls too */

	if (f->has_offset)
		*(bool *)(void *)(base + f->has_offset) = given;
	if (given)
		return decode_value(v, f, base, at, e);
	if (obj && f->required)
		return fail(e, at, "is required");
	return fill_absent(f, base, at, e);
}

static int decode_object(
	const struct json *obj, const struct field *table, char *base, const struct place *at, struct err *e)
{
	if (obj && !json_is_obj(obj))
		return fail_type(e, at, "an object", obj);
	for (const struct field *f = table; f->key; f++) {
		struct place here = {.up = at, .key = f->key};
		int r = decode_field(obj, f, base, &here, e);

		if (r < 0)
			return r;
	}
	return 0;
}

int decode(const struct json *obj, const struct field *table, void *dst, struct err *e)
{
	return decode_object(obj, table, dst, NULL, e);
}
