/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structured log lines on stderr, one per event, logfmt: ts=... level=info msg="..." key=value ...
 * Values are quoted when needed; a value may come from outside, so control bytes are escaped. Library code
 * logs at debug only. Threads: safe (one write(2) per line).
 */
#ifndef ESCAPE_BASE_LOG_H
#define ESCAPE_BASE_LOG_H

enum log_level { LOG_DEBUG_, LOG_INFO_, LOG_WARN_, LOG_ERROR_ };

void log_set_level(enum log_level level);
/* "debug", "info", "warn", "error"; -EINVAL for anything else. */
int log_level_parse(const char *s, enum log_level *ret);

/*
 * msg, then pairs of `const char *key, const char *value`, ended by NULL: log_line(LOG_INFO_, "pod marked",
 * "pod", name, NULL). A NULL value prints as "".
 */
void log_line(enum log_level level, const char *msg, ...) __attribute__((sentinel));

#define log_debug(...) log_line(LOG_DEBUG_, __VA_ARGS__, NULL)
#define log_info(...) log_line(LOG_INFO_, __VA_ARGS__, NULL)
#define log_warn(...) log_line(LOG_WARN_, __VA_ARGS__, NULL)
#define log_error(...) log_line(LOG_ERROR_, __VA_ARGS__, NULL)

#endif
