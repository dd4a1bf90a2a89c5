/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

/* Invisible, or they change the order of what stands beside them. */
static const struct {
	uint32_t first, last;
} UNSAFE[] = {
	{0x00, 0x1f},
	{0x7f, 0x9f},
	{0xad, 0xad},
	{0x61c, 0x61c},
	{0x180e, 0x180e},
	{0x200b, 0x200f},
	{0x2028, 0x202e},
	{0x2060, 0x206f},
	{0xfeff, 0xfeff},
	{0xfff9, 0xfffb},
	{0xe0000, 0xe007f},
};

static bool is_unsafe(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(UNSAFE); i++)
		if (code >= UNSAFE[i].first && code <= UNSAFE[i].last)
			return true;
	return false;
}

static void add_escape(struct buf *b, uint32_t code)
{
	if (code == '\n')
		buf_adds(b, "\\n");
	else if (code == '\t')
		buf_adds(b, "\\t");
	else if (code < 0x80)
		buf_addf(b, "\\x%02x", code);
	else
		buf_addf(b, "\\u{%x}", code);
}

void text_add(struct buf *b, const char *s)
{
	size_t left = strlen(s);

	while (left) {
		uint32_t code = 0;
		size_t n = str_utf8_len(s, left, &code);

		if (!n) {
			buf_addf(b, "\\x%02x", (unsigned char)*s);
			n = 1;
		} else if (is_unsafe(code)) {
			add_escape(b, code);
		} else {
			buf_add(b, s, n);
		}
		s += n;
		left -= n;
	}
}

void text_addv(struct buf *b, const char *fmt, va_list ap)
{
	auto_free char *s = NULL;

	if (vasprintf(&s, fmt, ap) < 0) {
		s = NULL;
		b->failed = true;
		return;
	}
	text_add(b, s);
}

void text_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_addv(b, fmt, ap);
	va_end(ap);
}

void text_add_age(struct buf *b, int64_t ms)
{
	static const struct {
		int64_t below_ms, ms;
		const char *unit;
	} units[] = {
		{1000, 1, "ms"},
		{120000, 1000, "s"},
		{7200000, 60000, "m"},
		{172800000, 3600000, "h"},
		{INT64_MAX, 86400000, "d"},
	};
	size_t i = 0;

	if (ms <= 0) {
		buf_adds(b, "0s");
		return;
	}
	while (i < ARRAY_LEN(units) - 1 && ms >= units[i].below_ms)
		i++;
	buf_addf(b, "%lld%s", (long long)(ms / units[i].ms), units[i].unit);
}

/* In JSON such characters occur only inside strings, where \u means the same. */
static void add_json_char(struct buf *b, const char *s, size_t n, uint32_t code)
{
	if (code < 0x7f || !is_unsafe(code))
		buf_add(b, s, n);
	else if (code < 0x10000)
		buf_addf(b, "\\u%04x", code);
	else
		buf_addf(b, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
}

int text_add_json(struct buf *b, const struct json *j)
{
	auto_free char *s = json_print_pretty(j);
	size_t left = s ? strlen(s) : 0;

	if (!s)
		return -ENOMEM;
	for (const char *p = s; left;) {
		uint32_t code = 0;
		size_t n = str_utf8_len(p, left, &code);

		if (!n)
			return -EILSEQ;
		add_json_char(b, p, n, code);
		p += n;
		left -= n;
	}
	return buf_adds(b, "\n");
}
