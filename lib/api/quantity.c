/* SPDX-License-Identifier: Apache-2.0 */
#include <api/quantity.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

/* More digits than that are no number that anybody means; a long double carries these exactly. */
#define DIGITS_MAX 18
#define EXPONENT_MAX 100

static const struct {
	const char *text;
	long double factor;
} SUFFIXES[] = {
	{"", 1},
	{"n", 1e-9L},
	{"u", 1e-6L},
	{"m", 1e-3L},
	{"k", 1e3L},
	{"M", 1e6L},
	{"G", 1e9L},
	{"T", 1e12L},
	{"P", 1e15L},
	{"E", 1e18L},
	{"Ki", 0x1p10L},
	{"Mi", 0x1p20L},
	{"Gi", 0x1p30L},
	{"Ti", 0x1p40L},
	{"Pi", 0x1p50L},
	{"Ei", 0x1p60L},
};

/* The digits as one integer, and how many of them stand behind the point. NULL: there is no number. */
static const char *digits_read(const char *s, int64_t *ret_digits, int *ret_decimals)
{
	int64_t value = 0;
	int significant = 0, decimals = 0;
	bool point = false, any = false;

	for (; isdigit((unsigned char)*s) || (*s == '.' && !point); s++) {
		if (*s == '.') {
			point = true;
			continue;
		}
		any = true;
		significant += value || *s != '0';
		if (significant > DIGITS_MAX)
			return NULL;
		value = value * 10 + (*s - '0');
		decimals += point;
	}
	*ret_digits = value;
	*ret_decimals = decimals;
	return any ? s : NULL;
}

static int factor_read(const char *s, long double *ret)
{
	int64_t exponent;

	for (size_t i = 0; i < ARRAY_LEN(SUFFIXES); i++)
		if (str_eq(s, SUFFIXES[i].text)) {
			*ret = SUFFIXES[i].factor;
			return 0;
		}
	if ((*s != 'e' && *s != 'E') ||
		str_parse_i64(s + 1 + (s[1] == '+'), -EXPONENT_MAX, EXPONENT_MAX, &exponent))
		return -EINVAL;
	*ret = powl(10, (long double)exponent);
	return 0;
}

int quantity_parse(const char *s, int64_t scale, int64_t *ret)
{
	int64_t digits;
	int decimals;
	long double factor, value;

	if (!s)
		return -EINVAL;
	s = digits_read(s + (*s == '+'), &digits, &decimals);
	if (!s || factor_read(s, &factor))
		return -EINVAL;
	value = (long double)digits * factor / powl(10, decimals) * (long double)scale;
	/* 0.1 is not a binary fraction: what misses a whole number by so little is that number. */
	if (fabsl(value - roundl(value)) <= value * 0x1p-60L)
		value = roundl(value);
	*ret = value < 0x1p63L ? (int64_t)ceill(value) : INT64_MAX;
	return 0;
}
