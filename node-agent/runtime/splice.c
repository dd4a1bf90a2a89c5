/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/runtime/splice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/buf.h>
#include <base/cleanup.h>
#include <base/str.h>

#define SPLICE_TEXT_MAX (16u << 20)

static const char *skip_space(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

static const char *skip_string(const char *p)
{
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1])
			p++;
	}
	return *p ? p + 1 : p;
}

static const char *skip_nested(const char *p)
{
	size_t depth = 0;

	do {
		if (*p == '"') {
			p = skip_string(p);
			continue;
		}
		depth += *p == '{' || *p == '[';
		depth -= *p == '}' || *p == ']';
		p++;
	} while (*p && depth);
	return p;
}

static const char *skip_value(const char *p)
{
	if (*p == '"')
		return skip_string(p);
	if (*p == '{' || *p == '[')
		return skip_nested(p);
	return p + strcspn(p, ",]} \t\r\n");
}

const char *splice_next(const char *element)
{
	const char *p = skip_space(skip_value(element));

	return *p == ',' ? skip_space(p + 1) : NULL;
}

const char *splice_first(const char *array)
{
	if (!array || (*array != '[' && *array != '{'))
		return NULL;
	const char *p = skip_space(array + 1);
	return *p == ']' || *p == '}' || !*p ? NULL : p;
}

const char *splice_member(const char *object, const char *key)
{
	size_t len = strlen(key);

	if (!object || *object != '{')
		return NULL;
	for (const char *name = splice_first(object); name && *name == '"';) {
		const char *end = skip_string(name), *value = skip_space(end);
		if (*value != ':')
			return NULL;
		value = skip_space(value + 1);
		if ((size_t)(end - name) == len + 2 && !strncmp(name + 1, key, len))
			return value;
		name = splice_next(value);
	}
	return NULL;
}

static int add_edit(struct splice *s, const char *at, size_t len, char *with)
{
	if (!with)
		return -ENOMEM;
	if (s->count == SPLICE_EDITS_MAX) {
		free(with);
		return -E2BIG;
	}
	s->edits[s->count].at = (size_t)(at - s->text);
	s->edits[s->count].len = len;
	s->edits[s->count++].with = with;
	return 0;
}

int splice_replace(struct splice *s, const char *value, const char *json)
{
	return add_edit(s, value, (size_t)(skip_value(value) - value), strdup(json));
}

int splice_add_member(struct splice *s, const char *object, const char *key, const char *json)
{
	const char *comma = splice_first(object) ? "," : "";

	return add_edit(s, object + 1, 0, str_dup_fmt("\"%s\":%s%s", key, json, comma));
}

static int by_place(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return x < y ? -1 : x > y;
}

char *splice_apply(struct splice *s, size_t *ret_len)
{
	auto_buf struct buf out = BUF_INIT(SPLICE_TEXT_MAX);
	size_t at = 0;

	qsort(s->edits, s->count, sizeof(s->edits[0]), by_place);
	for (size_t i = 0; i < s->count; i++) {
		buf_add(&out, s->text + at, s->edits[i].at - at);
		buf_adds(&out, s->edits[i].with);
		at = s->edits[i].at + s->edits[i].len;
	}
	buf_adds(&out, s->text + at);
	if (out.failed)
		return NULL;
	*ret_len = out.len;
	return TAKE_PTR(out.data);
}

void splice_free(struct splice *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->edits[i].with);
	s->count = 0;
}
