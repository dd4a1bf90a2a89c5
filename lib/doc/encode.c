/* SPDX-License-Identifier: Apache-2.0 */
#include <doc/decode.h>

#include <base/clock.h>
#include <base/str.h>

#define DURATION_TEXT_MAX 32

static struct json *new_duration(int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
	char text[DURATION_TEXT_MAX];
	size_t i = 0;

	if (ms == 0)
		return json_new_str("0s");
	while (ms % units[i].ms != 0)
		i++;
	str_fmt(text, sizeof(text), "%lld%s", (long long)(ms / units[i].ms), units[i].unit);
	return json_new_str(text);
}

static struct json *new_time(int64_t ms)
{
	char text[CLOCK_RFC3339_MAX];

	if (ms % 1000)
		clock_format_micro(ms, text);
	else
		clock_format(ms, text);
	return json_new_str(text);
}

static struct json *encode_array(const struct field *f, const char *base)
{
	struct json *arr = json_new_arr();
	size_t count = *(const size_t *)(const void *)(base + f->count_offset);

	for (size_t i = 0; arr && i < count && i < f->max_items; i++) {
		const char *src = base + f->offset + i * f->size;

		if (json_add(arr, f->sub ? encode(f->sub, src) : json_new_str(src)) < 0) {
			json_free(arr);
			return NULL;
		}
	}
	return arr;
}

/* *ret_empty: a value that need not be written. */
static struct json *encode_value(const struct field *f, const char *base, bool *ret_empty)
{
	const void *src = base + f->offset;
	struct json *j;

	switch (f->type) {
	case FIELD_OBJECT:
		j = encode(f->sub, src);
		*ret_empty = !json_first(j);
		return j;
	case FIELD_ARRAY:
		j = encode_array(f, base);
		*ret_empty = !json_first(j);
		return j;
	case FIELD_ENUM:
		*ret_empty = !*f->names[*(const int *)src];
		return json_new_str(f->names[*(const int *)src]);
	case FIELD_BOOL:
		*ret_empty = !*(const bool *)src;
		return json_new_bool(*(const bool *)src);
	case FIELD_INT:
		*ret_empty = *(const int64_t *)src == 0;
		return json_new_num((double)*(const int64_t *)src);
	case FIELD_NUMBER:
		*ret_empty = *(const double *)src == 0;
		return json_new_num(*(const double *)src);
	case FIELD_DURATION_MS:
		*ret_empty = *(const int64_t *)src == 0;
		return new_duration(*(const int64_t *)src);
	case FIELD_TIME_MS:
		*ret_empty = *(const int64_t *)src == 0;
		return new_time(*(const int64_t *)src);
	default:
		*ret_empty = !*(const char *)src;
		return json_new_str(src);
	}
}

static bool is_wanted(const struct field *f, const char *base, bool empty)
{
	if (!empty || f->required)
		return true;
	/* An absent zero would be read back as its default. */
	if (f->dflt)
		return true;
	return f->has_offset && *(const bool *)(const void *)(base + f->has_offset);
}

struct json *encode(const struct field *table, const void *src)
{
	struct json *obj = json_new_obj();

	for (const struct field *f = table; obj && f->key; f++) {
		bool empty = false;
		struct json *value = encode_value(f, src, &empty);

		if (value && !is_wanted(f, src, empty)) {
			json_free(value);
			continue;
		}
		if (json_set(obj, f->key, value) < 0) {
			json_free(obj);
			return NULL;
		}
	}
	return obj;
}
