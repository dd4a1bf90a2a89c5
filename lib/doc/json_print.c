/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own printer: cJSON's turns 1e15 into "1e+15", which the API server's integers refuse, passes broken
 * UTF-8 through and indents with tabs.
 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* Whole numbers up to here are exact in a double. */
#define EXACT_MAX 9007199254740992.0

struct printer {
	struct buf out;
	bool pretty;
	int depth;
};

static void print_number(struct buf *out, double n)
{
	char text[32];

	if (!isfinite(n)) {
		buf_adds(out, "null");
		return;
	}
	if (n == trunc(n) && fabs(n) <= EXACT_MAX) {
		buf_addf(out, "%lld", (long long)n);
		return;
	}
	/* The shorter form when it reads back the same. */
	str_fmt(text, sizeof(text), "%.15g", n);
	if (strtod(text, NULL) != n)
		str_fmt(text, sizeof(text), "%.17g", n);
	buf_adds(out, text);
}

static void print_escaped(struct buf *out, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *hit = strchr(from, c);

	if (hit && c)
		buf_addf(out, "\\%c", to[hit - from]);
	else
		buf_addf(out, "\\u%04x", c);
}

static void print_string(struct buf *out, const char *s)
{
	size_t len = strlen(s), from = 0, i = 0;

	buf_add(out, "\"", 1);
	while (i < len) {
		unsigned char c = (unsigned char)s[i];
		size_t n = str_utf8_len(s + i, len - i, NULL);

		if (n && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
			i += n;
			continue;
		}
		buf_add(out, s + from, i - from);
		if (n)
			print_escaped(out, c);
		else
			buf_adds(out, "\xef\xbf\xbd"); /* U+FFFD, as Go's encoder does */
		from = ++i;
	}
	buf_add(out, s + from, i - from);
	buf_add(out, "\"", 1);
}

static void new_line(struct printer *p)
{
	if (p->pretty)
		buf_addf(&p->out, "\n%*s", p->depth * 2, "");
}

static void print_value(struct printer *p, const struct json *j);

static void print_items(struct printer *p, const struct json *j, const char *brackets)
{
	buf_add(&p->out, brackets, 1);
	p->depth++;
	json_foreach(item, j)
	{
		if (item != json_first(j))
			buf_add(&p->out, ",", 1);
		new_line(p);
		if (json_is_obj(j)) {
			print_string(&p->out, json_key(item));
			buf_adds(&p->out, p->pretty ? ": " : ":");
		}
		print_value(p, item);
	}
	p->depth--;
	if (json_first(j))
		new_line(p);
	buf_add(&p->out, brackets + 1, 1);
}

static void print_value(struct printer *p, const struct json *j)
{
	if (json_is_obj(j))
		print_items(p, j, "{}");
	else if (json_is_arr(j))
		print_items(p, j, "[]");
	else if (json_is_str(j))
		print_string(&p->out, json_str(j));
	else if (json_is_num(j))
		print_number(&p->out, json_num(j));
	else if (json_is_bool(j))
		buf_adds(&p->out, json_bool_at(j, "", false) ? "true" : "false");
	else
		buf_adds(&p->out, "null");
}

static char *print(const struct json *j, bool pretty)
{
	struct printer p = {.out = BUF_INIT(SIZE_MAX / 2), .pretty = pretty};

	print_value(&p, j);
	if (p.out.failed)
		buf_free(&p.out);
	return p.out.data;
}

char *json_print(const struct json *j)
{
	return print(j, false);
}

char *json_print_pretty(const struct json *j)
{
	return print(j, true);
}
