/* SPDX-License-Identifier: Apache-2.0 */
#include <base/err.h>

#include <base/str.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message too long for its place ends in "...", so that nobody takes the part for the whole. */
static void mark_cut(char message[static ERR_MESSAGE_MAX])
{
	memcpy(message + ERR_MESSAGE_MAX - 4, "...", 4);
}

int err_set(struct err *e, int code, const char *reason, const char *fmt, ...)
{
	if (!e)
		return code;

	/* Through a copy: callers may pass e->message as an argument. */
	char message[ERR_MESSAGE_MAX];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (n >= ERR_MESSAGE_MAX)
		mark_cut(message);
	snprintf(e->reason, sizeof(e->reason), "%s", reason ? reason : "");
	str_copy(e->message, sizeof(e->message), message);
	e->code = code;
	return code;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	if (!e)
		return -EIO;

	char message[2 * ERR_MESSAGE_MAX];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(message, ERR_MESSAGE_MAX, fmt, ap);
	va_end(ap);
	if (n < 0)
		return e->code;

	size_t used = strlen(message);

	snprintf(message + used, sizeof(message) - used, ": %s", e->message);
	if (strlen(message) >= ERR_MESSAGE_MAX)
		mark_cut(message);
	str_copy(e->message, sizeof(e->message), message);
	return e->code;
}

void err_clear(struct err *e)
{
	if (e)
		*e = (struct err){0};
}
