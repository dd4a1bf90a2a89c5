/* SPDX-License-Identifier: Apache-2.0 */
#include <doc/yaml.h>

#include "internal.h"

#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_MAX 32
#define NODES_MAX 100000
/* Members are looked for one by one, so a mapping must not be as long as a document. */
#define KEYS_MAX 4096

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
	size_t nodes;
	int depth;
	struct err *e;
};

static int fail_at(struct reader *r, yaml_mark_t mark, int code, const char *what)
{
	return err_set(r->e, code, code == -ENOMEM ? "OutOfMemory" : "InvalidYAML",
		"line %zu, column %zu: %s", mark.line + 1, mark.column + 1, what);
}

/* About the event at hand. */
static int fail(struct reader *r, int code, const char *what)
{
	return fail_at(r, r->event.start_mark, code, what);
}

static int next_event(struct reader *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = false;
	if (yaml_parser_parse(&r->parser, &r->event)) {
		r->has_event = true;
		return 0;
	}

	const yaml_parser_t *p = &r->parser;

	if (p->error == YAML_MEMORY_ERROR)
		return fail_at(r, p->mark, -ENOMEM, "out of memory");
	/* The reader (encoding) knows no line, only an offset. */
	if (p->error == YAML_READER_ERROR)
		return err_set(r->e, -EINVAL, "InvalidYAML", "byte %zu: %s", p->problem_offset, p->problem);
	return fail_at(r, p->problem_mark, -EINVAL, p->problem ? p->problem : "not YAML");
}

static int read_scalar(struct reader *r, struct json **ret)
{
	const char *text = (const char *)r->event.data.scalar.value;
	const char *tag = (const char *)r->event.data.scalar.tag;
	size_t len = r->event.data.scalar.length;
	int code;

	if (memchr(text, '\0', len))
		return fail(r, -EINVAL, "a NUL in a string is not supported");
	if (tag && !str_eq(tag, "!") && !str_eq(tag, YAML_STR_TAG))
		return fail(r, -EINVAL, "tags other than !!str are not supported");
	if (tag || r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
		*ret = json_new_str(text);
		code = *ret ? 0 : -ENOMEM;
	} else {
		code = yaml_resolve_plain(text, len, ret);
	}
	if (code < 0)
		return fail(r, code, code == -ENOMEM ? "out of memory" : "not a number that JSON can hold");
	return 0;
}

static int read_node(struct reader *r, struct json **ret);

static int read_items(struct reader *r, struct json *arr)
{
	for (;;) {
		struct json *item = NULL;
		int code = next_event(r);

		if (code < 0)
			return code;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		code = read_node(r, &item);
		if (code < 0)
			return code;
		code = json_add(arr, item);
		if (code < 0)
			return fail(r, code, "out of memory");
	}
}

static int read_key(struct reader *r, const struct json *obj, char **ret)
{
	if (r->event.type != YAML_SCALAR_EVENT)
		return fail(r, -EINVAL, "only strings may be keys");

	const char *key = (const char *)r->event.data.scalar.value;

	if (memchr(key, '\0', r->event.data.scalar.length))
		return fail(r, -EINVAL, "a NUL in a key is not supported");
	if (json_member(obj, key))
		return fail(r, -EINVAL, "this key is there already");
	*ret = strdup(key);
	return *ret ? 0 : fail(r, -ENOMEM, "out of memory");
}

static int read_member(struct reader *r, struct json *obj)
{
	auto_free char *key = NULL;
	struct json *value = NULL;
	int code = read_key(r, obj, &key);

	if (code < 0)
		return code;
	code = next_event(r);
	if (code < 0)
		return code;
	code = read_node(r, &value);
	if (code < 0)
		return code;
	code = json_set(obj, key, value);
	return code < 0 ? fail(r, code, "out of memory") : 0;
}

static int read_members(struct reader *r, struct json *obj)
{
	for (size_t keys = 0;; keys++) {
		int code = next_event(r);

		if (code < 0)
			return code;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return 0;
		if (keys == KEYS_MAX)
			return fail(r, -EINVAL, "more than 4096 keys in one mapping");
		code = read_member(r, obj);
		if (code < 0)
			return code;
	}
}

static int read_collection(struct reader *r, bool mapping, const yaml_char_t *tag, struct json **ret)
{
	auto_json struct json *j = mapping ? json_new_obj() : json_new_arr();

	if (!j)
		return fail(r, -ENOMEM, "out of memory");
	if (tag && !str_eq((const char *)tag, mapping ? YAML_MAP_TAG : YAML_SEQ_TAG))
		return fail(r, -EINVAL, "tags other than !!str are not supported");
	if (++r->depth > DEPTH_MAX)
		return fail(r, -EINVAL, "nested deeper than 32");

	int code = mapping ? read_members(r, j) : read_items(r, j);

	r->depth--;
	if (code < 0)
		return code;
	*ret = TAKE_PTR(j);
	return 0;
}

/* The node that begins with the event at hand. */
static int read_node(struct reader *r, struct json **ret)
{
	if (++r->nodes > NODES_MAX)
		return fail(r, -EINVAL, "more than 100000 values");
	switch (r->event.type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(r, ret);
	case YAML_SEQUENCE_START_EVENT:
		return read_collection(r, false, r->event.data.sequence_start.tag, ret);
	case YAML_MAPPING_START_EVENT:
		return read_collection(r, true, r->event.data.mapping_start.tag, ret);
	case YAML_ALIAS_EVENT:
		return fail(r, -EINVAL, "aliases (*name) are not supported");
	default:
		return fail(r, -EINVAL, "not YAML");
	}
}

/* The next document, or *ret NULL at the end. */
static int read_document(struct reader *r, struct json **ret)
{
	auto_json struct json *j = NULL;

	do {
		int code = next_event(r);

		if (code < 0)
			return code;
		if (r->event.type == YAML_STREAM_END_EVENT)
			return 0;
	} while (r->event.type != YAML_DOCUMENT_START_EVENT);

	int code = next_event(r);

	if (code == 0)
		code = read_node(r, &j);
	/* The document's end too, so that what is wrong right behind it is not passed over. */
	if (code == 0)
		code = next_event(r);
	if (code == 0)
		*ret = TAKE_PTR(j);
	return code;
}

static int reader_start(struct reader *r, const char *text, size_t len, size_t max, struct err *e)
{
	*r = (struct reader){.e = e};
	if (len > max)
		return err_set(
			e, -EFBIG, "TooLarge", "%zu bytes of YAML, at most %zu are accepted", len, max);
	if (!yaml_parser_initialize(&r->parser))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for a YAML parser");
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, len);
	return 0;
}

static void reader_end(struct reader *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	yaml_parser_delete(&r->parser);
}

int yaml_parse(const char *text, size_t len, size_t max, struct json **ret, struct err *e)
{
	struct reader r;
	struct json *doc = NULL;
	int code = reader_start(&r, text, len, max, e);

	if (code < 0)
		return code;
	code = read_document(&r, &doc);
	reader_end(&r);
	if (code == 0 && !doc)
		code = err_set(e, -EINVAL, "InvalidYAML", "there is no document in it");
	if (code == 0)
		*ret = doc;
	return code;
}

static int read_documents(struct reader *r, struct json *all)
{
	for (;;) {
		struct json *doc = NULL;
		int code = read_document(r, &doc);

		if (code < 0 || !doc)
			return code;
		code = json_add(all, doc);
		if (code < 0)
			return fail(r, code, "out of memory");
	}
}

int yaml_parse_all(const char *text, size_t len, size_t max, struct json **ret, struct err *e)
{
	auto_json struct json *all = json_new_arr();
	struct reader r;
	int code = reader_start(&r, text, len, max, e);

	if (code < 0)
		return code;
	code = all ? read_documents(&r, all)
		   : err_set(e, -ENOMEM, "OutOfMemory", "no memory for the documents");
	reader_end(&r);
	if (code == 0)
		*ret = TAKE_PTR(all);
	return code;
}
