/* SPDX-License-Identifier: Apache-2.0 */
/* The small parsers of lib/base: numbers, durations, times, names. */
#include "fuzz.h"

#include <base/cleanup.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/str.h>
#include <string.h>

static void check_time(const char *s)
{
	char text[CLOCK_RFC3339_MAX];
	int64_t ms, back;

	if (clock_parse(s, &ms) < 0)
		return;
	/* An offset may lead out of the years that can be written; those are clamped. */
	clock_format_micro(ms, text);
	if (clock_parse(text, &back) < 0 || (back != ms && text[0] != '0' && text[0] != '9'))
		abort();
}

static void check_numbers(const char *s)
{
	int64_t v;

	if (str_parse_i64(s, -1000, 1000, &v) == 0 && (v < -1000 || v > 1000))
		abort();
	if (str_parse_duration_ms(s, &v) == 0 && v < 0)
		abort();
}

static void check_names(const char *s)
{
	enum log_level level;

	if (str_is_dns_name(s, false) && (!str_is_dns_name(s, true) || !str_is_component(s)))
		abort();
	if (str_is_uid(s) && !str_is_component(s))
		abort();
	if (str_is_component(s) && strchr(s, '/'))
		abort();
	log_level_parse(s, &level);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *s = malloc(size + 1);

	if (!s)
		return 0;
	if (size)
		memcpy(s, data, size);
	s[size] = '\0';
	check_time(s);
	check_numbers(s);
	check_names(s);
	for (size_t i = 0, n; i < size; i += n ? n : 1)
		n = str_utf8_len((const char *)data + i, size - i, NULL);
	return 0;
}
