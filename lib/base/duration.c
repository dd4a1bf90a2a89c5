/* SPDX-License-Identifier: Apache-2.0 */
#include <base/str.h>

#include <base/cleanup.h>
#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	int64_t ns;
} units[] = {
	/* Longer names before their prefixes. */
	{"ns", 1},
	{"us", 1000},
	{"\xc2\xb5s", 1000},
	{"\xce\xbcs", 1000},
	{"ms", 1000000},
	{"s", 1000000000},
	{"m", 60000000000},
	{"h", 3600000000000},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *parse_unit(const char *s, int64_t *ret_ns)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (str_starts(s, units[i].name)) {
			*ret_ns = units[i].ns;
			return s + strlen(units[i].name);
		}
	}
	return NULL;
}

/* One "1.5h" of a duration, added to *total_ns; *s moves behind it. */
static int parse_part(const char **s, int64_t *total_ns)
{
	const char *p = *s;
	int64_t whole = 0, unit, part;
	bool over = false;
	size_t digits = 0;

	for (; is_digit(*p); p++, digits++)
		over |= __builtin_mul_overflow(whole, 10, &whole) ||
			__builtin_add_overflow(whole, *p - '0', &whole);

	const char *fraction = *p == '.' ? ++p : NULL;

	for (; fraction && is_digit(*p); p++)
		digits++;
	if (digits == 0)
		return -EINVAL;
	p = parse_unit(p, &unit);
	if (!p)
		return -EINVAL;
	*s = p;
	over |= __builtin_mul_overflow(whole, unit, &part) ||
		__builtin_add_overflow(*total_ns, part, total_ns);
	for (; fraction && is_digit(*fraction) && unit >= 10; fraction++) {
		unit /= 10;
		over |= __builtin_add_overflow(*total_ns, unit * (*fraction - '0'), total_ns);
	}
	return over ? -ERANGE : 0;
}

int str_parse_duration_ms(const char *s, int64_t *ret_ms)
{
	int64_t ns = 0;
	int range = 0;

	if (!s || !*s)
		return -EINVAL;
	if (str_eq(s, "0")) {
		*ret_ms = 0;
		return 0;
	}
	while (*s) {
		int r = parse_part(&s, &ns);

		if (r == -EINVAL)
			return r;
		if (r < 0)
			range = r;
	}
	if (range < 0)
		return range;
	*ret_ms = ns / 1000000;
	return 0;
}
