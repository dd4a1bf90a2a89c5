/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer that declares its maximum at birth. The content is always NUL-terminated (the NUL is
 * not counted in len). A failed append (-ENOMEM, or -EMSGSIZE past the maximum) leaves the content as it was
 * and sets `failed`, so a chain of appends may be checked once at its end.
 */
#ifndef ESCAPE_BASE_BUF_H
#define ESCAPE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* never NULL after the first successful append */
	size_t len;
	size_t cap;
	size_t max;
	bool failed;
};

#define BUF_INIT(maximum) ((struct buf){.max = (maximum)})

int buf_add(struct buf *b, const void *data, size_t len);
int buf_adds(struct buf *b, const char *s);
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Drops the first n bytes. */
void buf_consume(struct buf *b, size_t n);
void buf_reset(struct buf *b); /* keeps the memory */
void buf_free(struct buf *b);  /* takes NULL and an empty buffer; leaves it usable */

static inline void cleanup_bufp(struct buf *b)
{
	buf_free(b);
}
#define auto_buf __attribute__((cleanup(cleanup_bufp)))

#endif
