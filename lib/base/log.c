/* SPDX-License-Identifier: Apache-2.0 */
#include <base/log.h>

#include <base/clock.h>
#include <base/str.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_LEN 4096
#define CUT_MARK " cut=true\n"

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static atomic_int current_level = LOG_INFO_;

struct line {
	char text[LINE_MAX_LEN];
	size_t len;
	bool cut;
};

void log_set_level(enum log_level level)
{
	atomic_store(&current_level, (int)level);
}

int log_level_parse(const char *s, enum log_level *ret)
{
	for (int i = LOG_DEBUG_; i <= LOG_ERROR_; i++) {
		if (str_eq(s, level_names[i])) {
			*ret = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* All or nothing, so that a cut never leaves half an escape; the quote and the mark always find room. */
static void line_add(struct line *l, const char *s, size_t len)
{
	if (l->cut || len > sizeof(l->text) - sizeof(CUT_MARK) - 1 - l->len) {
		l->cut = true;
		return;
	}
	memcpy(l->text + l->len, s, len);
	l->len += len;
}

static void line_adds(struct line *l, const char *s)
{
	line_add(l, s, strlen(s));
}

static void line_add_escaped_byte(struct line *l, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char esc[4] = {'\\', 'x', hex[c >> 4], hex[c & 15]};

	switch (c) {
	case '\n':
		line_adds(l, "\\n");
		break;
	case '\t':
		line_adds(l, "\\t");
		break;
	case '"':
		line_adds(l, "\\\"");
		break;
	case '\\':
		line_adds(l, "\\\\");
		break;
	default:
		line_add(l, esc, sizeof(esc));
	}
}

/* Bytes of the next character when it may be printed as it is, else 0. */
static size_t printable(const char *s, size_t left)
{
	uint32_t code = 0;
	size_t n = str_utf8_len(s, left, &code);

	if (n == 0 || code < 0x20 || code == '"' || code == '\\' || (code >= 0x7f && code < 0xa0))
		return 0;
	return n;
}

static bool needs_quotes(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f)
			return true;
	}
	return len == 0;
}

static void line_add_value(struct line *l, const char *value)
{
	size_t len = strlen(value);

	if (!needs_quotes(value, len)) {
		line_add(l, value, len);
		return;
	}
	line_adds(l, "\"");
	for (size_t i = 0; i < len;) {
		size_t n = printable(value + i, len - i);

		if (n)
			line_add(l, value + i, n);
		else
			line_add_escaped_byte(l, (unsigned char)value[i]);
		i += n ? n : 1;
	}
	if (l->cut)
		l->text[l->len++] = '"';
	else
		line_adds(l, "\"");
}

static void line_add_pair(struct line *l, const char *key, const char *value)
{
	if (l->cut)
		return;
	if (l->len)
		line_adds(l, " ");
	line_adds(l, key);
	line_adds(l, "=");
	if (!l->cut)
		line_add_value(l, value ? value : "");
}

void log_line(enum log_level level, const char *msg, ...)
{
	struct line l = {.len = 0};
	char ts[CLOCK_RFC3339_MAX];
	va_list ap;

	if ((int)level < atomic_load(&current_level))
		return;
	clock_format_micro(clock_wall_ms(), ts);
	line_add_pair(&l, "ts", ts);
	line_add_pair(&l, "level", level_names[level]);
	line_add_pair(&l, "msg", msg);
	va_start(ap, msg);
	for (const char *key = va_arg(ap, const char *); key; key = va_arg(ap, const char *))
		line_add_pair(&l, key, va_arg(ap, const char *));
	va_end(ap);

	const char *end = l.cut ? CUT_MARK : "\n";

	memcpy(l.text + l.len, end, strlen(end));
	l.len += strlen(end);
	/* A log line that cannot be written has nowhere to be reported. */
	ssize_t ignored = write(STDERR_FILENO, l.text, l.len);
	(void)ignored;
}
