/* SPDX-License-Identifier: Apache-2.0 */
#include "nodes.h"

#include "text.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void nodes_free(struct nodes_view *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->rows[i].verdict);
	free(v->rows);
	*v = (struct nodes_view){0};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct nodes_row *)a)->name, ((const struct nodes_row *)b)->name);
}

static struct nodes_row *row_for(struct nodes_view *v, size_t n_sorted, const char *name)
{
	const struct nodes_row key = {.name = name};
	struct nodes_row *row = bsearch(&key, v->rows, n_sorted, sizeof(*v->rows), by_name);

	if (row)
		return row;
	row = &v->rows[v->n++];
	row->name = name;
	return row;
}

static int verdict_put(struct nodes_row *row, const struct json *obj)
{
	struct verdict *v = malloc(sizeof(*v));

	if (!v)
		return -ENOMEM;
	if (verdict_decode(obj, v, NULL)) {
		free(v);
		row->unreadable = true;
		return 0;
	}
	free(row->verdict);
	row->verdict = v;
	return 0;
}

static const struct json *items_of(const struct json *list)
{
	return json_member(list, "items");
}

int nodes_read(const struct json *nodes, const struct json *verdicts, struct nodes_view *ret, struct err *e)
{
	size_t max = json_len(items_of(nodes)) + json_len(items_of(verdicts)), n_sorted;
	auto_nodes struct nodes_view v = {.rows = calloc(max + 1, sizeof(*v.rows))};

	if (!v.rows)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for %zu nodes", max);
	json_foreach(obj, items_of(nodes))
	{
		v.rows[v.n++] =
			(struct nodes_row){.name = json_str_at(obj, "metadata.name", "?"), .there = true};
	}
	n_sorted = v.n;
	qsort(v.rows, v.n, sizeof(*v.rows), by_name);
	json_foreach(obj, items_of(verdicts))
	{
		if (verdict_put(row_for(&v, n_sorted, json_str_at(obj, "metadata.name", "?")), obj))
			return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a NodeVerdict");
	}
	qsort(v.rows, v.n, sizeof(*v.rows), by_name);
	*ret = v;
	v = (struct nodes_view){0};
	return 0;
}

static const char *state_of(const struct nodes_row *r)
{
	if (r->unreadable)
		return "?";
	return VERDICT_STATE_NAMES[r->verdict ? r->verdict->status.state : VERDICT_CLEAN];
}

static void age_cell(struct table *t, int64_t ms, const char *suffix)
{
	auto_buf struct buf age = BUF_INIT(32);

	text_add_age(&age, ms);
	table_cell(t, "%s%s", age.data ? age.data : "", suffix);
}

/* What makes it what it is, and how long that lasts. */
static void forgiven_cell(struct table *t, const struct verdict_status *s, int64_t now_ms)
{
	if (s->state == VERDICT_CLEAN)
		table_cell(t, "-");
	else if (!s->quiet_until_ms)
		table_cell(t, "when cleared");
	else
		age_cell(t, s->quiet_until_ms - now_ms, "");
}

static void row_cells(struct table *t, const struct nodes_row *r, int64_t now_ms)
{
	static const struct verdict_status NOTHING = {.state = VERDICT_CLEAN};
	const struct verdict_status *s = r->verdict ? &r->verdict->status : &NOTHING;

	table_cell(t, "%s%s", r->name, r->there ? "" : " (no such Node)");
	table_cell(t, "%s%s", state_of(r), s->cordoned ? ", cordoned" : "");
	if (s->since_ms)
		age_cell(t, now_ms - s->since_ms, " ago");
	else
		table_cell(t, "-");
	forgiven_cell(t, s, now_ms);
	if (r->verdict && r->verdict->spec.has_mark)
		table_cell(t, "%s: %s", VERDICT_MARK_NAMES[r->verdict->spec.mark], r->verdict->spec.reason);
	else
		table_cell(t, "-");
}

static void causes_text(const struct nodes_row *r, int64_t now_ms, struct buf *out)
{
	for (size_t i = 0; r->verdict && i < r->verdict->status.n_causes; i++) {
		const struct verdict_cause *c = &r->verdict->status.causes[i];

		buf_adds(out, "  ! ");
		text_addf(out, "%s: %s, %s, %s", r->name, VERDICT_SOURCE_NAMES[c->source],
			VERDICT_STATE_NAMES[c->weight], c->reason);
		if (*c->pod)
			text_addf(out, ", pod %s", c->pod);
		if (*c->message)
			text_addf(out, ": %s", c->message);
		buf_addf(out, " (%lld times, last ", (long long)c->count);
		text_add_age(out, now_ms - c->last_ms);
		buf_addf(out, " ago%s)\n", c->limited ? "; over the limit of foreign detectors" : "");
	}
}

void nodes_text(const struct nodes_view *v, int64_t now_ms, struct buf *out)
{
	static const char *const titles[] = {"NODE", "STATE", "SINCE", "FORGIVEN IN", "MARK", NULL};
	auto_table struct table t;

	table_init(&t, titles);
	for (size_t i = 0; i < v->n; i++)
		row_cells(&t, &v->rows[i], now_ms);
	table_add(out, &t);
	for (size_t i = 0; i < v->n; i++)
		causes_text(&v->rows[i], now_ms, out);
}

static struct json *row_json(const struct nodes_row *r)
{
	auto_json struct json *j = json_new_obj();

	if (json_set_str(j, "name", r->name) || json_set_str(j, "state", state_of(r)))
		return NULL;
	if (r->verdict && json_set(j, "verdict", encode(VERDICT_STATUS_FIELDS, &r->verdict->status)))
		return NULL;
	if (r->verdict && r->verdict->spec.has_mark &&
		json_set(j, "mark", encode(VERDICT_SPEC_FIELDS, &r->verdict->spec)))
		return NULL;
	return TAKE_PTR(j);
}

struct json *nodes_json(const struct nodes_view *v)
{
	auto_json struct json *all = json_new_arr();

	for (size_t i = 0; i < v->n; i++)
		if (json_add(all, row_json(&v->rows[i])))
			return NULL;
	return TAKE_PTR(all);
}
