/* SPDX-License-Identifier: Apache-2.0 */
/* A struct with a field of every type and its table, for the tests and the fuzz target of the decoder. */
#ifndef ESCAPE_TESTS_SAMPLE_H
#define ESCAPE_TESTS_SAMPLE_H

#include <doc/decode.h>
#include <stddef.h>

enum { SAMPLE_ITEMS_MAX = 3 };

struct sample_item {
	char name[16];
	int64_t weight;
};

struct sample_detection {
	int64_t window_size;
	double ratio;
	int mode;
};

struct sample {
	char name[8];
	char note[8];
	int kind;
	bool dry_run;
	bool has_dry_run;
	int64_t count;
	double share;
	int64_t within_ms;
	int64_t since_ms;
	struct sample_detection detection;
	struct sample_item items[SAMPLE_ITEMS_MAX];
	size_t items_len;
	char zones[SAMPLE_ITEMS_MAX][8];
	size_t zones_len;
};

static const char *const sample_kinds[] = {"Auto", "Stateful", "Stateless", NULL};
static const char *const sample_modes[] = {"", "Learn", "Enforce", NULL};

static const struct field sample_item_fields[] = {
	{.key = "name",
		.type = FIELD_STRING,
		.offset = offsetof(struct sample_item, name),
		.size = 16,
		.required = true},
	{.key = "weight",
		.type = FIELD_INT,
		.offset = offsetof(struct sample_item, weight),
		.max = 10,
		.dflt = "1"},
	{.key = NULL},
};

static const struct field sample_detection_fields[] = {
	{
		.key = "windowSize",
		.type = FIELD_INT,
		.offset = offsetof(struct sample_detection, window_size),
		.required = true,
		.min = 2,
		.max = 64,
		.dflt = "10",
	},
	{.key = "ratio",
		.type = FIELD_NUMBER,
		.offset = offsetof(struct sample_detection, ratio),
		.max = 1,
		.dflt = "0.5"},
	{.key = "mode",
		.type = FIELD_ENUM,
		.offset = offsetof(struct sample_detection, mode),
		.names = sample_modes},
	{.key = NULL},
};

static const struct field sample_fields[] = {
	{
		.key = "name",
		.type = FIELD_STRING,
		.offset = offsetof(struct sample, name),
		.size = sizeof(((struct sample *)0)->name),
		.required = true,
	},
	{
		.key = "note",
		.type = FIELD_STRING,
		.offset = offsetof(struct sample, note),
		.size = sizeof(((struct sample *)0)->note),
		.dflt = "none",
	},
	{
		.key = "kind",
		.type = FIELD_ENUM,
		.offset = offsetof(struct sample, kind),
		.names = sample_kinds,
		.dflt = "Stateful",
	},
	{
		.key = "dryRun",
		.type = FIELD_BOOL,
		.offset = offsetof(struct sample, dry_run),
		.has_offset = offsetof(struct sample, has_dry_run),
		.dflt = "true",
	},
	{.key = "count", .type = FIELD_INT, .offset = offsetof(struct sample, count)},
	{.key = "share", .type = FIELD_NUMBER, .offset = offsetof(struct sample, share)},
	{
		.key = "within",
		.type = FIELD_DURATION_MS,
		.offset = offsetof(struct sample, within_ms),
		.min = 1000,
		.max = 86400000,
		.dflt = "10m",
	},
	{.key = "since", .type = FIELD_TIME_MS, .offset = offsetof(struct sample, since_ms)},
	{
		.key = "detection",
		.type = FIELD_OBJECT,
		.offset = offsetof(struct sample, detection),
		.sub = sample_detection_fields,
	},
	{
		.key = "items",
		.type = FIELD_ARRAY,
		.offset = offsetof(struct sample, items),
		.size = sizeof(struct sample_item),
		.sub = sample_item_fields,
		.max_items = SAMPLE_ITEMS_MAX,
		.count_offset = offsetof(struct sample, items_len),
	},
	{
		.key = "zones",
		.type = FIELD_ARRAY,
		.offset = offsetof(struct sample, zones),
		.size = 8,
		.max_items = SAMPLE_ITEMS_MAX,
		.count_offset = offsetof(struct sample, zones_len),
	},
	{.key = NULL},
};

#endif
