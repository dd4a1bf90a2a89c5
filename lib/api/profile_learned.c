/* SPDX-License-Identifier: Apache-2.0 */
/* What a BehaviorProfile has learned, as text in its spec and back. */
#include <api/profile.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

#include "ascending.h"
#include "profile_priv.h"

#define TRIPLE_BITS ((size_t)PROFILE_WORDS * 64)

static int bad(struct err *e, const char *field, const char *what)
{
	return err_set(e, -EINVAL, "BadProfile", "spec.%s: %s", field, what);
}

/* One kind of numbers, as spec has it. */
struct learned_field {
	const char *key;
	uint64_t limit;
	size_t max;
};

static const struct learned_field BAGS = {"bags", UINT64_C(1) << PROFILE_BAG_BITS, PROFILE_BAGS_MAX};
static const struct learned_field PAIRS = {"pairs", PROFILE_PAIRS, PROFILE_PAIRS};
static const struct learned_field TRIPLES = {"triples", TRIPLE_BITS, TRIPLE_BITS};

static int field_decode(const struct json *spec, const struct learned_field *f, uint64_t **ret,
	uint32_t **ret_counts, size_t *ret_n, struct err *e)
{
	const struct json *text = json_member(spec, f->key);
	int rc;

	if (!text)
		return 0;
	if (!json_is_str(text))
		return bad(e, f->key, "must be a string");
	rc = ascending_decode(json_str(text), f->limit, f->max, ret, ret_counts, ret_n);
	if (rc == -ENOMEM)
		return err_set(e, rc, "OutOfMemory", "no memory for spec.%s", f->key);
	if (rc == -E2BIG)
		return err_set(e, rc, "BadProfile", "spec.%s: more than the %zu allowed", f->key, f->max);
	return rc ? bad(e, f->key, "not the code of ascending numbers; let the agents learn it again") : 0;
}

static int triples_decode(const struct json *spec, struct profile *p, struct err *e)
{
	auto_free uint64_t *bits = NULL;
	size_t n = 0;
	int rc = field_decode(spec, &TRIPLES, &bits, NULL, &n, e);

	if (rc)
		return rc;
	p->triples = calloc(PROFILE_WORDS, sizeof(*p->triples));
	if (!p->triples)
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for spec.triples");
	for (size_t i = 0; i < n; i++)
		p->triples[bits[i] / 64] |= UINT64_C(1) << bits[i] % 64;
	return 0;
}

static int fused_check(const struct json *spec, const struct profile *p, struct err *e)
{
	static const char *const others[] = {"triples", "thresholds", "tasks", "scoredEpochs"};
	bool both = p->graded_threshold && p->bosc_threshold;

	if (!json_member(spec, "pairs") != !p->epoch_size)
		return bad(e, "pairs", "pairs and epochSize belong together");
	for (size_t i = 0; !p->epoch_size && i < ARRAY_LEN(others); i++)
		if (json_member(spec, others[i]))
			return bad(e, others[i], "only beside pairs and epochSize");
	if (!both && (p->graded_threshold || p->bosc_threshold))
		return bad(e, "thresholds", "graded and bosc belong together");
	if (p->epoch_size && !both && p->state == PROFILE_READY)
		return bad(e, "thresholds", "a profile with pairs is not Ready without thresholds");
	return 0;
}

int profile_learned_decode(const struct json *spec, struct profile *p, struct err *e)
{
	int rc = fused_check(spec, p, e);

	if (!rc)
		rc = field_decode(spec, &BAGS, &p->bags, NULL, &p->n_bags, e);
	if (rc || !p->epoch_size)
		return rc;
	rc = field_decode(spec, &PAIRS, &p->pairs, &p->tasks_of, &p->n_pairs, e);
	return rc ? rc : triples_decode(spec, p, e);
}

static int field_encode(
	struct json *spec, const char *key, const uint64_t *numbers, const uint32_t *counts, size_t n)
{
	auto_free char *text = ascending_encode(numbers, counts, n);

	return text ? json_set_str(spec, key, text) : -ENOMEM;
}

static int triples_encode(struct json *spec, const uint64_t *words)
{
	auto_free uint64_t *bits = calloc(TRIPLE_BITS, sizeof(*bits));
	size_t n = 0;

	if (!bits)
		return -ENOMEM;
	for (size_t i = 0; i < TRIPLE_BITS; i++)
		if (words[i / 64] >> i % 64 & 1)
			bits[n++] = i;
	return field_encode(spec, "triples", bits, NULL, n);
}

int profile_learned_encode(struct json *spec, const struct profile *p)
{
	if (json_set_num(spec, "bagCount", (double)p->n_bags) ||
		field_encode(spec, "bags", p->bags, NULL, p->n_bags))
		return -ENOMEM;
	if (!p->triples)
		return 0;
	if (field_encode(spec, "pairs", p->pairs, p->tasks_of, p->n_pairs))
		return -ENOMEM;
	return triples_encode(spec, p->triples);
}
