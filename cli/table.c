/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <stdarg.h>
#include <string.h>

/* Characters of a cell, which text_add has made valid UTF-8. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void cell_end(struct table *t, size_t start)
{
	size_t column = t->n_cells++ % t->n_columns;
	size_t width;

	if (t->cells.failed)
		return;
	width = width_of(t->cells.data + start);
	if (width > t->widths[column])
		t->widths[column] = width;
	buf_add(&t->cells, "", 1);
}

void table_init(struct table *t, const char *const *titles)
{
	*t = (struct table){.cells = BUF_INIT(TEXT_MAX)};
	while (t->n_columns < TEXT_COLUMNS_MAX && titles[t->n_columns])
		t->n_columns++;
	for (size_t i = 0; i < t->n_columns; i++)
		table_cell(t, "%s", titles[i]);
}

void table_cell(struct table *t, const char *fmt, ...)
{
	size_t start = t->cells.len;
	va_list ap;

	va_start(ap, fmt);
	text_addv(&t->cells, fmt, ap);
	va_end(ap);
	/* So that there is a text to measure, even of an empty cell. */
	buf_add(&t->cells, "", 0);
	cell_end(t, start);
}

void table_add(struct buf *b, const struct table *t)
{
	const char *cell = t->cells.data;

	b->failed |= t->cells.failed;
	if (b->failed)
		return;
	for (size_t i = 0; i < t->n_cells; i++) {
		size_t column = i % t->n_columns;

		buf_adds(b, cell);
		if (column == t->n_columns - 1)
			buf_adds(b, "\n");
		else
			buf_addf(b, "%*s", (int)(t->widths[column] - width_of(cell) + 2), "");
		cell += strlen(cell) + 1;
	}
}

void table_free(struct table *t)
{
	buf_free(&t->cells);
}
