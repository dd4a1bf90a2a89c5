/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text for a terminal. Everything that comes from the cluster goes through here: control bytes, broken UTF-8
 * and characters that change what a reader sees (direction, zero width) are shown as escapes, never sent.
 * Pure; a failed append shows in the buffer's `failed`.
 */
#ifndef ESCAPE_CLI_TEXT_H
#define ESCAPE_CLI_TEXT_H

#include <base/buf.h>
#include <doc/json.h>
#include <stdarg.h>
#include <stdint.h>

#define TEXT_MAX (64u << 20)
#define TEXT_COLUMNS_MAX 12

void text_add(struct buf *b, const char *s);
/* printf, then as text_add. */
void text_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_addv(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* "850ms", "12s", "5m", "3h", "9d": one unit, as kubectl shows ages; what lies in the future is "0s". */
void text_add_age(struct buf *b, int64_t ms);
/* Indented JSON with a line break behind it. -ENOMEM. */
int text_add_json(struct buf *b, const struct json *j);

/* Columns as wide as their widest cell. Cells are given row by row, titles first; free with table_free. */
struct table {
	size_t n_columns;
	size_t n_cells;
	size_t widths[TEXT_COLUMNS_MAX];
	struct buf cells; /* each with its NUL */
};

/* titles end with NULL. */
void table_init(struct table *t, const char *const *titles);
void table_cell(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The last column is not padded. */
void table_add(struct buf *b, const struct table *t);
void table_free(struct table *t);
#define auto_table __attribute__((cleanup(table_free)))

#endif
