/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a BehaviorProfile that only the Fused detector has. A bitmap is carried as base64 of its words
 * that are not 0, ascending: two bytes for the number of the word, eight for the word, both little-endian.
 * Most are nearly empty.
 */
#include <api/profile.h>
#include <base/base64.h>
#include <base/cleanup.h>
#include <errno.h>
#include <string.h>

#include "profile_priv.h"

#define RECORD ((size_t)10)
#define EPOCH_SIZE_MAX 100000
#define THRESHOLD_MAX UINT32_MAX

static uint64_t le_read(const unsigned char *p, int bytes)
{
	uint64_t v = 0;

	for (int i = bytes - 1; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static void le_write(unsigned char *p, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static int bad(struct err *e, const char *field, const char *what)
{
	return err_set(e, -EINVAL, "BadProfile", "spec.%s: %s", field, what);
}

static int words_read(const unsigned char *raw, size_t len, const char *field, uint64_t *words, struct err *e)
{
	size_t next = 0;

	if (len % RECORD)
		return bad(e, field, "not a whole number of 10-byte records; let the agent learn it again");
	for (size_t at = 0; at < len; at += RECORD) {
		size_t i = le_read(raw + at, 2);

		if (i < next || i >= PROFILE_WORDS)
			return bad(e, field, "words are not ascending, or beyond the end");
		words[i] = le_read(raw + at + 2, 8);
		if (!words[i])
			return bad(e, field, "an empty word");
		next = i + 1;
	}
	return 0;
}

static int words_decode(const struct json *spec, const char *field, uint64_t **ret, struct err *e)
{
	const struct json *text = json_member(spec, field);
	auto_free uint64_t *words = calloc(PROFILE_WORDS, sizeof(*words));
	auto_free char *raw = NULL;
	size_t len = 0;
	int rc;

	if (!text || !json_is_str(text))
		return bad(e, field,
			"must be a base64 string; pairs, triples, thresholds and epochSize belong together");
	rc = words ? base64_decode(json_str(text), &raw, &len) : -ENOMEM;
	if (rc == -ENOMEM)
		return err_set(e, rc, "OutOfMemory", "no memory for spec.%s", field);
	if (rc)
		return bad(e, field, "not valid base64");
	rc = words_read((const unsigned char *)raw, len, field, words, e);
	if (!rc)
		*ret = TAKE_PTR(words);
	return rc;
}

static int number_decode(const struct json *spec, const char *path, int64_t max, int64_t *ret, struct err *e)
{
	int64_t v = json_int_at(spec, path, 0);

	if (v < 1 || v > max)
		return bad(e, path,
			"must be a number from 1 on; pairs, triples, thresholds and epochSize belong "
			"together");
	*ret = v;
	return 0;
}

int profile_fused_decode(const struct json *spec, struct profile *p, struct err *e)
{
	static const char *const fields[] = {"pairs", "triples", "thresholds", "epochSize"};
	bool any = false;
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		any |= json_member(spec, fields[i]) != NULL;
	if (!any)
		return 0;
	rc = words_decode(spec, "pairs", &p->pairs, e);
	if (!rc)
		rc = words_decode(spec, "triples", &p->triples, e);
	if (!rc)
		rc = number_decode(spec, "epochSize", EPOCH_SIZE_MAX, &p->epoch_size, e);
	if (!rc)
		rc = number_decode(spec, "thresholds.graded", THRESHOLD_MAX, &p->graded_threshold, e);
	if (!rc)
		rc = number_decode(spec, "thresholds.bosc", THRESHOLD_MAX, &p->bosc_threshold, e);
	return rc;
}

static int words_encode(struct json *spec, const char *field, const uint64_t *words)
{
	auto_free unsigned char *raw = malloc(PROFILE_WORDS * RECORD);
	auto_free char *text = NULL;
	size_t len = 0;

	if (!raw)
		return -ENOMEM;
	for (size_t i = 0; i < PROFILE_WORDS; i++) {
		if (!words[i])
			continue;
		le_write(raw + len, i, 2);
		le_write(raw + len + 2, words[i], 8);
		len += RECORD;
	}
	text = base64_encode(raw, len);
	return text ? json_set_str(spec, field, text) : -ENOMEM;
}

int profile_fused_encode(struct json *spec, const struct profile *p)
{
	struct json *thresholds;

	if (!p->pairs || !p->triples)
		return 0;
	thresholds = json_obj_at(spec, "thresholds");
	if (!thresholds || json_set_num(thresholds, "graded", (double)p->graded_threshold) ||
		json_set_num(thresholds, "bosc", (double)p->bosc_threshold) ||
		json_set_num(spec, "epochSize", (double)p->epoch_size) ||
		words_encode(spec, "pairs", p->pairs) || words_encode(spec, "triples", p->triples))
		return -ENOMEM;
	return 0;
}
