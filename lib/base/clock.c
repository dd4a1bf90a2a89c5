/* SPDX-License-Identifier: Apache-2.0 */
#include <base/clock.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* The API's formats have four digits for the year: 0001-01-01 to 9999-12-31. */
#define WALL_MIN_MS (-62135596800000)
#define WALL_MAX_MS 253402300799999
#define DAY_MS 86400000

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

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/*
 * The calendar is counted here and not by timegm and gmtime_r, which look at the host's time zone files under
 * a lock. Days since 0001-01-01.
 */
static int64_t days_before_year(int year)
{
	int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400;
}

static int64_t days_of(int year, int month, int day)
{
	int64_t days = days_before_year(year) + day - 1;

	for (int m = 1; m < month; m++)
		days += days_in_month(year, m);
	return days;
}

static void date_of(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
	int year = (int)(days / 366) + 1, month = 1;

	while (days_before_year(year + 1) <= days)
		year++;
	days -= days_before_year(year);
	for (; days >= days_in_month(year, month); month++)
		days -= days_in_month(year, month);
	*ret_year = year;
	*ret_month = month;
	*ret_day = (int)days + 1;
}

static void format(int64_t wall_ms, bool micro, char *dst)
{
	int year, month, day;

	if (wall_ms < WALL_MIN_MS)
		wall_ms = WALL_MIN_MS;
	if (wall_ms > WALL_MAX_MS)
		wall_ms = WALL_MAX_MS;

	int64_t ms = wall_ms - WALL_MIN_MS;
	unsigned of_day = (unsigned)(ms % DAY_MS);
	unsigned second = of_day / 1000 % 60, minute = of_day / 60000 % 60, hour = of_day / 3600000 % 24;

	date_of(ms / DAY_MS, &year, &month, &day);

	/* The remainders only show the compiler what the clamp above has made sure of. */
	int n = snprintf(dst, CLOCK_RFC3339_MAX, "%04u-%02u-%02uT%02u:%02u:%02u", (unsigned)year % 10000,
		(unsigned)month % 100, (unsigned)day % 100, hour, minute, second);

	if (micro)
		snprintf(dst + n, (size_t)(CLOCK_RFC3339_MAX - n), ".%03u000Z", of_day % 1000);
	else
		snprintf(dst + n, (size_t)(CLOCK_RFC3339_MAX - n), "Z");
}

void clock_format(int64_t wall_ms, char dst[static CLOCK_RFC3339_MAX])
{
	format(wall_ms, false, dst);
}

void clock_format_micro(int64_t wall_ms, char dst[static CLOCK_RFC3339_MAX])
{
	format(wall_ms, true, dst);
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

static bool take_date(const char **s, int64_t *ret_days)
{
	int year, month, day;

	if (!take_number(s, 4, 1, 9999, &year) || !take_char(s, '-') || !take_number(s, 2, 1, 12, &month) ||
		!take_char(s, '-') || !take_number(s, 2, 1, days_in_month(year, month), &day))
		return false;
	*ret_days = days_of(year, month, day);
	return true;
}

static bool take_clock(const char **s, int *ret_seconds)
{
	int hour, minute, second;

	if (!take_number(s, 2, 0, 23, &hour) || !take_char(s, ':') || !take_number(s, 2, 0, 59, &minute) ||
		!take_char(s, ':') || !take_number(s, 2, 0, 59, &second))
		return false;
	*ret_seconds = (hour * 60 + minute) * 60 + second;
	return true;
}

int clock_parse(const char *s, int64_t *ret_wall_ms)
{
	int64_t days;
	int seconds, ms, offset;

	if (!s || !take_date(&s, &days) || !take_char(&s, 'T') || !take_clock(&s, &seconds))
		return -EINVAL;
	if (!take_fraction(&s, &ms) || !take_offset(&s, &offset) || *s)
		return -EINVAL;
	*ret_wall_ms = WALL_MIN_MS + days * DAY_MS + ((int64_t)seconds - offset) * 1000 + ms;
	return 0;
}
