/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors a person will read. Functions return 0 or -errno; where the reason will be shown to somebody they
 * also fill a `struct err`, passed last and allowed to be NULL. Fixed size, no allocation. The reason is
 * CamelCase and goes unchanged into conditions[].reason; the message says what was wrong, where, and what
 * would be right. Logged once, at the top, never on the way up.
 */
#ifndef ESCAPE_BASE_ERR_H
#define ESCAPE_BASE_ERR_H

#define ERR_REASON_MAX 64
#define ERR_MESSAGE_MAX 512

struct err {
	int code; /* -errno, 0 when nothing went wrong */
	char reason[ERR_REASON_MAX];
	char message[ERR_MESSAGE_MAX];
};

/* Fills *e (when not NULL) and returns code, so that callers write `return err_set(e, -EINVAL, "BadPath",
 * ...)`. */
int err_set(struct err *e, int code, const char *reason, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Puts "context: " in front of the message already in *e; returns e->code (or -EIO when e is NULL). */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Forgets what *e holds. */
void err_clear(struct err *e);

#endif
