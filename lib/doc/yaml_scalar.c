/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *s, const char *const *words)
{
	for (; *words; words++) {
		if (str_eq(s, *words))
			return true;
	}
	return false;
}

/* "0o17" and "0xff". */
static bool is_based(const char *s)
{
	if (str_starts(s, "0o"))
		return s[2] && s[2 + strspn(s + 2, "01234567")] == '\0';
	if (str_starts(s, "0x"))
		return s[2] && s[2 + strspn(s + 2, "0123456789abcdefABCDEF")] == '\0';
	return false;
}

/* [-+]? ( [0-9]+ ( \.[0-9]* )? | \.[0-9]+ ) ( [eE][-+]?[0-9]+ )? */
static bool is_decimal(const char *s)
{
	static const char digits[] = "0123456789";

	s += *s == '-' || *s == '+';

	size_t n = strspn(s, digits);

	s += n;
	if (*s == '.') {
		size_t fraction = strspn(s + 1, digits);

		s += 1 + fraction;
		n += fraction;
	}
	if (n == 0)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		n = strspn(s, digits);
		if (n == 0)
			return false;
		s += n;
	}
	return *s == '\0';
}

static double based_value(const char *s)
{
	double v = 0, base = s[1] == 'x' ? 16 : 8;

	for (s += 2; *s; s++)
		v = v * base + (*s <= '9' ? *s - '0' : (*s | 0x20) - 'a' + 10);
	return v;
}

int yaml_resolve_plain(const char *text, size_t len, struct json **ret)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	static const char *const not_json[] = {".inf", ".Inf", ".INF", "-.inf", "-.Inf", "-.INF", "+.inf",
		"+.Inf", "+.INF", ".nan", ".NaN", ".NAN", NULL};
	auto_free char *s = strndup(text, len);

	if (!s)
		return -ENOMEM;
	if (is_one_of(s, not_json))
		return -EINVAL;
	if (is_one_of(s, nulls)) {
		*ret = json_new_null();
	} else if (is_one_of(s, trues) || is_one_of(s, falses)) {
		*ret = json_new_bool(is_one_of(s, trues));
	} else if (is_based(s) || is_decimal(s)) {
		double n = is_based(s) ? based_value(s) : strtod(s, NULL);

		if (!isfinite(n))
			return -EINVAL;
		*ret = json_new_num(n);
	} else {
		*ret = json_new_str(s);
	}
	return *ret ? 0 : -ENOMEM;
}
