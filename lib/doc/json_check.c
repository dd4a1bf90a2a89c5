/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict reading of JSON that stands in front of cJSON, which by itself takes control bytes in strings,
 * broken UTF-8, numbers like 01 or 1e999 and a \u0000 that ends the string early.
 */
#include "internal.h"

#include <base/str.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct check {
	const char *text;
	const char *p;
	const char *end;
	int depth;
	const char *problem;
};

static bool fail(struct check *c, const char *problem)
{
	if (!c->problem)
		c->problem = problem;
	return false;
}

static bool at(const struct check *c, char ch)
{
	return c->p < c->end && *c->p == ch;
}

static bool take(struct check *c, char ch)
{
	if (!at(c, ch))
		return false;
	c->p++;
	return true;
}

static void skip_blanks(struct check *c)
{
	while (at(c, ' ') || at(c, '\t') || at(c, '\n') || at(c, '\r'))
		c->p++;
}

static size_t skip_digits(struct check *c)
{
	const char *from = c->p;

	while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
		c->p++;
	return (size_t)(c->p - from);
}

static bool check_number(struct check *c)
{
	const char *from = c->p;
	char copy[JSON_NUMBER_MAX + 1];

	take(c, '-');
	if (!take(c, '0') && skip_digits(c) == 0)
		return fail(c, "expected a digit");
	if (take(c, '.') && skip_digits(c) == 0)
		return fail(c, "expected a digit after the point");
	if (take(c, 'e') || take(c, 'E')) {
		if (!take(c, '+'))
			take(c, '-');
		if (skip_digits(c) == 0)
			return fail(c, "expected a digit in the exponent");
	}

	size_t len = (size_t)(c->p - from);

	if (len > JSON_NUMBER_MAX)
		return fail(c, "number of more than 63 characters");
	memcpy(copy, from, len);
	copy[len] = '\0';
	if (!isfinite(strtod(copy, NULL)))
		return fail(c, "number out of range");
	return true;
}

static bool take_hex4(struct check *c, uint32_t *ret)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		if (c->p >= c->end)
			return fail(c, "unfinished \\u escape");

		char ch = *c->p;

		if (ch >= '0' && ch <= '9')
			v = v << 4 | (uint32_t)(ch - '0');
		else if ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'f')
			v = v << 4 | (uint32_t)((ch | 0x20) - 'a' + 10);
		else
			return fail(c, "expected four hex digits after \\u");
		c->p++;
	}
	*ret = v;
	return true;
}

static bool check_unicode_escape(struct check *c)
{
	uint32_t high, low;

	if (!take_hex4(c, &high))
		return false;
	if (high == 0)
		return fail(c, "\\u0000 is not supported in strings");
	if (high < 0xd800 || high > 0xdfff)
		return true;
	if (high > 0xdbff || !take(c, '\\') || !take(c, 'u') || !take_hex4(c, &low) || low < 0xdc00 ||
		low > 0xdfff)
		return fail(c, "surrogate without its other half");
	return true;
}

static bool check_escape(struct check *c)
{
	if (take(c, 'u'))
		return check_unicode_escape(c);
	if (c->p >= c->end || !*c->p || !strchr("\"\\/bfnrt", *c->p))
		return fail(c, "unknown escape in string");
	c->p++;
	return true;
}

static bool check_string(struct check *c)
{
	if (!take(c, '"'))
		return fail(c, "expected a string");
	while (c->p < c->end) {
		if (take(c, '"'))
			return true;
		if (take(c, '\\')) {
			if (!check_escape(c))
				return false;
			continue;
		}
		if ((unsigned char)*c->p < 0x20)
			return fail(c, "control byte in string");

		size_t n = str_utf8_len(c->p, (size_t)(c->end - c->p), NULL);

		if (n == 0)
			return fail(c, "string is not UTF-8");
		c->p += n;
	}
	return fail(c, "unfinished string");
}

static bool check_literal(struct check *c, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(c->end - c->p) < len || memcmp(c->p, word, len) != 0)
		return fail(c, "expected a value");
	c->p += len;
	return true;
}

static bool check_value(struct check *c);

static bool check_member(struct check *c)
{
	skip_blanks(c);
	if (!check_string(c))
		return false;
	skip_blanks(c);
	if (!take(c, ':'))
		return fail(c, "expected ':'");
	return check_value(c);
}

/* The inside of an object or array up to its closing bracket. */
static bool check_items(struct check *c, char close, bool (*item)(struct check *c))
{
	if (++c->depth > JSON_DEPTH_MAX)
		return fail(c, "nested deeper than 64");
	c->p++;
	skip_blanks(c);
	if (!at(c, close)) {
		do {
			if (!item(c))
				return false;
			skip_blanks(c);
		} while (take(c, ','));
	}
	if (!take(c, close))
		return fail(c, close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
	c->depth--;
	return true;
}

static bool check_value(struct check *c)
{
	skip_blanks(c);
	if (c->p >= c->end)
		return fail(c, "unexpected end");
	switch (*c->p) {
	case '{':
		return check_items(c, '}', check_member);
	case '[':
		return check_items(c, ']', check_value);
	case '"':
		return check_string(c);
	case 't':
		return check_literal(c, "true");
	case 'f':
		return check_literal(c, "false");
	case 'n':
		return check_literal(c, "null");
	default:
		if (*c->p == '-' || (*c->p >= '0' && *c->p <= '9'))
			return check_number(c);
		return fail(c, "expected a value");
	}
}

int json_check(const char *text, size_t len, struct err *e)
{
	struct check c = {.text = text, .p = text, .end = text + len};

	if (check_value(&c)) {
		skip_blanks(&c);
		if (c.p == c.end)
			return 0;
		fail(&c, "unexpected text after the value");
	}

	size_t line = 1, column = 1;

	for (const char *q = text; q < c.p; q++, column++) {
		if (*q == '\n') {
			line++;
			column = 0;
		}
	}
	return err_set(e, -EINVAL, "InvalidJSON", "line %zu, column %zu: %s", line, column, c.problem);
}
