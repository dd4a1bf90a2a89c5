/* SPDX-License-Identifier: Apache-2.0 */
#include <base/clock.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* The API's formats have four digits for the year: 0001-01-01 to 9999-12-31. */
#define WALL_MIN_MS (-62135596800000)
#define WALL_MAX_MS 253402300799999

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t clock_wall_ms(void)
{
	return clock_ns(CLOCK_REALTIME) / 1000000;
}

int64_t clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_ms(void)
{
	return clock_monotonic_ns() / 1000000;
}

/* Splits into whole seconds and 0..999 ms, also before 1970. */
static time_t split_ms(int64_t wall_ms, int *ret_ms)
{
	if (wall_ms < WALL_MIN_MS)
		wall_ms = WALL_MIN_MS;
	if (wall_ms > WALL_MAX_MS)
		wall_ms = WALL_MAX_MS;

	int64_t ms = wall_ms % 1000;

	if (ms < 0)
		ms += 1000;
	*ret_ms = (int)ms;
	return (time_t)((wall_ms - ms) / 1000);
}

static void format_seconds(time_t seconds, const char *suffix, char *dst)
{
	struct tm tm;

	gmtime_r(&seconds, &tm);
	/* The remainders only show the compiler what the clamp above has made sure of. */
	snprintf(dst, CLOCK_RFC3339_MAX, "%04u-%02u-%02uT%02u:%02u:%02u%s",
		(unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
		(unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
		(unsigned)tm.tm_sec % 100, suffix);
}

void clock_format(int64_t wall_ms, char dst[static CLOCK_RFC3339_MAX])
{
	int ms;
	time_t seconds = split_ms(wall_ms, &ms);

	format_seconds(seconds, "Z", dst);
}

void clock_format_micro(int64_t wall_ms, char dst[static CLOCK_RFC3339_MAX])
{
	char suffix[16];
	int ms;
	time_t seconds = split_ms(wall_ms, &ms);

	snprintf(suffix, sizeof(suffix), ".%03u000Z", (unsigned)ms % 1000);
	format_seconds(seconds, suffix, dst);
}

/* Exactly n digits within [min, max]; *s moves behind them. */
static bool take_number(const char **s, int n, int min, int max, int *ret)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		v = v * 10 + (**s - '0');
	}
	*ret = v;
	return v >= min && v <= max;
}

static bool take_char(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

/* ".123456": at least one digit; what is finer than a millisecond is cut off. */
static bool take_fraction(const char **s, int *ret_ms)
{
	int scale = 100;

	*ret_ms = 0;
	if (!take_char(s, '.'))
		return true;
	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; (*s)++, scale /= 10)
		*ret_ms += (**s - '0') * scale;
	return true;
}

static bool take_offset(const char **s, int *ret_seconds)
{
	int sign = **s == '-' ? -1 : 1;
	int hours, minutes;

	*ret_seconds = 0;
	if (take_char(s, 'Z'))
		return true;
	if (!take_char(s, '+') && !take_char(s, '-'))
		return false;
	if (!take_number(s, 2, 0, 23, &hours) || !take_char(s, ':') || !take_number(s, 2, 0, 59, &minutes))
		return false;
	*ret_seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

int clock_parse(const char *s, int64_t *ret_wall_ms)
{
	struct tm tm = {0};
	int year, month, ms, offset;

	if (!s)
		return -EINVAL;
	if (!take_number(&s, 4, 1, 9999, &year) || !take_char(&s, '-') ||
		!take_number(&s, 2, 1, 12, &month) || !take_char(&s, '-') ||
		!take_number(&s, 2, 1, days_in_month(year, month), &tm.tm_mday))
		return -EINVAL;
	if (!take_char(&s, 'T') || !take_number(&s, 2, 0, 23, &tm.tm_hour) || !take_char(&s, ':') ||
		!take_number(&s, 2, 0, 59, &tm.tm_min) || !take_char(&s, ':') ||
		!take_number(&s, 2, 0, 59, &tm.tm_sec))
		return -EINVAL;
	if (!take_fraction(&s, &ms) || !take_offset(&s, &offset) || *s)
		return -EINVAL;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	*ret_wall_ms = ((int64_t)timegm(&tm) - offset) * 1000 + ms;
	return 0;
}
